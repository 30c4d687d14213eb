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
using store::to_number;

struct EntityPayload {
  store::Entity entity;
};
struct ServicePayload {
  store::User user;
  std::string key;
};
struct InvitePayload {
  store::User user;
  std::int64_t created_at_us = 0;
};

auth::Accounts accounts_of(const FieldCall& call) {
  const auto& services = context_of(call).services;
  return {services.store, services.clock};
}

// The team that the input names, for who may say who is in it. A team that the viewer may not even
// read looks like one that is not there.
Result<store::Entity> team_to_administer(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto name = input_text(call, "entityName").value_or("");
  if (!require(context, auth::Action::kRead, name)) {
    return fail(ErrorCode::kNotFound, "there is no team \"" + name + "\"");
  }
  RUNSTONE_TRY(auto team, accounts_of(call).find_team(name));
  RUNSTONE_TRY(require(context, auth::Action::kAdmin, name));
  return team;
}

Result<Resolved> create_team(const FieldCall& call) {
  const auto& context = context_of(call);
  if (context.principal.service) {
    return fail(ErrorCode::kPermissionDenied, "a service account makes no teams");
  }
  auto admin = context.principal.user;
  const auto admin_name = input_text(call, "teamAdminUserName").value_or("");
  if (!admin_name.empty() && admin_name != context.principal.name) {
    if (!context.principal.admin) {
      return fail(ErrorCode::kPermissionDenied,
                  "only an administrator of the server makes teams for others");
    }
    RUNSTONE_TRY(const auto user, accounts_of(call).find_user(admin_name));
    admin = user.id;
  }
  RUNSTONE_TRY(auto team, accounts_of(call).add_team(input_text(call, "teamName").value_or(""),
                                                     {{admin, store::Role::kAdmin}}));
  return Resolved(Node::of(EntityPayload{std::move(team)}));
}

Result<store::Role> role_of_input(const FieldCall& call) {
  const auto text = input_text(call, "role");
  if (!text) return input_flag(call, "admin") ? store::Role::kAdmin : store::Role::kMember;
  if (const auto role = store::role_from(*text)) return *role;
  return fail(ErrorCode::kInvalidArgument, "\"" + *text + "\" is no role: viewer, member or admin");
}

Result<Resolved> create_invite(const FieldCall& call) {
  auto& context = context_of(call);
  RUNSTONE_TRY(const auto team, team_to_administer(call));
  RUNSTONE_TRY(const auto role, role_of_input(call));
  const auto who =
      input_text(call, "username").value_or(input_text(call, "email").value_or(std::string()));
  RUNSTONE_TRY(auto user, accounts_of(call).find_user(who));
  if (user.service) {
    return fail(ErrorCode::kInvalidArgument, "a service account is in one team only");
  }
  RUNSTONE_TRY(const auto* members, context.accounts.members(team.id));
  for (const auto& member : *members) {
    if (member.user.id != user.id) continue;
    return fail(ErrorCode::kConflict, user.name + " is a member of " + team.name + " already");
  }
  const auto now = context.services.clock.now_us();
  RUNSTONE_TRY(context.services.store.accounts().put_member(team.id, user.id, role, now));
  return Resolved(Node::of(InvitePayload{std::move(user), now}));
}

Result<store::UserId> user_of_input(const FieldCall& call) {
  const auto id = input_text(call, "id").value_or("");
  const auto number = parse_id("User", id);
  if (!number) return fail(ErrorCode::kNotFound, "no member has the id " + id);
  return store::UserId{*number};
}

Result<Resolved> delete_invite(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto user, user_of_input(call));
  const auto name = input_text(call, "entityName").value_or("");
  // Leaving needs nobody's consent; who is in no team of that name learns of none.
  const bool leaves =
      user == context.principal.user && auth::role_in(context.principal, {.entity = name});
  auto team = leaves ? accounts_of(call).find_team(name) : team_to_administer(call);
  if (!team) return fail(std::move(team).error());
  RUNSTONE_TRY(context.services.store.accounts().remove_member(team->id, user));
  return Resolved(Value(Dict{{"success", true}}));
}

Result<Resolved> update_team_member(const FieldCall& call) {
  auto& context = context_of(call);
  RUNSTONE_TRY(const auto team, team_to_administer(call));
  RUNSTONE_TRY(const auto user, user_of_input(call));
  RUNSTONE_TRY(const auto role, role_of_input(call));
  RUNSTONE_TRY(const auto* members, context.accounts.members(team.id));
  for (const auto& member : *members) {
    if (member.user.id != user) continue;
    RUNSTONE_TRY(context.services.store.accounts().put_member(team.id, user, role,
                                                              context.services.clock.now_us()));
    return Resolved(Value(Dict{{"success", true}}));
  }
  return fail(ErrorCode::kNotFound, "he is no member of " + team.name);
}

Result<Resolved> create_service_account(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto team, team_to_administer(call));
  RUNSTONE_TRY(auto made, accounts_of(call).add_service_account(
                              team, input_text(call, "description").value_or("")));
  context.services.auth.fresh_keys().put(made.user.id, context.principal.user, made.key);
  return Resolved(Node::of(ServicePayload{std::move(made.user), std::move(made.key)}));
}

void register_invite(graphql::Engine& engine) {
  engine.resolve("CreateInvitePayload.invite",
                 [](const FieldCall& call) -> Result<Resolved> { return Resolved(call.node()); });
  engine.resolve("Invite.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("User", to_number(call.parent<InvitePayload>().user.id)));
  });
  engine.resolve("Invite.name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<InvitePayload>().user.name);
  });
  engine.resolve("Invite.email", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(call.parent<InvitePayload>().user.email));
  });
  engine.resolve("Invite.createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(call.parent<InvitePayload>().created_at_us));
  });
  engine.resolve("Invite.toUser", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<InvitePayload>().user));
  });
}

}  // namespace

void register_team_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation.createTeam", create_team);
  engine.resolve("Mutation.createInvite", create_invite);
  engine.resolve("Mutation.deleteInvite", delete_invite);
  engine.resolve("Mutation.updateTeamMember", update_team_member);
  engine.resolve("Mutation.createServiceAccount", create_service_account);
  engine.resolve("CreateTeamPayload.entity", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<EntityPayload>().entity));
  });
  engine.resolve("CreateServiceAccountPayload.user", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<ServicePayload>().user));
  });
  engine.resolve("CreateServiceAccountPayload.apiKey",
                 [](const FieldCall& call) -> Result<Resolved> {
                   return Resolved(call.parent<ServicePayload>().key);
                 });
  const auto none = [](const FieldCall&) -> Result<Resolved> { return Resolved(); };
  for (const char* type :
       {"CreateTeamPayload", "CreateInvitePayload", "CreateServiceAccountPayload"}) {
    engine.resolve(std::string(type) + ".clientMutationId", none);
  }
  register_invite(engine);
}

}  // namespace runstone::api
