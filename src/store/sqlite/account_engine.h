#pragma once

#include "store/account_store.h"
#include "store/sqlite/database.h"

namespace runstone::store::sqlite {

/// The AccountStore over the database. Its methods are in account_store.cc, account_teams.cc and
/// account_organizations.cc.
class SqliteAccountStore final : public AccountStore {
 public:
  explicit SqliteAccountStore(Database& db) : db_(db) {}

  Result<Access> access_by_key(std::string_view key_hash) const override;
  Result<Access> access_by_session(std::string_view session_hash) const override;
  Result<Access> access_of(UserId user) const override;

  Result<std::vector<User>> visible_users(UserId viewer) const override;
  Result<void> update_user(UserId user, const UserUpdate& update) override;
  Result<void> remove_user(UserId user, std::int64_t now_us) override;
  Result<void> restore_user(UserId user) override;
  Result<PasswordRecord> password_of(std::string_view name) const override;
  Result<void> set_password(UserId user, std::string_view encoded,
                            std::string_view except_session) override;
  Result<std::vector<ApiKey>> keys_of(std::span<const UserId> users) const override;
  Result<ApiKey> get_api_key(ApiKeyId id) const override;

  Result<Entity> create_team(std::string_view name, std::int64_t now_us,
                             std::span<const NewMember> members) override;
  Result<void> delete_team(EntityId team) override;
  Result<void> put_member(EntityId team, UserId user, Role role, std::int64_t now_us) override;
  Result<void> remove_member(EntityId team, UserId user) override;
  Result<std::vector<TeamMember>> members_of(std::span<const EntityId> teams) const override;
  Result<std::vector<UserEntity>> entities_of(std::span<const UserId> users) const override;
  Result<User> create_service_account(EntityId team, const User& account) override;

  Result<Organization> create_organization(std::string_view name, std::int64_t now_us) override;
  Result<Organization> find_organization(std::string_view name) const override;
  Result<Organization> get_organization(OrganizationId id) const override;
  Result<std::vector<Organization>> list_organizations() const override;
  Result<void> delete_organization(OrganizationId id) override;
  Result<void> set_organization(EntityId team, std::optional<OrganizationId> id) override;
  Result<std::vector<Entity>> teams_of_organization(OrganizationId id) const override;
  Result<void> put_organization_member(OrganizationId id, UserId user, Role role,
                                       std::int64_t now_us) override;
  Result<void> remove_organization_member(OrganizationId id, UserId user) override;
  Result<std::vector<TeamMember>> organization_members(OrganizationId id) const override;
  Result<std::vector<Organization>> organizations_of(UserId user) const override;

 private:
  Database& db_;
};

// What several of its files check, inside the transaction that relies on it.

/// kNotFound unless the user is there and was not removed.
Result<void> check_user_is_there(Connection& connection, UserId user);
/// kNotFound unless it is an entity of that kind.
Result<void> check_entity(Connection& connection, EntityId entity, EntityKind kind);
/// kFailedPrecondition while the entity has projects.
Result<void> check_no_projects(Connection& connection, EntityId entity, const char* what);

/// Ids as a JSON list, for `IN (SELECT value FROM json_each(?))`.
template <typename Id>
std::string json_list(std::span<const Id> ids) {
  std::string text = "[";
  for (const auto id : ids) {
    if (text.size() > 1) text += ',';
    text += std::to_string(to_number(id));
  }
  return text + "]";
}

}  // namespace runstone::store::sqlite
