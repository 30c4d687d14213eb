#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "store/registry_store.h"
#include "store/store.h"

namespace runstone::auth {

/// The role of that name in a registry: restricted_viewer, viewer, member or admin.
/// kInvalidArgument with these names for any other.
Result<store::Role> registry_role_from(std::string_view name);

/// Who is in a registry and as what; role_in() says what follows from it. All members of the
/// organization are in a registry that is not restricted, with their role there, unless they or a
/// team of theirs have one of their own in the registry. The organization's administrators are the
/// administrators of all its registries. Stateless; who may change it is the caller's to check.
class RegistryMembers {
 public:
  explicit RegistryMembers(store::Store& store) : store_(store) {}

  /// The people of a registry with what they are there; those who are in a restricted one by a team
  /// alone are left to teams().
  Result<std::vector<store::RegistryUser>> users(const store::Project& registry) const;
  /// The teams of the organization that are in it.
  Result<std::vector<store::RegistryTeam>> teams(const store::Project& registry) const;

  /// As viewers of a restricted registry, else as what they are there anyhow; who has a role of his
  /// own already keeps it. kInvalidArgument for one who is not in the organization; none is added
  /// then.
  Result<void> add(const store::Project& registry, std::span<const store::UserId> users,
                   std::span<const store::EntityId> teams);
  /// kInvalidArgument for one who has no role of his own there; none is removed then.
  Result<void> remove(const store::Project& registry, std::span<const store::UserId> users,
                      std::span<const store::EntityId> teams);
  /// Of one who is in it, by himself or with his organization. kInvalidArgument for others, and for
  /// an administrator of the organization, who cannot be less.
  Result<void> set_role(const store::Project& registry, store::UserId user, store::Role role);
  Result<void> set_role(const store::Project& registry, store::EntityId team, store::Role role);

 private:
  Result<store::OrganizationId> organization_of(const store::Project& registry) const;
  Result<std::vector<store::TeamMember>> people(const store::Project& registry) const;
  Result<std::vector<store::Entity>> teams_of_organization(const store::Project& registry) const;

  store::Store& store_;
};

}  // namespace runstone::auth
