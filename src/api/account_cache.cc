#include "api/account_cache.h"

#include <utility>

#include "base/try.h"

namespace runstone::api {
namespace {

template <typename T>
const T* pointer(const std::optional<T>& value) {
  return value ? &*value : nullptr;
}

// What a map has under `key`, after asking `read` the first time; kNotFound is kept as nothing.
template <typename Map, typename Key, typename Read>
auto look_up(Map& map, const Key& key, Read read)
    -> Result<decltype(pointer(map.begin()->second))> {
  auto found = map.find(key);
  if (found == map.end()) {
    auto result = read();
    if (!result && result.error().code != ErrorCode::kNotFound) return fail(result.error());
    found = map.emplace(key, std::nullopt).first;
    if (result) found->second = *std::move(result);
  }
  return pointer(found->second);
}

template <typename Map, typename Id>
std::vector<Id> unknown(const Map& map, std::span<const Id> ids) {
  std::set<Id> wanted;
  for (const auto id : ids) {
    if (!map.contains(id)) wanted.insert(id);
  }
  return {wanted.begin(), wanted.end()};
}

}  // namespace

Result<const store::User*> AccountCache::user(store::UserId id) {
  return look_up(users_, id, [&] { return store_.get_user(id); });
}

Result<const store::User*> AccountCache::user(std::string_view name) {
  return look_up(users_by_name_, std::string(name), [&] { return store_.find_user(name); });
}

Result<const store::Entity*> AccountCache::entity(store::EntityId id) {
  return look_up(entities_by_id_, id, [&] { return store_.get_entity(id); });
}

Result<const store::Organization*> AccountCache::organization(store::OrganizationId id) {
  return look_up(organizations_, id, [&] { return store_.accounts().get_organization(id); });
}

Result<std::vector<store::User>> AccountCache::visible_users() {
  RUNSTONE_TRY(auto users, principal_.admin ? store_.list_users()
                                            : store_.accounts().visible_users(principal_.user));
  visible_.emplace();
  for (const auto& user : users) visible_->insert(user.id);
  return users;
}

Result<bool> AccountCache::may_see(store::UserId id) {
  if (principal_.admin || id == principal_.user) return true;
  if (!visible_) RUNSTONE_TRY(visible_users());
  return visible_->contains(id);
}

Result<void> AccountCache::fetch_keys(std::span<const store::UserId> users) {
  const auto wanted = unknown(keys_, users);
  if (wanted.empty()) return {};
  RUNSTONE_TRY(auto found, store_.accounts().keys_of(wanted));
  for (const auto id : wanted) keys_[id];
  for (auto& key : found) keys_[key.user].push_back(std::move(key));
  return {};
}

Result<void> AccountCache::fetch_entities(std::span<const store::UserId> users) {
  const auto wanted = unknown(entities_, users);
  if (wanted.empty()) return {};
  RUNSTONE_TRY(auto found, store_.accounts().entities_of(wanted));
  for (const auto id : wanted) entities_[id];
  for (auto& user_entity : found) entities_[user_entity.user].push_back(std::move(user_entity));
  return {};
}

Result<void> AccountCache::fetch_members(std::span<const store::EntityId> teams) {
  const auto wanted = unknown(members_, teams);
  if (wanted.empty()) return {};
  RUNSTONE_TRY(auto found, store_.accounts().members_of(wanted));
  for (const auto id : wanted) members_[id];
  for (auto& member : found) members_[member.entity].push_back(std::move(member));
  return {};
}

Result<const std::vector<store::ApiKey>*> AccountCache::keys(store::UserId user) {
  RUNSTONE_TRY(fetch_keys({&user, 1}));
  return &keys_[user];
}

Result<const std::vector<store::UserEntity>*> AccountCache::entities(store::UserId user) {
  RUNSTONE_TRY(fetch_entities({&user, 1}));
  return &entities_[user];
}

Result<const std::vector<store::TeamMember>*> AccountCache::members(store::EntityId team) {
  RUNSTONE_TRY(fetch_members({&team, 1}));
  return &members_[team];
}

}  // namespace runstone::api
