#include "store/registry_store.h"

#include "base/try.h"
#include "store/memory/account_tables.h"
#include "store/memory/look_up.h"
#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

class MemoryRegistryStore final : public RegistryStore {
 public:
  explicit MemoryRegistryStore(AccountTables& tables) : t_(tables) {}

  Result<void> set_restricted(ProjectId registry, bool restricted) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_registry(registry));
    t_.projects[registry].restricted = restricted;
    return {};
  }
  Result<void> set_listed_types(ProjectId registry, bool listed) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_registry(registry));
    t_.projects[registry].listed_types = listed;
    return {};
  }

  Result<std::vector<RegistryUser>> users_of(ProjectId registry) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<RegistryUser> all;
    for (const auto& [key, role] : t_.registry_members) {
      if (key.first == registry) all.push_back({t_.users.at(key.second), role});
    }
    return all;
  }
  Result<std::vector<RegistryTeam>> teams_of(ProjectId registry) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<RegistryTeam> all;
    for (const auto& [key, role] : t_.registry_teams) {
      if (key.first == registry) all.push_back({t_.entities.at(key.second), role});
    }
    return all;
  }

  Result<void> add(ProjectId registry, std::span<const UserId> users,
                   std::span<const EntityId> teams, Role role) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_registry(registry));
    for (const auto user : users) RUNSTONE_TRY(check_user(user));
    for (const auto team : teams) RUNSTONE_TRY(check_team(team));
    for (const auto user : users) t_.registry_members.try_emplace({registry, user}, role);
    for (const auto team : teams) t_.registry_teams.try_emplace({registry, team}, role);
    return {};
  }
  Result<void> put_user(ProjectId registry, UserId user, Role role) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_registry(registry));
    RUNSTONE_TRY(check_user(user));
    t_.registry_members[{registry, user}] = role;
    return {};
  }
  Result<void> put_team(ProjectId registry, EntityId team, Role role) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_registry(registry));
    RUNSTONE_TRY(check_team(team));
    t_.registry_teams[{registry, team}] = role;
    return {};
  }
  Result<void> remove(ProjectId registry, std::span<const UserId> users,
                      std::span<const EntityId> teams) override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto user : users) {
      if (!t_.registry_members.contains({registry, user})) return missing("member");
    }
    for (const auto team : teams) {
      if (!t_.registry_teams.contains({registry, team})) return missing("team");
    }
    for (const auto user : users) t_.registry_members.erase({registry, user});
    for (const auto team : teams) t_.registry_teams.erase({registry, team});
    return {};
  }

 private:
  Result<void> check_registry(ProjectId id) const {
    if (!t_.projects.contains(id)) return missing("registry");
    return {};
  }
  Result<void> check_user(UserId id) const {
    const auto user = t_.users.find(id);
    if (user == t_.users.end() || user->second.deleted_at_us != 0) return missing("user");
    return {};
  }
  Result<void> check_team(EntityId id) const {
    const auto entity = t_.entities.find(id);
    if (entity == t_.entities.end() || entity->second.kind != EntityKind::kTeam) {
      return missing(to_string(EntityKind::kTeam));
    }
    return {};
  }

  AccountTables& t_;
};

}  // namespace

std::unique_ptr<RegistryStore> make_registry_store(AccountTables& tables) {
  return std::make_unique<MemoryRegistryStore>(tables);
}

}  // namespace runstone::store::memory
