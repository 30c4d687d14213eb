#include <algorithm>

#include "api/api_context.h"
#include "api/resolvers/account_nodes.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

const store::User& user_of(const FieldCall& call) { return call.parent<store::User>(); }

bool is_viewer(const FieldCall& call) {
  return user_of(call).id == context_of(call).principal.user;
}

Result<Resolved> viewer(const FieldCall& call) {
  auto& context = context_of(call);
  RUNSTONE_TRY(const auto* user, context.accounts.user(context.principal.user));
  return user ? Resolved(Node::borrow(*user)) : Resolved();
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (auto& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return small;
}

// 0 for another user; an exact hit counts most.
int match(const store::User& user, std::string_view wanted) {
  if (wanted.empty()) return 1;
  if (user.name == wanted || user.email == wanted) return 2;
  const auto small = lower(wanted);
  const bool is_in = lower(user.name).find(small) != std::string::npos ||
                     lower(user.display_name).find(small) != std::string::npos ||
                     lower(user.email).find(small) != std::string::npos;
  return is_in ? 1 : 0;
}

Result<Resolved> users(const FieldCall& call) {
  auto& context = context_of(call);
  const auto wanted = call.text("query");
  RUNSTONE_TRY(auto all, context.accounts.visible_users());
  std::erase_if(all, [&](const auto& user) {
    return user.service || user.deleted_at_us != 0 || match(user, wanted) == 0;
  });
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return match(a, wanted) > match(b, wanted);
  });
  std::vector<store::UserId> ids;
  for (const auto& user : all) ids.push_back(user.id);
  if (call.selects("edges.node.apiKeys")) RUNSTONE_TRY(context.accounts.fetch_keys(ids));
  if (call.selects("edges.node.teams")) RUNSTONE_TRY(context.accounts.fetch_entities(ids));
  Connection connection;
  for (auto& user : all) connection.add(Node::of(std::move(user)), "");
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> api_keys(const FieldCall& call) {
  auto& context = context_of(call);
  Connection connection;
  if (is_viewer(call) || context.principal.admin) {
    RUNSTONE_TRY(const auto* keys, context.accounts.keys(user_of(call).id));
    for (const auto& key : *keys) connection.add(Node::of(KeyNode{key, ""}), "");
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> teams(const FieldCall& call) {
  auto& context = context_of(call);
  RUNSTONE_TRY(const auto* entities, context.accounts.entities(user_of(call).id));
  Connection connection;
  std::vector<store::EntityId> ids;
  for (const auto& [user, entity, role] : *entities) {
    if (!require(context, auth::Action::kRead, entity.name)) continue;
    connection.add(Node::borrow(entity), "");
    ids.push_back(entity.id);
  }
  if (call.selects("edges.node.members")) RUNSTONE_TRY(context.accounts.fetch_members(ids));
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> organizations(const FieldCall& call) {
  auto& context = context_of(call);
  RUNSTONE_TRY(auto all, context.services.store.accounts().organizations_of(user_of(call).id));
  std::vector<Resolved> list;
  for (auto& organization : all) {
    if (!require(context, auth::Action::kRead, organization.name)) continue;
    list.emplace_back(Node::of(std::move(organization)));
  }
  return Resolved(std::move(list));
}

// An address is for those who know the user anyhow: a run in a shared entity shows its author's
// name only.
Result<Resolved> email(const FieldCall& call) {
  RUNSTONE_TRY(const bool may_see, context_of(call).accounts.may_see(user_of(call).id));
  return may_see ? Resolved(user_of(call).email) : Resolved();
}

Result<Resolved> has_password(const FieldCall& call) {
  if (!is_viewer(call) || user_of(call).service) return Resolved();
  RUNSTONE_TRY(const auto record,
               context_of(call).services.store.accounts().password_of(user_of(call).name));
  return Resolved(!record.encoded.empty());
}

void register_key(graphql::Engine& engine) {
  engine.resolve("ApiKey.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("ApiKey", to_number(call.parent<KeyNode>().key.id)));
  });
  engine.resolve("ApiKey.name", [](const FieldCall& call) -> Result<Resolved> {
    const auto& node = call.parent<KeyNode>();
    return Resolved(node.secret.empty() ? node.key.name : node.secret);
  });
  engine.resolve("ApiKey.description", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(call.parent<KeyNode>().key.description));
  });
  engine.resolve("ApiKey.createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(call.parent<KeyNode>().key.created_at_us));
  });
  engine.resolve("ApiKey.secret", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(call.parent<KeyNode>().secret));
  });
}

void register_fields(graphql::Engine& engine) {
  engine.resolve("User.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("User", to_number(user_of(call).id)));
  });
  engine.resolve("User.name", [](const FieldCall& call) -> Result<Resolved> {
    const auto& user = user_of(call);
    return Resolved(user.display_name.empty() ? user.name : user.display_name);
  });
  engine.resolve("User.username", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(user_of(call).name);
  });
  engine.resolve("User.email", email);
  engine.resolve("User.admin", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(user_of(call).admin);
  });
  engine.resolve("User.flags", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(R"({"code_saving_enabled": true})");
  });
  engine.resolve("User.entity", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(user_of(call).home());
  });
  engine.resolve("User.createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(user_of(call).created_at_us));
  });
  engine.resolve("User.deletedAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(time_or_null(user_of(call).deleted_at_us));
  });
  engine.resolve("User.accountType", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(account_type(user_of(call)));
  });
  engine.resolve("User.photoUrl", [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  engine.resolve("User.hasPassword", has_password);
  engine.resolve("User.apiKeys", api_keys);
  engine.resolve("User.teams", teams);
  engine.resolve("User.organizations", organizations);
}

}  // namespace

const char* account_type(const store::User& user) { return user.service ? "SERVICE" : "MEMBER"; }

void register_user(graphql::Engine& engine) {
  engine.resolve("Query.viewer", viewer);
  engine.resolve("Query.users", users);
  register_fields(engine);
  register_key(engine);
  register_connection(engine, "User", Paged::kNo);
  register_connection(engine, "ApiKey", Paged::kNo);
  register_user_mutations(engine);
}

}  // namespace runstone::api
