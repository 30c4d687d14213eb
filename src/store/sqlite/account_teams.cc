#include "store/sqlite/account_engine.h"
#include "store/sqlite/account_rows.h"

namespace runstone::store::sqlite {
namespace {

// In the caller's transaction.
Result<void> put_team_member(Connection& writer, EntityId team, UserId user, Role role,
                             std::int64_t now_us) {
  RUNSTONE_TRY(check_user_is_there(writer, user));
  return Query(writer,
               "INSERT INTO team_members (entity_id,user_id,role,joined_at_us) VALUES (?,?,?,?) "
               "ON CONFLICT (entity_id,user_id) DO UPDATE SET role=excluded.role",
               team, user, role, now_us)
      .run();
}

}  // namespace

Result<Entity> SqliteAccountStore::create_team(std::string_view name, std::int64_t now_us,
                                               std::span<const NewMember> members) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(check_name_is_free(writer, "team", name));
  Entity team;
  team.name = std::string(name);
  team.created_at_us = now_us;
  team.kind = EntityKind::kTeam;
  RUNSTONE_TRY(Query(writer, "INSERT INTO entities (name,created_at_us,kind) VALUES (?,?,?)",
                     team.name, now_us, team.kind)
                   .run());
  team.id = EntityId{writer.last_insert_id()};
  for (const auto& member : members) {
    RUNSTONE_TRY(put_team_member(writer, team.id, member.user, member.role, now_us));
  }
  RUNSTONE_TRY(transaction.commit());
  return team;
}

Result<void> SqliteAccountStore::delete_team(EntityId team) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(check_entity(writer, team, EntityKind::kTeam));
  RUNSTONE_TRY(check_no_projects(writer, team, "the team"));
  // Runs in other entities may name them, so service accounts stay as removed users.
  for (const char* sql :
       {"DELETE FROM api_keys WHERE user_id IN (SELECT u.id FROM users u JOIN team_members m "
        "ON m.user_id=u.id WHERE m.entity_id=?1 AND u.service=1)",
        "UPDATE users SET deleted_at_us=1 WHERE service=1 AND id IN "
        "(SELECT user_id FROM team_members WHERE entity_id=?1)",
        "DELETE FROM team_members WHERE entity_id=?1",
        "DELETE FROM registry_teams WHERE entity_id=?1", "DELETE FROM entities WHERE id=?1"}) {
    RUNSTONE_TRY(Query(writer, sql, team).run());
  }
  return transaction.commit();
}

Result<void> SqliteAccountStore::put_member(EntityId team, UserId user, Role role,
                                            std::int64_t now_us) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(check_entity(writer, team, EntityKind::kTeam));
  RUNSTONE_TRY(put_team_member(writer, team, user, role, now_us));
  return transaction.commit();
}

Result<void> SqliteAccountStore::remove_member(EntityId team, UserId user) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(
      Query(*db_.writer, "DELETE FROM team_members WHERE entity_id=? AND user_id=?", team, user)
          .run());
  if (db_.writer->changed_rows() == 0) return missing("member");
  return {};
}

Result<std::vector<TeamMember>> SqliteAccountStore::members_of(
    std::span<const EntityId> teams) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto ids = json_list(teams);
  Query query(*reader,
              RUNSTONE_USER_COLUMNS
              ",m.entity_id,m.role,m.joined_at_us FROM team_members m JOIN users u "
              "ON u.id=m.user_id WHERE m.entity_id IN (SELECT value FROM json_each(?)) "
              "ORDER BY m.id",
              ids);
  return read_all(query, [](const Query& row) {
    return TeamMember{row.id<EntityId>(kUserColumnCount), read_user(row, 0),
                      static_cast<Role>(row.number(kUserColumnCount + 1)),
                      row.number(kUserColumnCount + 2)};
  });
}

Result<std::vector<UserEntity>> SqliteAccountStore::entities_of(
    std::span<const UserId> users) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto ids = json_list(users);
  Query query(
      *reader,
      "WITH who(id) AS (SELECT value FROM json_each(?)) " RUNSTONE_ENTITY_COLUMNS
      ",who.id AS member,3 AS role,0 AS joined FROM who JOIN entities e ON e.user_id=who.id "
      "UNION ALL " RUNSTONE_ENTITY_COLUMNS
      ",who.id,m.role,m.id FROM who JOIN team_members m ON m.user_id=who.id "
      "JOIN entities e ON e.id=m.entity_id ORDER BY member,joined",
      ids);
  return read_all(query, [](const Query& row) {
    return UserEntity{row.id<UserId>(kEntityColumnCount), read_entity(row, 0),
                      static_cast<Role>(row.number(kEntityColumnCount + 1))};
  });
}

Result<User> SqliteAccountStore::create_service_account(EntityId team, const User& account) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  User made = account;
  {
    Query query(writer, "SELECT name FROM entities WHERE id=? AND kind=1", team);
    RUNSTONE_TRY(made.default_entity,
                 read_one(query, "team", [](const Query& row) { return row.text(0); }));
  }
  RUNSTONE_TRY(check_name_is_free(writer, "user", account.name));
  RUNSTONE_TRY(Query(writer,
                     "INSERT INTO users (name,email,display_name,admin,created_at_us,service,"
                     "default_entity) VALUES (?,?,?,0,?,1,?)",
                     account.name, account.email, account.display_name, account.created_at_us,
                     made.default_entity)
                   .run());
  made.id = UserId{writer.last_insert_id()};
  made.admin = false;
  made.service = true;
  RUNSTONE_TRY(put_team_member(writer, team, made.id, Role::kMember, account.created_at_us));
  RUNSTONE_TRY(transaction.commit());
  return made;
}

}  // namespace runstone::store::sqlite
