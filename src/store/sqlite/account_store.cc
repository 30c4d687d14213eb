#include "store/account_store.h"

#include "store/sqlite/account_engine.h"
#include "store/sqlite/account_rows.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kAccountSchema[] = R"sql(
ALTER TABLE users ADD COLUMN password TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN service INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN default_entity TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN deleted_at_us INTEGER NOT NULL DEFAULT 0;
-- 0 a user's own, 1 a team, 2 an organization's own.
ALTER TABLE entities ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entities ADD COLUMN organization_id INTEGER;
CREATE INDEX entities_of_user ON entities (user_id);
CREATE INDEX entities_of_organization ON entities (organization_id);
CREATE INDEX entities_by_name ON entities (name COLLATE NOCASE);
CREATE INDEX users_by_name ON users (name COLLATE NOCASE);
CREATE INDEX sessions_of_user ON sessions (user_id);
-- Roles: 1 viewer, 2 member, 3 admin. The id is the order in which members joined.
CREATE TABLE team_members (
  id INTEGER PRIMARY KEY, entity_id INTEGER NOT NULL, user_id INTEGER NOT NULL,
  role INTEGER NOT NULL, joined_at_us INTEGER NOT NULL, UNIQUE (entity_id, user_id));
CREATE INDEX team_members_of_user ON team_members (user_id);
CREATE TABLE organizations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, entity_id INTEGER NOT NULL,
  created_at_us INTEGER NOT NULL);
CREATE TABLE organization_members (
  id INTEGER PRIMARY KEY, organization_id INTEGER NOT NULL, user_id INTEGER NOT NULL,
  role INTEGER NOT NULL, joined_at_us INTEGER NOT NULL, UNIQUE (organization_id, user_id));
CREATE INDEX organization_members_of_user ON organization_members (user_id);
)sql";

// All that one user's roles reach, in one statement: `who` gives (user_id, expires_at_us). A team's
// role counts in its organization as member at most. The bound is far past what a user belongs to;
// it keeps a request's cost bounded whatever is in the tables.
#define RUNSTONE_ACCESS(who)                                                                   \
  "WITH who(user_id,expires_at_us) AS (" who                                                   \
  "),"                                                                                         \
  "roles(entity_id,role) AS ("                                                                 \
  "SELECT e.id,3 FROM who JOIN entities e ON e.user_id=who.user_id "                           \
  "UNION ALL SELECT m.entity_id,m.role FROM who JOIN team_members m ON m.user_id=who.user_id " \
  "UNION ALL SELECT o.entity_id,m.role FROM who JOIN organization_members m "                  \
  "ON m.user_id=who.user_id JOIN organizations o ON o.id=m.organization_id "                   \
  "UNION ALL SELECT o.entity_id,min(m.role,2) FROM who JOIN team_members m "                   \
  "ON m.user_id=who.user_id JOIN entities t ON t.id=m.entity_id "                              \
  "JOIN organizations o ON o.id=t.organization_id) "                                           \
  "SELECT " RUNSTONE_USER_FIELDS                                                               \
  ",who.expires_at_us,e.name,max(r.role) FROM who JOIN users u ON u.id=who.user_id "           \
  "LEFT JOIN roles r ON 1 LEFT JOIN entities e ON e.id=r.entity_id "                           \
  "WHERE u.deleted_at_us=0 GROUP BY e.name ORDER BY e.name LIMIT 100000"

