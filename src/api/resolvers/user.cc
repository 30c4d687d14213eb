#include "api/api_context.h"
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

Result<Resolved> viewer(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(auto user, context.services.store.get_user(context.principal.user));
  return Resolved(Node::of(std::move(user)));
}

Result<Resolved> entity(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto name = call.text("name");
  if (!require(context, auth::Action::kRead, name)) return Resolved();
  RUNSTONE_TRY(auto found, if_found(context.services.store.find_entity(name)));
  return found ? Resolved(Node::of(*std::move(found))) : Resolved();
}

Result<Resolved> users(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto wanted = call.text("query");
  RUNSTONE_TRY(auto all, context.services.store.list_users());
  Connection connection;
  for (auto& user : all) {
    // A user is seen by himself and by administrators; teams will widen this.
    if (!require(context, auth::Action::kRead, user.name)) continue;
    if (wanted.empty() || user.name.find(wanted) != std::string::npos || user.email == wanted) {
      connection.add(Node::of(std::move(user)), "");
    }
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> api_keys(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& user = user_of(call);
  Connection connection;
  if (user.id == context.principal.user) {
    RUNSTONE_TRY(const auto keys, context.services.store.list_api_keys(user.id));
    for (const auto& key : keys) {
      connection.add(Resolved(Value(Dict{{"id", make_id("ApiKey", to_number(key.id))},
                                         {"name", key.name},
                                         {"description", text_or_null(key.description)}})),
                     "");
    }
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> teams(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(auto own, if_found(context.services.store.find_entity(user_of(call).name)));
  Connection connection;
  if (own) connection.add(Node::of(*std::move(own)), "");
  return Resolved(Node::of(std::move(connection)));
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
  engine.resolve("User.email", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(user_of(call).email);
  });
  engine.resolve("User.admin", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(user_of(call).admin);
  });
  engine.resolve("User.flags", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(R"({"code_saving_enabled": true})");
  });
  engine.resolve("User.entity", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(user_of(call).name);
  });
  const auto none = [](const FieldCall&) -> Result<Resolved> { return Resolved(); };
  engine.resolve("User.photoUrl", none);
  engine.resolve("User.deletedAt", none);
  engine.resolve("User.apiKeys", api_keys);
  engine.resolve("User.teams", teams);
}

void register_entity(graphql::Engine& engine) {
  engine.resolve("Entity.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("Entity", to_number(call.parent<store::Entity>().id)));
  });
  engine.resolve("Entity.name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<store::Entity>().name);
  });
  engine.resolve("Entity.isTeam", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(!call.parent<store::Entity>().user.has_value());
  });
  // There are no organizations here, and clients take null for that.
  const auto none = [](const FieldCall&) -> Result<Resolved> { return Resolved(); };
  engine.resolve("Entity.organization", none);
  engine.resolve("Query.organization", none);
}

}  // namespace

void register_user(graphql::Engine& engine) {
  engine.resolve("Query.viewer", viewer);
  engine.resolve("Query.entity", entity);
  engine.resolve("Query.users", users);
  register_fields(engine);
  register_entity(engine);
  register_connection(engine, "User", Paged::kNo);
  register_connection(engine, "ApiKey", Paged::kNo);
  register_connection(engine, "Entity", Paged::kNo);
}

}  // namespace runstone::api
