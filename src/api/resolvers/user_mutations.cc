#include <string>

#include "api/api_context.h"
#include "api/resolvers/account_nodes.h"
#include "api/resolvers/resolvers.h"
#include "auth/accounts.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;

struct KeyPayload {
  KeyNode key;
};
struct UserPayload {
  store::User user;
};

auth::Accounts accounts_of(const FieldCall& call) {
  const auto& services = context_of(call).services;
  return {services.store, services.clock};
}

Result<Resolved> generate_api_key(const FieldCall& call) {
  const auto& context = context_of(call);
  auth::NewKey wanted;
  wanted.description = input_text(call, "description").value_or("");
  wanted.name = input_text(call, "name").value_or(wanted.description);
  RUNSTONE_TRY(auto secret, accounts_of(call).add_key(context.principal.user, wanted));
  RUNSTONE_TRY(auto key, context.services.store.find_api_key(auth::hash_secret(secret)));
  return Resolved(Node::of(KeyPayload{{std::move(key), std::move(secret)}}));
}

// A key that is another's looks like one that is not there.
Result<Resolved> delete_api_key(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto id = input_text(call, "id").value_or("");
  const auto unknown = [&] {
    return fail(ErrorCode::kNotFound, "there is no API key with the id " + id);
  };
  const auto number = parse_id("ApiKey", id);
  if (!number) return unknown();
  const auto key = context.services.store.accounts().get_api_key(store::ApiKeyId{*number});
  if (!key && key.error().code != ErrorCode::kNotFound) return fail(key.error());
  if (!key || (key->user != context.principal.user && !context.principal.admin)) return unknown();
  RUNSTONE_TRY(context.services.store.delete_api_key(key->id));
  return Resolved(Value(Dict{{"success", true}}));
}

// What an address suggests as a name, made into one that is allowed.
std::string name_from(std::string_view email) {
  std::string name(email.substr(0, std::min<std::size_t>(email.find('@'), 40)));
  for (auto& c : name) {
    if (!auth::check_account_name(std::string("a") + c)) c = '-';
  }
  if (!auth::check_account_name(name)) name = "user-" + name;
  return name;
}

Result<Resolved> create_user(const FieldCall& call) {
  const auto& context = context_of(call);
  if (!context.principal.admin) {
    return fail(ErrorCode::kPermissionDenied, "only an administrator of the server makes users");
  }
  auth::NewUser wanted;
  wanted.email = input_text(call, "email").value_or("");
  if (wanted.email.find('@') == std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "a user needs an e-mail address");
  }
  wanted.admin = input_flag(call, "admin");
  const auto base = name_from(wanted.email);
  constexpr int kTriesMax = 100;
  for (int i = 1;; ++i) {
    wanted.name = i == 1 ? base : base + "-" + std::to_string(i);
    const bool is_free = !context.services.store.find_entity(wanted.name) &&
                         !context.services.store.find_user(wanted.name);
    if (!is_free && i < kTriesMax) continue;
    RUNSTONE_TRY(auto user, accounts_of(call).add_user(wanted));
    return Resolved(Node::of(UserPayload{std::move(user)}));
  }
}

Result<Resolved> change_password(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(context.services.auth.change_password(
      context.principal, input_text(call, "current").value_or(""),
      input_text(call, "new").value_or(""), context.session));
  return Resolved(Value(Dict{{"success", true}}));
}

}  // namespace

std::optional<std::string> input_text(const graphql::FieldCall& call, std::string_view name) {
  const auto* value = call.argument("input")->get(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return *value->if_string();
}

bool input_flag(const graphql::FieldCall& call, std::string_view name) {
  const auto* value = call.argument("input")->get(name);
  return value != nullptr && *value == Value(true);
}

void register_user_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation.generateApiKey", generate_api_key);
  engine.resolve("Mutation.deleteApiKey", delete_api_key);
  engine.resolve("Mutation.createUser", create_user);
  engine.resolve("Mutation.changePassword", change_password);
  const auto none = [](const FieldCall&) -> Result<Resolved> { return Resolved(); };
  engine.resolve("GenerateApiKeyPayload.apiKey", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<KeyPayload>().key));
  });
  engine.resolve("GenerateApiKeyPayload.clientMutationId", none);
  engine.resolve("CreateUserPayload.user", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<UserPayload>().user));
  });
  engine.resolve("CreateUserPayload.clientMutationId", none);
}

}  // namespace runstone::api
