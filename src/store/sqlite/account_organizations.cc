#include "store/sqlite/account_engine.h"
#include "store/sqlite/account_rows.h"

namespace runstone::store::sqlite {
namespace {

#define RUNSTONE_ORGANIZATION_COLUMNS \
  "SELECT o.id,o.name,o.entity_id,o.created_at_us FROM organizations o "

Organization read_organization(const Query& row) {
  return {row.id<OrganizationId>(0), row.text(1), row.id<EntityId>(2), row.number(3)};
}

Result<void> check_organization(Connection& connection, OrganizationId id) {
  Query query(connection, "SELECT 1 FROM organizations WHERE id=?", id);
  RUNSTONE_TRY(const bool found, query.next());
  if (!found) return missing("organization");
  return {};
}

}  // namespace

Result<Organization> SqliteAccountStore::create_organization(std::string_view name,
                                                             std::int64_t now_us) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(check_name_is_free(writer, "organization", name));
  Organization made;
  made.name = std::string(name);
  made.created_at_us = now_us;
  RUNSTONE_TRY(Query(writer, "INSERT INTO entities (name,created_at_us,kind) VALUES (?,?,?)", name,
                     now_us, EntityKind::kOrganization)
                   .run());
  made.entity = EntityId{writer.last_insert_id()};
  RUNSTONE_TRY(Query(writer,
                     "INSERT INTO organizations (name,entity_id,created_at_us) VALUES (?,?,?)",
                     name, made.entity, now_us)
                   .run());
  made.id = OrganizationId{writer.last_insert_id()};
  RUNSTONE_TRY(
      Query(writer, "UPDATE entities SET organization_id=? WHERE id=?", made.id, made.entity)
          .run());
  RUNSTONE_TRY(transaction.commit());
  return made;
}

Result<Organization> SqliteAccountStore::find_organization(std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ORGANIZATION_COLUMNS "WHERE o.name=?", name);
  return read_one(query, "organization", read_organization);
}

Result<Organization> SqliteAccountStore::get_organization(OrganizationId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ORGANIZATION_COLUMNS "WHERE o.id=?", id);
  return read_one(query, "organization", read_organization);
}

Result<std::vector<Organization>> SqliteAccountStore::list_organizations() const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ORGANIZATION_COLUMNS "ORDER BY o.id");
  return read_all(query, read_organization);
}

Result<void> SqliteAccountStore::delete_organization(OrganizationId id) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  Organization organization;
  {
    Query query(writer, RUNSTONE_ORGANIZATION_COLUMNS "WHERE o.id=?", id);
    RUNSTONE_TRY(organization, read_one(query, "organization", read_organization));
  }
  {
    Query query(writer, "SELECT name FROM entities WHERE organization_id=? AND kind=1 LIMIT 1", id);
    RUNSTONE_TRY(const bool found, query.next());
    if (found) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the organization still has teams (" + query.text(0) + "): take them out first");
    }
  }
  RUNSTONE_TRY(check_no_projects(writer, organization.entity, "the organization"));
  RUNSTONE_TRY(Query(writer, "DELETE FROM organization_members WHERE organization_id=?", id).run());
  RUNSTONE_TRY(Query(writer, "DELETE FROM organizations WHERE id=?", id).run());
  RUNSTONE_TRY(Query(writer, "DELETE FROM entities WHERE id=?", organization.entity).run());
  return transaction.commit();
}

Result<void> SqliteAccountStore::set_organization(EntityId team, std::optional<OrganizationId> id) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(check_entity(writer, team, EntityKind::kTeam));
  if (id) RUNSTONE_TRY(check_organization(writer, *id));
  RUNSTONE_TRY(Query(writer, "UPDATE entities SET organization_id=? WHERE id=?", id, team).run());
  return transaction.commit();
}

Result<std::vector<Entity>> SqliteAccountStore::teams_of_organization(OrganizationId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_ENTITY_COLUMNS
              "FROM entities e WHERE e.organization_id=? AND e.kind=1 ORDER BY e.id",
              id);
  return read_all(query, [](const Query& row) { return read_entity(row, 0); });
}

Result<void> SqliteAccountStore::put_organization_member(OrganizationId id, UserId user, Role role,
                                                         std::int64_t now_us) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(check_organization(writer, id));
  RUNSTONE_TRY(check_user_is_there(writer, user));
  RUNSTONE_TRY(Query(writer,
                     "INSERT INTO organization_members (organization_id,user_id,role,joined_at_us) "
                     "VALUES (?,?,?,?) ON CONFLICT (organization_id,user_id) "
                     "DO UPDATE SET role=excluded.role",
                     id, user, role, now_us)
                   .run());
  return transaction.commit();
}

Result<void> SqliteAccountStore::remove_organization_member(OrganizationId id, UserId user) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(Query(*db_.writer,
                     "DELETE FROM organization_members WHERE organization_id=? AND user_id=?", id,
                     user)
                   .run());
  if (db_.writer->changed_rows() == 0) return missing("member");
  return {};
}

Result<std::vector<TeamMember>> SqliteAccountStore::organization_members(OrganizationId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "WITH roles(user_id,role,joined_at_us) AS ("
              "SELECT user_id,role,joined_at_us FROM organization_members "
              "WHERE organization_id=?1 UNION ALL "
              "SELECT m.user_id,min(m.role,2),m.joined_at_us FROM team_members m JOIN entities t "
              "ON t.id=m.entity_id WHERE t.organization_id=?1) " RUNSTONE_USER_COLUMNS
              ",(SELECT entity_id FROM organizations WHERE id=?1),max(r.role),min(r.joined_at_us) "
              "FROM roles r JOIN users u ON u.id=r.user_id GROUP BY u.id ORDER BY u.id",
              id);
  return read_all(query, [](const Query& row) {
    return TeamMember{row.id<EntityId>(kUserColumnCount), read_user(row, 0),
                      static_cast<Role>(row.number(kUserColumnCount + 1)),
                      row.number(kUserColumnCount + 2)};
  });
}

Result<std::vector<Organization>> SqliteAccountStore::organizations_of(UserId user) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_ORGANIZATION_COLUMNS
              "WHERE o.id IN (SELECT organization_id FROM organization_members WHERE user_id=?1 "
              "UNION SELECT t.organization_id FROM team_members m JOIN entities t "
              "ON t.id=m.entity_id WHERE m.user_id=?1) ORDER BY o.id",
              user);
  return read_all(query, read_organization);
}

}  // namespace runstone::store::sqlite
