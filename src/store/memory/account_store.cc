#include "store/account_store.h"

#include <algorithm>
#include <set>

#include "base/try.h"
#include "store/memory/account_tables.h"
#include "store/memory/look_up.h"
#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

bool same_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

template <typename Id>
bool contains(std::span<const Id> ids, Id id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

class MemoryAccountStore final : public AccountStore {
 public:
  explicit MemoryAccountStore(AccountTables& tables) : t_(tables) {}

  Result<Access> access_by_key(std::string_view key_hash) const override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& [id, key] : t_.api_keys) {
      if (key.hash == key_hash) return access_locked(key.user, 0, "API key");
    }
    return missing("API key");
  }
  Result<Access> access_by_session(std::string_view session_hash) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto found = t_.sessions.find(std::string(session_hash));
    if (found == t_.sessions.end()) return missing("session");
    return access_locked(found->second.user, found->second.expires_at_us, "session");
  }
  Result<Access> access_of(UserId user) const override {
    const std::scoped_lock lock(t_.mutex);
    return access_locked(user, 0, "user");
  }

  // Users --------------------------------------------------------------------------------------
  Result<std::vector<User>> visible_users(UserId viewer) const override {
    const std::scoped_lock lock(t_.mutex);
    std::set<UserId> seen = {viewer};
    for (const auto& [key, row] : t_.team_members) {
      if (key.second != viewer) continue;
      for (const auto& [other, role] : t_.team_members) {
        if (other.first == key.first) seen.insert(other.second);
      }
    }
    for (const auto& [id, organization] : t_.organizations) {
      const auto people = organization_roles(id);
      if (!people.contains(viewer)) continue;
      for (const auto& [user, row] : people) seen.insert(user);
    }
    std::vector<User> all;
    for (const auto user : seen) {
      if (const auto found = t_.users.find(user); found != t_.users.end()) {
        all.push_back(found->second);
      }
    }
    return all;
  }
  Result<void> update_user(UserId user, const UserUpdate& update) override {
    const std::scoped_lock lock(t_.mutex);
    const auto found = t_.users.find(user);
    if (found == t_.users.end()) return missing("user");
    if (update.admin) found->second.admin = *update.admin;
    if (update.email) found->second.email = *update.email;
    if (update.display_name) found->second.display_name = *update.display_name;
    return {};
  }
  Result<void> remove_user(UserId user, std::int64_t now_us) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_user(user));
    t_.users[user].deleted_at_us = now_us;
    t_.passwords.erase(user);
    const auto of_user = [user](const auto& item) { return item.second.user == user; };
    std::erase_if(t_.api_keys, of_user);
    std::erase_if(t_.sessions, of_user);
    std::erase_if(t_.signin_tokens, of_user);
    const auto is_user = [user](const auto& item) { return item.first.second == user; };
    std::erase_if(t_.team_members, is_user);
    std::erase_if(t_.organization_members, is_user);
    std::erase_if(t_.registry_members, is_user);
    return {};
  }
  Result<void> restore_user(UserId user) override {
    const std::scoped_lock lock(t_.mutex);
    const auto found = t_.users.find(user);
    if (found == t_.users.end()) return missing("user");
    found->second.deleted_at_us = 0;
    return {};
  }
  Result<PasswordRecord> password_of(std::string_view name) const override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& [id, user] : t_.users) {
      if (user.name != name || user.service || user.deleted_at_us != 0) continue;
      const auto found = t_.passwords.find(id);
      return PasswordRecord{id, found == t_.passwords.end() ? "" : found->second};
    }
    return missing("user");
  }
  Result<void> set_password(UserId user, std::string_view encoded,
                            std::string_view except_session) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_user(user));
    t_.passwords[user] = encoded;
    std::erase_if(t_.sessions, [&](const auto& item) {
      return item.second.user == user && item.first != except_session;
    });
    std::erase_if(t_.signin_tokens, [&](const auto& item) { return item.second.user == user; });
    return {};
  }
  Result<std::vector<ApiKey>> keys_of(std::span<const UserId> users) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ApiKey> all;
    for (const auto& [id, key] : t_.api_keys) {
      if (contains(users, key.user)) all.push_back(key);
    }
    return all;
  }
  Result<ApiKey> get_api_key(ApiKeyId id) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto found = t_.api_keys.find(id);
    if (found == t_.api_keys.end()) return missing("API key");
    return found->second;
  }

  // Teams --------------------------------------------------------------------------------------
  Result<Entity> create_team(std::string_view name, std::int64_t now_us,
                             std::span<const NewMember> members) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(t_.check_name_is_free("team", name));
    for (const auto& member : members) RUNSTONE_TRY(check_user(member.user));
    const auto team = add_entity(name, EntityKind::kTeam, now_us);
    for (const auto& member : members) put_team_member(team.id, member.user, member.role, now_us);
    return team;
  }
  Result<void> delete_team(EntityId team) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_entity(team, EntityKind::kTeam));
    RUNSTONE_TRY(check_no_projects(team, "the team"));
    for (const auto& [key, row] : t_.team_members) {
      if (key.first != team || !t_.users[key.second].service) continue;
      t_.users[key.second].deleted_at_us = 1;
      std::erase_if(t_.api_keys,
                    [&key](const auto& item) { return item.second.user == key.second; });
    }
    std::erase_if(t_.team_members, [team](const auto& item) { return item.first.first == team; });
    std::erase_if(t_.registry_teams,
                  [team](const auto& item) { return item.first.second == team; });
    t_.entities.erase(team);
    return {};
  }
  Result<void> put_member(EntityId team, UserId user, Role role, std::int64_t now_us) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_entity(team, EntityKind::kTeam));
    RUNSTONE_TRY(check_user(user));
    put_team_member(team, user, role, now_us);
    return {};
  }
  Result<void> remove_member(EntityId team, UserId user) override {
    const std::scoped_lock lock(t_.mutex);
    if (t_.team_members.erase({team, user}) == 0) return missing("member");
    return {};
  }
  Result<std::vector<TeamMember>> members_of(std::span<const EntityId> teams) const override {
    const std::scoped_lock lock(t_.mutex);
    std::map<std::int64_t, TeamMember> by_order;
    for (const auto& [key, row] : t_.team_members) {
      if (!contains(teams, key.first)) continue;
      by_order[row.order] = {key.first, t_.users.at(key.second), row.role, row.joined_at_us};
    }
    std::vector<TeamMember> all;
    for (auto& [order, member] : by_order) all.push_back(std::move(member));
    return all;
  }
  Result<std::vector<UserEntity>> entities_of(std::span<const UserId> users) const override {
    const std::scoped_lock lock(t_.mutex);
    std::map<std::pair<UserId, std::int64_t>, UserEntity> by_user;
    for (const auto& [id, entity] : t_.entities) {
      if (entity.user && contains(users, *entity.user)) {
        by_user[{*entity.user, 0}] = {*entity.user, entity, Role::kAdmin};
      }
    }
    for (const auto& [key, row] : t_.team_members) {
      if (!contains(users, key.second)) continue;
      by_user[{key.second, row.order}] = {key.second, t_.entities.at(key.first), row.role};
    }
    std::vector<UserEntity> all;
    for (auto& [key, user_entity] : by_user) all.push_back(std::move(user_entity));
    return all;
  }
  Result<User> create_service_account(EntityId team, const User& account) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_entity(team, EntityKind::kTeam));
    RUNSTONE_TRY(t_.check_name_is_free("user", account.name));
    User made = account;
    made.id = UserId{t_.next_id++};
    made.admin = false;
    made.service = true;
    made.default_entity = t_.entities.at(team).name;
    t_.users[made.id] = made;
    put_team_member(team, made.id, Role::kMember, account.created_at_us);
    return made;
  }

  // Organizations ------------------------------------------------------------------------------
  Result<Organization> create_organization(std::string_view name, std::int64_t now_us) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(t_.check_name_is_free("organization", name));
    Organization made;
    made.id = OrganizationId{t_.next_id++};
    made.name = std::string(name);
    made.created_at_us = now_us;
    made.entity = add_entity(name, EntityKind::kOrganization, now_us).id;
    t_.entities[made.entity].organization = made.id;
    t_.organizations[made.id] = made;
    return made;
  }
  Result<Organization> find_organization(std::string_view name) const override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& [id, organization] : t_.organizations) {
      if (organization.name == name) return organization;
    }
    return missing("organization");
  }
  Result<Organization> get_organization(OrganizationId id) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto found = t_.organizations.find(id);
    if (found == t_.organizations.end()) return missing("organization");
    return found->second;
  }
  Result<std::vector<Organization>> list_organizations() const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Organization> all;
    for (const auto& [id, organization] : t_.organizations) all.push_back(organization);
    return all;
  }
  Result<void> delete_organization(OrganizationId id) override {
    const std::scoped_lock lock(t_.mutex);
    const auto found = t_.organizations.find(id);
    if (found == t_.organizations.end()) return missing("organization");
    for (const auto& [entity_id, entity] : t_.entities) {
      if (entity.organization == id && entity.kind == EntityKind::kTeam) {
        return fail(ErrorCode::kFailedPrecondition,
                    "the organization still has teams (" + entity.name + "): take them out first");
      }
    }
    RUNSTONE_TRY(check_no_projects(found->second.entity, "the organization"));
    std::erase_if(t_.organization_members,
                  [id](const auto& item) { return item.first.first == id; });
    t_.entities.erase(found->second.entity);
    t_.organizations.erase(found);
    return {};
  }
  Result<void> set_organization(EntityId team, std::optional<OrganizationId> id) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(check_entity(team, EntityKind::kTeam));
    if (id && !t_.organizations.contains(*id)) return missing("organization");
    t_.entities[team].organization = id;
    return {};
  }
  Result<std::vector<Entity>> teams_of_organization(OrganizationId id) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Entity> all;
    for (const auto& [entity_id, entity] : t_.entities) {
      if (entity.organization == id && entity.kind == EntityKind::kTeam) all.push_back(entity);
    }
    return all;
  }
  Result<void> put_organization_member(OrganizationId id, UserId user, Role role,
                                       std::int64_t now_us) override {
    const std::scoped_lock lock(t_.mutex);
    if (!t_.organizations.contains(id)) return missing("organization");
    RUNSTONE_TRY(check_user(user));
    const auto [place, is_new] = t_.organization_members.try_emplace(
        {id, user}, AccountTables::MemberRow{role, now_us, t_.next_id});
    if (is_new) ++t_.next_id;
    place->second.role = role;
    return {};
  }
  Result<void> remove_organization_member(OrganizationId id, UserId user) override {
    const std::scoped_lock lock(t_.mutex);
    if (t_.organization_members.erase({id, user}) == 0) return missing("member");
    return {};
  }
  Result<std::vector<TeamMember>> organization_members(OrganizationId id) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<TeamMember> all;
    const auto organization = t_.organizations.find(id);
    if (organization == t_.organizations.end()) return all;
    for (const auto& [user, row] : organization_roles(id)) {
      all.push_back({organization->second.entity, t_.users.at(user), row.role, row.joined_at_us});
    }
    return all;
  }
  Result<std::vector<Organization>> organizations_of(UserId user) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Organization> all;
    for (const auto& [id, organization] : t_.organizations) {
      if (organization_roles(id).contains(user)) all.push_back(organization);
    }
    return all;
  }

 private:
  Result<Access> access_locked(UserId id, std::int64_t expires_at_us, const char* what) const {
    const auto user = t_.users.find(id);
    if (user == t_.users.end() || user->second.deleted_at_us != 0) return missing(what);
    std::map<std::string, Role> roles;
    const auto add = [&roles](const std::string& entity, Role role) {
      roles[entity] = std::max(roles[entity], role);
    };
    for (const auto& [entity_id, entity] : t_.entities) {
      if (entity.user == id) add(entity.name, Role::kAdmin);
    }
    for (const auto& [key, row] : t_.team_members) {
      if (key.second == id) add(t_.entities.at(key.first).name, row.role);
    }
    for (const auto& [organization_id, organization] : t_.organizations) {
      const auto people = organization_roles(organization_id);
      if (const auto mine = people.find(id); mine != people.end()) {
        add(t_.entities.at(organization.entity).name, mine->second.role);
      }
    }
    Access access{user->second, {}, expires_at_us};
    for (const auto& [entity, role] : roles) access.roles.push_back({entity, role});
    add_registries(access);
    return access;
  }
  void add_registries(Access& access) const {
    std::map<ProjectId, Role> given;
    const auto add = [&given](ProjectId registry, Role role) {
      const auto [place, is_new] = given.try_emplace(registry, role);
      if (!is_new) place->second = std::max(place->second, role);
    };
    for (const auto& [key, role] : t_.registry_members) {
      if (key.second == access.user.id) add(key.first, role);
    }
    for (const auto& [key, role] : t_.registry_teams) {
      const auto member = t_.team_members.find({key.second, access.user.id});
      if (member == t_.team_members.end()) continue;
      add(key.first, member->second.role == Role::kViewer ? std::min(role, Role::kViewer) : role);
    }
    std::map<std::pair<std::string, std::string>, std::optional<Role>> found;
    for (const auto& [id, project] : t_.projects) {
      const auto& entity = t_.entities.at(project.entity);
      if (entity.kind != EntityKind::kOrganization || !entity.organization ||
          !organization_roles(*entity.organization).contains(access.user.id)) {
        continue;
      }
      const auto own = given.find(id);
      if (own == given.end() && !project.restricted) continue;
      found[{entity.name, project.name}] =
          own == given.end() ? std::nullopt : std::optional(own->second);
    }
    for (const auto& [path, role] : found) {
      access.registries.push_back({path.first, path.second, role});
    }
  }
  std::map<UserId, AccountTables::MemberRow> organization_roles(OrganizationId id) const {
    std::map<UserId, AccountTables::MemberRow> people;
    const auto add = [&people](UserId user, Role role, std::int64_t joined_at_us) {
      const auto [place, is_new] = people.try_emplace(user);
      auto& row = place->second;
      row.role = is_new ? role : std::max(row.role, role);
      row.joined_at_us = is_new ? joined_at_us : std::min(row.joined_at_us, joined_at_us);
    };
    for (const auto& [key, row] : t_.organization_members) {
      if (key.first == id) add(key.second, row.role, row.joined_at_us);
    }
    for (const auto& [key, row] : t_.team_members) {
      if (t_.entities.at(key.first).organization != id) continue;
      add(key.second, std::min(row.role, Role::kMember), row.joined_at_us);
    }
    return people;
  }
  Result<void> check_user(UserId id) const {
    const auto user = t_.users.find(id);
    if (user == t_.users.end() || user->second.deleted_at_us != 0) return missing("user");
    return {};
  }
  Result<void> check_entity(EntityId id, EntityKind kind) const {
    const auto entity = t_.entities.find(id);
    if (entity == t_.entities.end() || entity->second.kind != kind) return missing(to_string(kind));
    return {};
  }
  Result<void> check_no_projects(EntityId entity, const char* what) const {
    for (const auto& [id, project] : t_.projects) {
      if (project.entity != entity) continue;
      return fail(ErrorCode::kFailedPrecondition, std::string(what) + " still has projects (" +
                                                      project.name + "): delete them first");
    }
    return {};
  }
  Entity add_entity(std::string_view name, EntityKind kind, std::int64_t now_us) {
    Entity entity;
    entity.id = EntityId{t_.next_id++};
    entity.name = std::string(name);
    entity.created_at_us = now_us;
    entity.kind = kind;
    t_.entities[entity.id] = entity;
    return entity;
  }
  void put_team_member(EntityId team, UserId user, Role role, std::int64_t now_us) {
    const auto [place, is_new] = t_.team_members.try_emplace(
        {team, user}, AccountTables::MemberRow{role, now_us, t_.next_id});
    if (is_new) ++t_.next_id;
    place->second.role = role;
  }

  AccountTables& t_;
};

}  // namespace

Result<void> AccountTables::check_name_is_free(const char* what, std::string_view name) const {
  const auto refuse = [&](const std::string& other) {
    return fail(ErrorCode::kConflict,
                std::string(what) + " " + std::string(name) +
                    (other == name ? " exists already"
                                   : " cannot be told from " + other + ", which exists already"));
  };
  for (const auto& [id, entity] : entities) {
    if (same_without_case(entity.name, name)) return refuse(entity.name);
  }
  for (const auto& [id, user] : users) {
    if (same_without_case(user.name, name)) return refuse(user.name);
  }
  return {};
}

std::unique_ptr<AccountStore> make_account_store(AccountTables& tables) {
  return std::make_unique<MemoryAccountStore>(tables);
}

}  // namespace runstone::store::memory