namespace {

constexpr const char* kAccessByKey = RUNSTONE_ACCESS("SELECT user_id,0 FROM api_keys WHERE hash=?");
constexpr const char* kAccessBySession =
    RUNSTONE_ACCESS("SELECT user_id,expires_at_us FROM sessions WHERE hash=?");
constexpr const char* kAccessOf = RUNSTONE_ACCESS("SELECT ?,0");

Result<Access> read_access(Query& query, const char* what) {
  Access access;
  bool found = false;
  while (true) {
    RUNSTONE_TRY(const bool more, query.next());
    if (!more) break;
    if (!found) {
      access.user = read_user(query, 0);
      access.expires_at_us = query.number(kUserColumnCount);
    }
    found = true;
    if (query.is_null(kUserColumnCount + 1)) continue;  // a user who is in nothing
    access.roles.push_back(
        {query.text(kUserColumnCount + 1), static_cast<Role>(query.number(kUserColumnCount + 2))});
  }
  if (!found) return missing(what);
  return access;
}

// What the registries of a user's organizations make of his roles there.
constexpr const char* kRegistryRoles =
    "WITH mine(entity_id) AS ("
    "SELECT o.entity_id FROM organization_members m "
    "JOIN organizations o ON o.id=m.organization_id WHERE m.user_id=?1 UNION "
    "SELECT o.entity_id FROM team_members m JOIN entities t ON t.id=m.entity_id "
    "JOIN organizations o ON o.id=t.organization_id WHERE m.user_id=?1),"
    "given(project_id,role) AS ("
    "SELECT project_id,role FROM registry_members WHERE user_id=?1 UNION ALL "
    "SELECT g.project_id,CASE m.role WHEN 1 THEN min(g.role,1) ELSE g.role END "
    "FROM team_members m JOIN registry_teams g ON g.entity_id=m.entity_id WHERE m.user_id=?1) "
    "SELECT e.name,p.name,max(g.role) FROM mine JOIN entities e ON e.id=mine.entity_id "
    "JOIN projects p ON p.entity_id=e.id LEFT JOIN given g ON g.project_id=p.id "
    "WHERE p.restricted=1 OR g.role IS NOT NULL GROUP BY p.id ORDER BY e.name,p.name";

Result<Access> with_registries(Connection& reader, Result<Access> access) {
  if (!access) return access;
  Query query(reader, kRegistryRoles, access->user.id);
  RUNSTONE_TRY(access->registries, read_all(query, [](const Query& row) {
                 RegistryRole one{row.text(0), row.text(1), std::nullopt};
                 if (!row.is_null(2)) one.role = static_cast<Role>(row.number(2));
                 return one;
               }));
  return access;
}

User user_at_0(const Query& row) { return read_user(row, 0); }

}  // namespace

Result<Access> SqliteAccountStore::access_by_key(std::string_view key_hash) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, kAccessByKey, key_hash);
  return with_registries(*reader, read_access(query, "API key"));
}

Result<Access> SqliteAccountStore::access_by_session(std::string_view session_hash) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, kAccessBySession, session_hash);
  return with_registries(*reader, read_access(query, "session"));
}

Result<Access> SqliteAccountStore::access_of(UserId user) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, kAccessOf, user);
  return with_registries(*reader, read_access(query, "user"));
}

Result<std::vector<User>> SqliteAccountStore::visible_users(UserId viewer) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  // An organization's people are its own members and those of its teams.
  Query query(*reader,
              "WITH organizations_of_viewer(id) AS ("
              "SELECT organization_id FROM organization_members WHERE user_id=?1 UNION "
              "SELECT t.organization_id FROM team_members m JOIN entities t ON t.id=m.entity_id "
              "WHERE m.user_id=?1 AND t.organization_id IS NOT NULL),"
              "teams(id) AS (SELECT entity_id FROM team_members WHERE user_id=?1 UNION "
              "SELECT id FROM entities WHERE kind=1 AND organization_id IN "
              "organizations_of_viewer) " RUNSTONE_USER_COLUMNS
              "FROM users u WHERE u.id=?1 "
              "OR u.id IN (SELECT user_id FROM team_members WHERE entity_id IN teams) "
              "OR u.id IN (SELECT user_id FROM organization_members "
              "WHERE organization_id IN organizations_of_viewer) ORDER BY u.id",
              viewer);
  return read_all(query, user_at_0);
}

