#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "store/ids.h"
#include "store/records.h"

namespace runstone::store {

/// What a member may do; each includes those before it.
enum class Role : std::uint8_t {
  kRestrictedViewer = 0,  ///< of registries only: sees what is there, gets no bytes
  kViewer = 1,            ///< reads
  kMember = 2,            ///< logs runs, changes and deletes what is there
  kAdmin = 3,             ///< decides who is a member
};
/// "viewer", "member", "admin", "restricted_viewer".
const char* to_string(Role role);
/// One of the first three, which teams and organizations have.
std::optional<Role> role_from(std::string_view text);

struct TeamMember {
  EntityId entity{};
  User user;
  Role role = Role::kMember;
  std::int64_t joined_at_us = 0;
};

struct NewMember {
  UserId user{};
  Role role = Role::kMember;
};

/// An entity that a user belongs to.
struct UserEntity {
  UserId user{};
  Entity entity;
  Role role = Role::kMember;
};

/// Teams under one roof. Its own entity, of the same name, has what they share (registries).
struct Organization {
  OrganizationId id{};
  std::string name;
  EntityId entity{};
  std::int64_t created_at_us = 0;
};

struct EntityRole {
  std::string entity;
  Role role = Role::kViewer;
};

/// What one registry makes of a role in its organization: another one, or none.
struct RegistryRole {
  std::string entity;
  std::string project;
  std::optional<Role> role;
};

/// A user with all that his roles reach: his own entity (admin), his teams, the entities of his
/// organizations. Who is a member of an organization's team is a member of the organization, too
/// (a viewer there if he is one in all of them).
struct Access {
  User user;
  std::vector<EntityRole> roles;   ///< by entity name, each once with the highest role
  std::int64_t expires_at_us = 0;  ///< of the session, if a session was asked for
  /// Of the registries of his organizations: those that are restricted, and those where he, or a
  /// team of his, has a role of its own (then the highest of these; a team's viewer is none above).
  std::vector<RegistryRole> registries = {};
};

struct PasswordRecord {
  UserId user{};
  std::string encoded;  ///< as auth/password.h made it; "" if he has none
};

/// Changes of one user: what is set replaces, what is not stays.
struct UserUpdate {
  std::optional<bool> admin;
  std::optional<std::string> email, display_name;
};

/// SQL of teams with their members and roles, organizations, passwords. Rules are as for Store:
/// calls block, any thread may make them, each write is one transaction, durable on return.
/// Names of entities are unique without case.
/// Errors: kNotFound for what is not there, kConflict for a name that is taken.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // Who asks. Two statements each. kNotFound also for a user who was removed. -------------------
  virtual Result<Access> access_by_key(std::string_view key_hash) const = 0;
  virtual Result<Access> access_by_session(std::string_view session_hash) const = 0;
  virtual Result<Access> access_of(UserId user) const = 0;

  // Users --------------------------------------------------------------------------------------
  /// All users who are in an entity with this one (and he himself), by id; also removed ones.
  virtual Result<std::vector<User>> visible_users(UserId viewer) const = 0;
  virtual Result<void> update_user(UserId user, const UserUpdate& update) = 0;
  /// His keys, sessions and memberships go, his name and what he made stays.
  virtual Result<void> remove_user(UserId user, std::int64_t now_us) = 0;
  virtual Result<void> restore_user(UserId user) = 0;  ///< he needs a new key then
  virtual Result<PasswordRecord> password_of(std::string_view name) const = 0;
  /// Ends his sessions except the one of that hash.
  virtual Result<void> set_password(UserId user, std::string_view encoded,
                                    std::string_view except_session = "") = 0;
  virtual Result<std::vector<ApiKey>> keys_of(std::span<const UserId> users) const = 0;
  virtual Result<ApiKey> get_api_key(ApiKeyId id) const = 0;

  // Teams --------------------------------------------------------------------------------------
  virtual Result<Entity> create_team(std::string_view name, std::int64_t now_us,
                                     std::span<const NewMember> members) = 0;
  /// With its service accounts. kFailedPrecondition while it has projects.
  virtual Result<void> delete_team(EntityId team) = 0;
  /// Adds a member or changes his role.
  virtual Result<void> put_member(EntityId team, UserId user, Role role, std::int64_t now_us) = 0;
  virtual Result<void> remove_member(EntityId team, UserId user) = 0;
  /// In the order in which they joined, of all these teams in one statement.
  virtual Result<std::vector<TeamMember>> members_of(std::span<const EntityId> teams) const = 0;
  /// The own entities and the teams of all these users in one statement; by user, own first.
  virtual Result<std::vector<UserEntity>> entities_of(std::span<const UserId> users) const = 0;
  /// A user without an entity, who is a member of that team alone.
  virtual Result<User> create_service_account(EntityId team, const User& account) = 0;

  // Organizations ------------------------------------------------------------------------------
  virtual Result<Organization> create_organization(std::string_view name, std::int64_t now_us) = 0;
  virtual Result<Organization> find_organization(std::string_view name) const = 0;
  virtual Result<Organization> get_organization(OrganizationId id) const = 0;
  virtual Result<std::vector<Organization>> list_organizations() const = 0;
  /// kFailedPrecondition while it has teams, or its entity projects.
  virtual Result<void> delete_organization(OrganizationId id) = 0;
  virtual Result<void> set_organization(EntityId team, std::optional<OrganizationId> id) = 0;
  virtual Result<std::vector<Entity>> teams_of_organization(OrganizationId id) const = 0;
  /// Members beside those of its teams.
  virtual Result<void> put_organization_member(OrganizationId id, UserId user, Role role,
                                               std::int64_t now_us) = 0;
  virtual Result<void> remove_organization_member(OrganizationId id, UserId user) = 0;
  /// Its own and those of its teams, each once with his highest role there; by user id.
  virtual Result<std::vector<TeamMember>> organization_members(OrganizationId id) const = 0;
  virtual Result<std::vector<Organization>> organizations_of(UserId user) const = 0;
};

}  // namespace runstone::store
