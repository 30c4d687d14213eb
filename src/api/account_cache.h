#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "auth/auth.h"
#include "store/account_store.h"
#include "store/store.h"

namespace runstone::api {

/// What one request has read about users and entities. Lists fetch for all of their elements at
/// once, and the owner of a thousand projects is read once. One thread; lives as long as the
/// request.
class AccountCache {
 public:
  AccountCache(store::Store& store, const auth::Principal& principal)
      : store_(store), principal_(principal) {}

  /// Nothing if there is none. The pointers live as long as this.
  Result<const store::User*> user(store::UserId id);
  Result<const store::User*> user(std::string_view name);
  Result<const store::Entity*> entity(store::EntityId id);
  Result<const store::Organization*> organization(store::OrganizationId id);

  /// Whether the viewer may know that this user exists: he himself, who shares a team or an
  /// organization with him, and everybody for an administrator.
  Result<bool> may_see(store::UserId id);
  Result<std::vector<store::User>> visible_users();

  // In one statement for all that are not known yet.
  Result<void> fetch_keys(std::span<const store::UserId> users);
  Result<void> fetch_entities(std::span<const store::UserId> users);
  Result<void> fetch_members(std::span<const store::EntityId> teams);

  Result<const std::vector<store::ApiKey>*> keys(store::UserId user);
  Result<const std::vector<store::UserEntity>*> entities(store::UserId user);
  Result<const std::vector<store::TeamMember>*> members(store::EntityId team);

 private:
  store::Store& store_;
  const auth::Principal& principal_;
  std::map<store::UserId, std::optional<store::User>> users_;
  std::map<std::string, std::optional<store::User>, std::less<>> users_by_name_;
  std::map<store::EntityId, std::optional<store::Entity>> entities_by_id_;
  std::map<store::OrganizationId, std::optional<store::Organization>> organizations_;
  std::optional<std::set<store::UserId>> visible_;
  std::map<store::UserId, std::vector<store::ApiKey>> keys_;
  std::map<store::UserId, std::vector<store::UserEntity>> entities_;
  std::map<store::EntityId, std::vector<store::TeamMember>> members_;
};

}  // namespace runstone::api
