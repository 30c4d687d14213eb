#include "auth/registry_members.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/try.h"

namespace runstone::auth {
namespace {

using store::Role;

const store::TeamMember* find(const std::vector<store::TeamMember>& people, store::UserId user) {
  const auto found = std::find_if(people.begin(), people.end(),
                                  [user](const auto& one) { return one.user.id == user; });
  return found == people.end() ? nullptr : &*found;
}

const store::Entity* find(const std::vector<store::Entity>& teams, store::EntityId team) {
  const auto found =
      std::find_if(teams.begin(), teams.end(), [team](const auto& one) { return one.id == team; });
  return found == teams.end() ? nullptr : &*found;
}

Failure not_in_organization(const char* what, const store::Project& registry) {
  return fail(ErrorCode::kInvalidArgument, std::string(what) + " is not in the organization " +
                                               registry.entity_name +
                                               ": only who is in it can be in its registries");
}

}  // namespace

Result<Role> registry_role_from(std::string_view name) {
  for (const auto role : {Role::kRestrictedViewer, Role::kViewer, Role::kMember, Role::kAdmin}) {
    if (name == store::to_string(role)) return role;
  }
  return fail(ErrorCode::kInvalidArgument,
              "no role in a registry is named \"" + std::string(name.substr(0, 80)) +
                  "\": there are restricted_viewer, viewer, member and admin");
}

Result<store::OrganizationId> RegistryMembers::organization_of(
    const store::Project& registry) const {
  RUNSTONE_TRY(const auto entity, store_.get_entity(registry.entity));
  if (entity.kind != store::EntityKind::kOrganization || !entity.organization) {
    return fail(ErrorCode::kInvalidArgument,
                registry.entity_name + "/" + registry.name +
                    " is no registry of an organization: its members are those of " +
                    registry.entity_name);
  }
  return *entity.organization;
}

Result<std::vector<store::TeamMember>> RegistryMembers::people(
    const store::Project& registry) const {
  RUNSTONE_TRY(const auto organization, organization_of(registry));
  return store_.accounts().organization_members(organization);
}

Result<std::vector<store::Entity>> RegistryMembers::teams_of_organization(
    const store::Project& registry) const {
  RUNSTONE_TRY(const auto organization, organization_of(registry));
  return store_.accounts().teams_of_organization(organization);
}

Result<std::vector<store::RegistryUser>> RegistryMembers::users(
    const store::Project& registry) const {
  RUNSTONE_TRY(auto everybody, people(registry));
  RUNSTONE_TRY(const auto own, store_.registries().users_of(registry.id));
  RUNSTONE_TRY(const auto teams, store_.registries().teams_of(registry.id));
  std::map<store::UserId, Role> roles;
  for (const auto& one : own) roles[one.user.id] = one.role;
  const std::map<store::UserId, Role> by_himself = roles;
  std::vector<store::EntityId> ids;
  for (const auto& one : teams) ids.push_back(one.team.id);
  RUNSTONE_TRY(const auto in_teams, store_.accounts().members_of(ids));
  for (const auto& member : in_teams) {
    const auto team = std::find_if(teams.begin(), teams.end(),
                                   [&](const auto& one) { return one.team.id == member.entity; });
    const auto role =
        member.role == Role::kViewer ? std::min(team->role, Role::kViewer) : team->role;
    const auto [place, is_new] = roles.try_emplace(member.user.id, role);
    if (!is_new) place->second = std::max(place->second, role);
  }
  std::vector<store::RegistryUser> all;
  for (auto& member : everybody) {
    const bool of_all = member.role == Role::kAdmin;
    if (registry.restricted && !of_all && !by_himself.contains(member.user.id)) continue;
    const auto found = roles.find(member.user.id);
    const auto role = of_all || found == roles.end() ? member.role : found->second;
    all.push_back({std::move(member.user), role});
  }
  return all;
}

Result<std::vector<store::RegistryTeam>> RegistryMembers::teams(
    const store::Project& registry) const {
  RUNSTONE_TRY(auto there, teams_of_organization(registry));
  RUNSTONE_TRY(const auto own, store_.registries().teams_of(registry.id));
  std::vector<store::RegistryTeam> all;
  for (auto& team : there) {
    const auto found = std::find_if(own.begin(), own.end(),
                                    [&](const auto& one) { return one.team.id == team.id; });
    if (found == own.end() && registry.restricted) continue;
    all.push_back({std::move(team), found == own.end() ? Role::kMember : found->role});
  }
  return all;
}

Result<void> RegistryMembers::add(const store::Project& registry,
                                  std::span<const store::UserId> users,
                                  std::span<const store::EntityId> teams) {
  RUNSTONE_TRY(const auto everybody, people(registry));
  RUNSTONE_TRY(const auto there, teams_of_organization(registry));
  std::map<Role, std::vector<store::UserId>> by_role;
  for (const auto user : users) {
    const auto* member = find(everybody, user);
    if (member == nullptr) return not_in_organization("one of the users", registry);
    by_role[registry.restricted ? Role::kViewer : member->role].push_back(user);
  }
  for (const auto team : teams) {
    if (find(there, team) != nullptr) continue;
    return not_in_organization("one of the teams", registry);
  }
  const auto of_teams = registry.restricted ? Role::kViewer : Role::kMember;
  by_role[of_teams];
  for (const auto& [role, some] : by_role) {
    const auto also = role == of_teams ? teams : std::span<const store::EntityId>();
    RUNSTONE_TRY(store_.registries().add(registry.id, some, also, role));
  }
  return {};
}

Result<void> RegistryMembers::remove(const store::Project& registry,
                                     std::span<const store::UserId> users,
                                     std::span<const store::EntityId> teams) {
  RUNSTONE_TRY(organization_of(registry));
  auto removed = store_.registries().remove(registry.id, users, teams);
  if (removed || removed.error().code != ErrorCode::kNotFound) return removed;
  return fail(ErrorCode::kInvalidArgument,
              "one of them has no role of its own in " + registry.name +
                  ": who is in a registry as a member of the organization cannot be removed from "
                  "it; make the registry restricted, or give him another role");
}

Result<void> RegistryMembers::set_role(const store::Project& registry, store::UserId user,
                                       Role role) {
  RUNSTONE_TRY(const auto everybody, people(registry));
  const auto* member = find(everybody, user);
  if (member == nullptr) return not_in_organization("the user", registry);
  if (member->role == Role::kAdmin && role != Role::kAdmin) {
    return fail(ErrorCode::kInvalidArgument,
                member->user.name + " is an administrator of the organization " +
                    registry.entity_name + ", and so of all its registries");
  }
  if (registry.restricted && member->role != Role::kAdmin) {
    RUNSTONE_TRY(const auto own, store_.registries().users_of(registry.id));
    if (std::none_of(own.begin(), own.end(),
                     [user](const auto& one) { return one.user.id == user; })) {
      return fail(ErrorCode::kInvalidArgument,
                  member->user.name + " is not in " + registry.name + ": add him first");
    }
  }
  return store_.registries().put_user(registry.id, user, role);
}

Result<void> RegistryMembers::set_role(const store::Project& registry, store::EntityId team,
                                       Role role) {
  RUNSTONE_TRY(const auto there, teams(registry));
  if (std::any_of(there.begin(), there.end(),
                  [team](const auto& one) { return one.team.id == team; })) {
    return store_.registries().put_team(registry.id, team, role);
  }
  RUNSTONE_TRY(const auto all, teams_of_organization(registry));
  const auto* found = find(all, team);
  if (found == nullptr) return not_in_organization("the team", registry);
  return fail(ErrorCode::kInvalidArgument,
              "team " + found->name + " is not in " + registry.name + ": add it first");
}

}  // namespace runstone::auth
