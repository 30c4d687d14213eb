#include "store/registry_store.h"

#include "base/try.h"
#include "store/sqlite/account_engine.h"
#include "store/sqlite/account_rows.h"
#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

// Before there was the column, a setting named the registries that take listed types only.
const char kRegistrySchema[] = R"sql(
ALTER TABLE projects ADD COLUMN restricted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN listed_types INTEGER NOT NULL DEFAULT 0;
UPDATE projects SET listed_types=1 WHERE id IN (SELECT j.value FROM settings s,json_each(s.value) j
  WHERE s.name='registries_with_listed_types');
DELETE FROM settings WHERE name='registries_with_listed_types';
-- Roles: 0 restricted viewer, 1 viewer, 2 member, 3 admin.
CREATE TABLE registry_members (
  project_id INTEGER NOT NULL, user_id INTEGER NOT NULL, role INTEGER NOT NULL,
  PRIMARY KEY (project_id, user_id)) WITHOUT ROWID;
CREATE INDEX registry_members_of_user ON registry_members (user_id);
CREATE TABLE registry_teams (
  project_id INTEGER NOT NULL, entity_id INTEGER NOT NULL, role INTEGER NOT NULL,
  PRIMARY KEY (project_id, entity_id)) WITHOUT ROWID;
CREATE INDEX registry_teams_of_team ON registry_teams (entity_id);
)sql";

namespace {

class SqliteRegistryStore final : public RegistryStore {
 public:
  explicit SqliteRegistryStore(Database& db) : db_(db) {}

  Result<void> set_restricted(ProjectId registry, bool restricted) override {
    return set(registry, "UPDATE projects SET restricted=? WHERE id=?", restricted);
  }
  Result<void> set_listed_types(ProjectId registry, bool listed) override {
    return set(registry, "UPDATE projects SET listed_types=? WHERE id=?", listed);
  }

  Result<std::vector<RegistryUser>> users_of(ProjectId registry) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader,
                "SELECT " RUNSTONE_USER_FIELDS
                ",m.role FROM registry_members m JOIN users u ON u.id=m.user_id "
                "WHERE m.project_id=? ORDER BY u.id",
                registry);
    return read_all(query, [](const Query& row) {
      return RegistryUser{read_user(row, 0), static_cast<Role>(row.number(kUserColumnCount))};
    });
  }
  Result<std::vector<RegistryTeam>> teams_of(ProjectId registry) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader,
                "SELECT m.role," RUNSTONE_ENTITY_FIELDS
                " FROM registry_teams m JOIN entities e ON e.id=m.entity_id "
                "WHERE m.project_id=? ORDER BY e.id",
                registry);
    return read_all(query, [](const Query& row) {
      return RegistryTeam{read_entity(row, 1), static_cast<Role>(row.number(0))};
    });
  }

  Result<void> add(ProjectId registry, std::span<const UserId> users,
                   std::span<const EntityId> teams, Role role) override {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    RUNSTONE_TRY(check_registry(registry));
    for (const auto user : users) RUNSTONE_TRY(check_user_is_there(writer, user));
    for (const auto team : teams) RUNSTONE_TRY(check_entity(writer, team, EntityKind::kTeam));
    RUNSTONE_TRY(Query(writer,
                       "INSERT OR IGNORE INTO registry_members (project_id,user_id,role) "
                       "SELECT ?,value,? FROM json_each(?)",
                       registry, role, json_list(users))
                     .run());
    RUNSTONE_TRY(Query(writer,
                       "INSERT OR IGNORE INTO registry_teams (project_id,entity_id,role) "
                       "SELECT ?,value,? FROM json_each(?)",
                       registry, role, json_list(teams))
                     .run());
    return transaction.commit();
  }

  Result<void> put_user(ProjectId registry, UserId user, Role role) override {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    RUNSTONE_TRY(check_registry(registry));
    RUNSTONE_TRY(check_user_is_there(writer, user));
    RUNSTONE_TRY(Query(writer,
                       "INSERT OR REPLACE INTO registry_members (project_id,user_id,role) "
                       "VALUES (?,?,?)",
                       registry, user, role)
                     .run());
    return transaction.commit();
  }
  Result<void> put_team(ProjectId registry, EntityId team, Role role) override {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    RUNSTONE_TRY(check_registry(registry));
    RUNSTONE_TRY(check_entity(writer, team, EntityKind::kTeam));
    RUNSTONE_TRY(Query(writer,
                       "INSERT OR REPLACE INTO registry_teams (project_id,entity_id,role) "
                       "VALUES (?,?,?)",
                       registry, team, role)
                     .run());
    return transaction.commit();
  }

  Result<void> remove(ProjectId registry, std::span<const UserId> users,
                      std::span<const EntityId> teams) override {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    RUNSTONE_TRY(Query(writer,
                       "DELETE FROM registry_members WHERE project_id=? AND user_id IN "
                       "(SELECT value FROM json_each(?))",
                       registry, json_list(users))
                     .run());
    if (writer.changed_rows() != static_cast<std::int64_t>(users.size())) return missing("member");
    RUNSTONE_TRY(Query(writer,
                       "DELETE FROM registry_teams WHERE project_id=? AND entity_id IN "
                       "(SELECT value FROM json_each(?))",
                       registry, json_list(teams))
                     .run());
    if (writer.changed_rows() != static_cast<std::int64_t>(teams.size())) return missing("team");
    return transaction.commit();
  }

 private:
  Result<void> set(ProjectId registry, const char* sql, bool value) {
    const std::scoped_lock lock(db_.writer_mutex);
    RUNSTONE_TRY(Query(*db_.writer, sql, value, registry).run());
    if (db_.writer->changed_rows() == 0) return missing("registry");
    return {};
  }
  Result<void> check_registry(ProjectId registry) {  // the writer's mutex is held
    Query query(*db_.writer, "SELECT 1 FROM projects WHERE id=?", registry);
    RUNSTONE_TRY(const bool found, query.next());
    if (!found) return missing("registry");
    return {};
  }

  Database& db_;
};

}  // namespace

std::unique_ptr<RegistryStore> make_registry_store(Database& db) {
  return std::make_unique<SqliteRegistryStore>(db);
}

}  // namespace runstone::store::sqlite
