#pragma once

#include <span>
#include <vector>

#include "runstone/result.h"
#include "store/account_store.h"
#include "store/ids.h"
#include "store/records.h"

namespace runstone::store {

/// A user or a team with a role of its own in one registry.
struct RegistryUser {
  User user;
  Role role = Role::kViewer;
};
struct RegistryTeam {
  Entity team;
  Role role = Role::kViewer;
};

/// SQL of what a registry has beside being a project: who sees it, and what it takes. Rules are as
/// for Store. Those who are not in the registry's organization (any more) keep their rows, which
/// count for nothing: whoever comes back has his old role.
class RegistryStore {
 public:
  virtual ~RegistryStore() = default;

  /// Seen only by those with a role of their own in it, and by administrators of its organization.
  virtual Result<void> set_restricted(ProjectId registry, bool restricted) = 0;
  /// Takes only the artifact types that it has.
  virtual Result<void> set_listed_types(ProjectId registry, bool listed) = 0;

  /// In the order of their ids; one statement each.
  virtual Result<std::vector<RegistryUser>> users_of(ProjectId registry) const = 0;
  virtual Result<std::vector<RegistryTeam>> teams_of(ProjectId registry) const = 0;
  /// Who is in already keeps his role. kNotFound if one of them is not there; then none is added.
  virtual Result<void> add(ProjectId registry, std::span<const UserId> users,
                           std::span<const EntityId> teams, Role role) = 0;
  /// Adds him or changes his role.
  virtual Result<void> put_user(ProjectId registry, UserId user, Role role) = 0;
  virtual Result<void> put_team(ProjectId registry, EntityId team, Role role) = 0;
  /// kNotFound if one of them has no role of his own in it; then all stay.
  virtual Result<void> remove(ProjectId registry, std::span<const UserId> users,
                              std::span<const EntityId> teams) = 0;
};

}  // namespace runstone::store
