#include <algorithm>

#include "base/try.h"
#include "store/apply_update.h"
#include "store/memory/engine.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<User> MemoryStore::create_user(const User& user) {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(tables_.check_name_is_free("user", user.name));
  User made = user;
  made.id = UserId{next_id_++};
  made.service = false;
  made.default_entity.clear();
  made.deleted_at_us = 0;
  users_[made.id] = made;
  const EntityId entity{next_id_++};
  entities_[entity] = {entity, made.name, made.id, made.created_at_us};
  return made;
}

Result<User> MemoryStore::find_user(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, user] : users_) {
    if (user.name == name) return user;
  }
  return missing("user");
}

Result<User> MemoryStore::get_user(UserId id) const {
  const std::scoped_lock lock(mutex_);
  return look_up(users_, id, "user");
}

Result<std::vector<User>> MemoryStore::list_users() const {
  const std::scoped_lock lock(mutex_);
  std::vector<User> all;
  for (const auto& [id, user] : users_) all.push_back(user);
  return all;
}

Result<ApiKey> MemoryStore::create_api_key(const ApiKey& key) {
  const std::scoped_lock lock(mutex_);
  if (!users_.contains(key.user)) return missing("user");
  for (const auto& [id, other] : api_keys_) {
    if (other.hash == key.hash) return taken("API key", key.name);
  }
  ApiKey made = key;
  made.id = ApiKeyId{next_id_++};
  api_keys_[made.id] = made;
  return made;
}

Result<ApiKey> MemoryStore::find_api_key(std::string_view hash) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, key] : api_keys_) {
    if (key.hash == hash) return key;
  }
  return missing("API key");
}

Result<std::vector<ApiKey>> MemoryStore::list_api_keys(UserId user) const {
  const std::scoped_lock lock(mutex_);
  std::vector<ApiKey> all;
  for (const auto& [id, key] : api_keys_) {
    if (key.user == user) all.push_back(key);
  }
  return all;
}

Result<void> MemoryStore::delete_api_key(ApiKeyId id) {
  const std::scoped_lock lock(mutex_);
  if (api_keys_.erase(id) == 0) return missing("API key");
  return {};
}

Result<void> MemoryStore::create_session(const Session& session) {
  return add_session(sessions_, session, "session");
}

Result<Session> MemoryStore::find_session(std::string_view hash) const {
  const std::scoped_lock lock(mutex_);
  return look_up(sessions_, std::string(hash), "session");
}

Result<void> MemoryStore::delete_session(std::string_view hash) {
  const std::scoped_lock lock(mutex_);
  sessions_.erase(std::string(hash));
  return {};
}

Result<void> MemoryStore::create_signin_token(const Session& token) {
  return add_session(tokens_, token, "sign-in token");
}

Result<Session> MemoryStore::take_signin_token(std::string_view hash) {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(auto token, look_up(tokens_, std::string(hash), "sign-in token"));
  tokens_.erase(token.hash);
  return token;
}

Result<void> MemoryStore::delete_expired(std::int64_t now_us) {
  const std::scoped_lock lock(mutex_);
  const auto expired = [now_us](const auto& item) { return item.second.expires_at_us <= now_us; };
  std::erase_if(sessions_, expired);
  std::erase_if(tokens_, expired);
  return {};
}

Result<std::string> MemoryStore::get_or_create_setting(std::string_view name,
                                                       std::string_view value) {
  const std::scoped_lock lock(mutex_);
  return settings_.emplace(name, value).first->second;
}

Result<void> MemoryStore::put_setting(std::string_view name, std::string_view value) {
  const std::scoped_lock lock(mutex_);
  settings_[std::string(name)] = value;
  return {};
}

}  // namespace runstone::store::memory
