#pragma once

#include <string>
#include <string_view>

#include "base/try.h"
#include "store/records.h"
#include "store/sqlite/connection.h"

// How users, keys and entities are read, for every statement that gives them.
namespace runstone::store::sqlite {

#define RUNSTONE_USER_FIELDS                                                               \
  "u.id,u.name,u.email,u.display_name,u.admin,u.created_at_us,u.service,u.default_entity," \
  "u.deleted_at_us "
#define RUNSTONE_USER_COLUMNS "SELECT " RUNSTONE_USER_FIELDS
inline constexpr int kUserColumnCount = 9;
inline User read_user(const Query& row, int at) {
  User user;
  user.id = row.id<UserId>(at);
  user.name = row.text(at + 1);
  user.email = row.text(at + 2);
  user.display_name = row.text(at + 3);
  user.admin = row.number(at + 4) != 0;
  user.created_at_us = row.number(at + 5);
  user.service = row.number(at + 6) != 0;
  user.default_entity = row.text(at + 7);
  user.deleted_at_us = row.number(at + 8);
  return user;
}

#define RUNSTONE_ENTITY_FIELDS "e.id,e.name,e.user_id,e.created_at_us,e.kind,e.organization_id "
#define RUNSTONE_ENTITY_COLUMNS "SELECT " RUNSTONE_ENTITY_FIELDS
inline constexpr int kEntityColumnCount = 6;
inline Entity read_entity(const Query& row, int at) {
  Entity entity;
  entity.id = row.id<EntityId>(at);
  entity.name = row.text(at + 1);
  if (!row.is_null(at + 2)) entity.user = row.id<UserId>(at + 2);
  entity.created_at_us = row.number(at + 3);
  entity.kind = static_cast<EntityKind>(row.number(at + 4));
  if (!row.is_null(at + 5)) entity.organization = row.id<OrganizationId>(at + 5);
  return entity;
}

#define RUNSTONE_API_KEY_COLUMNS \
  "SELECT k.id,k.user_id,k.hash,k.name,k.description,k.created_at_us FROM api_keys k "
inline ApiKey read_api_key(const Query& row) {
  return {row.id<ApiKeyId>(0), row.id<UserId>(1), row.text(2),
          row.text(3),         row.text(4),       row.number(5)};
}

/// kConflict if a user or an entity has that name, or one that differs in case only. Inside the
/// transaction that takes the name.
inline Result<void> check_name_is_free(Connection& connection, const char* what,
                                       std::string_view name) {
  Query query(connection,
              "SELECT name FROM entities WHERE name=?1 COLLATE NOCASE UNION ALL "
              "SELECT name FROM users WHERE name=?1 COLLATE NOCASE LIMIT 1",
              name);
  RUNSTONE_TRY(const bool is_taken, query.next());
  if (!is_taken) return {};
  const auto other = query.text(0);
  return fail(ErrorCode::kConflict,
              std::string(what) + " " + std::string(name) +
                  (other == name ? " exists already"
                                 : " cannot be told from " + other + ", which exists already"));
}

}  // namespace runstone::store::sqlite