Result<void> SqliteAccountStore::update_user(UserId user, const UserUpdate& update) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(Query(*db_.writer,
                     "UPDATE users SET admin=coalesce(?,admin),email=coalesce(?,email),"
                     "display_name=coalesce(?,display_name) WHERE id=?",
                     update.admin, update.email, update.display_name, user)
                   .run());
  if (db_.writer->changed_rows() == 0) return missing("user");
  return {};
}

Result<void> SqliteAccountStore::remove_user(UserId user, std::int64_t now_us) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(Query(writer,
                     "UPDATE users SET deleted_at_us=?,password='' WHERE id=? AND deleted_at_us=0",
                     now_us, user)
                   .run());
  if (writer.changed_rows() == 0) return missing("user");
  for (const char* sql :
       {"DELETE FROM api_keys WHERE user_id=?", "DELETE FROM sessions WHERE user_id=?",
        "DELETE FROM signin_tokens WHERE user_id=?", "DELETE FROM team_members WHERE user_id=?",
        "DELETE FROM organization_members WHERE user_id=?",
        "DELETE FROM registry_members WHERE user_id=?"}) {
    RUNSTONE_TRY(Query(writer, sql, user).run());
  }
  return transaction.commit();
}

Result<void> SqliteAccountStore::restore_user(UserId user) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(Query(*db_.writer, "UPDATE users SET deleted_at_us=0 WHERE id=?", user).run());
  if (db_.writer->changed_rows() == 0) return missing("user");
  return {};
}

Result<PasswordRecord> SqliteAccountStore::password_of(std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT id,password FROM users WHERE name=? AND deleted_at_us=0 AND service=0", name);
  return read_one(query, "user", [](const Query& row) {
    return PasswordRecord{row.id<UserId>(0), row.text(1)};
  });
}

Result<void> SqliteAccountStore::set_password(UserId user, std::string_view encoded,
                                              std::string_view except_session) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(check_user_is_there(writer, user));
  RUNSTONE_TRY(Query(writer, "UPDATE users SET password=? WHERE id=?", encoded, user).run());
  RUNSTONE_TRY(
      Query(writer, "DELETE FROM sessions WHERE user_id=? AND hash<>?", user, except_session)
          .run());
  RUNSTONE_TRY(Query(writer, "DELETE FROM signin_tokens WHERE user_id=?", user).run());
  return transaction.commit();
}

Result<std::vector<ApiKey>> SqliteAccountStore::keys_of(std::span<const UserId> users) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto ids = json_list(users);
  Query query(*reader,
              RUNSTONE_API_KEY_COLUMNS
              "WHERE k.user_id IN (SELECT value FROM json_each(?)) ORDER BY k.id",
              ids);
  return read_all(query, read_api_key);
}

Result<ApiKey> SqliteAccountStore::get_api_key(ApiKeyId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_API_KEY_COLUMNS "WHERE k.id=?", id);
  return read_one(query, "API key", read_api_key);
}

Result<void> check_user_is_there(Connection& connection, UserId user) {
  Query query(connection, "SELECT 1 FROM users WHERE id=? AND deleted_at_us=0", user);
  RUNSTONE_TRY(const bool found, query.next());
  if (!found) return missing("user");
  return {};
}

Result<void> check_entity(Connection& connection, EntityId entity, EntityKind kind) {
  Query query(connection, "SELECT 1 FROM entities WHERE id=? AND kind=?", entity, kind);
  RUNSTONE_TRY(const bool found, query.next());
  if (!found) return missing(to_string(kind));
  return {};
}

Result<void> check_no_projects(Connection& connection, EntityId entity, const char* what) {
  Query query(connection, "SELECT name FROM projects WHERE entity_id=? LIMIT 1", entity);
  RUNSTONE_TRY(const bool found, query.next());
  if (!found) return {};
  return fail(ErrorCode::kFailedPrecondition,
              std::string(what) + " still has projects (" + query.text(0) + "): delete them first");
}

std::unique_ptr<AccountStore> make_account_store(Database& db) {
  return std::make_unique<SqliteAccountStore>(db);
}

}  // namespace runstone::store::sqlite
