#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "runstone/result.h"
#include "store/account_store.h"
#include "store/records.h"

namespace runstone::store::memory {

/// What both the store and its account store work on, under one lock.
struct AccountTables {
  struct MemberRow {
    Role role = Role::kMember;
    std::int64_t joined_at_us = 0;
    std::int64_t order = 0;  ///< rises with each that joins
  };

  std::mutex mutex;
  std::int64_t next_id = 1;
  std::map<UserId, User> users;
  std::map<UserId, std::string> passwords;
  std::map<ApiKeyId, ApiKey> api_keys;
  std::map<std::string, Session> sessions;
  std::map<std::string, Session> signin_tokens;
  std::map<EntityId, Entity> entities;
  std::map<ProjectId, Project> projects;
  std::map<std::pair<EntityId, UserId>, MemberRow> team_members;
  std::map<OrganizationId, Organization> organizations;
  std::map<std::pair<OrganizationId, UserId>, MemberRow> organization_members;

  std::map<std::pair<ProjectId, UserId>, Role> registry_members;
  std::map<std::pair<ProjectId, EntityId>, Role> registry_teams;

  /// kConflict if a user or an entity has that name, or one that differs in case only.
  Result<void> check_name_is_free(const char* what, std::string_view name) const;
};

}  // namespace runstone::store::memory
