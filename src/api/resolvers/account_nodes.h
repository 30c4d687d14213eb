#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "graphql/engine.h"
#include "runstone/value.h"
#include "store/account_store.h"

// The objects behind the types of users and teams, beside the store's own records (User, Entity,
// Organization, Member).
namespace runstone::api {

struct KeyNode {
  store::ApiKey key;
  std::string secret;  ///< in the answer that made it; else ""
};

/// "MEMBER" or "SERVICE".
const char* account_type(const store::User& user);

/// A text of an input object; nothing if it was left out or given as null.
std::optional<std::string> input_text(const graphql::FieldCall& call, std::string_view name);
bool input_flag(const graphql::FieldCall& call, std::string_view name);

void register_user_mutations(graphql::Engine& engine);
void register_team_mutations(graphql::Engine& engine);

}  // namespace runstone::api
