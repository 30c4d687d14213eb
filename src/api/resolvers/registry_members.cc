#include <algorithm>
#include <vector>

#include "api/api_context.h"
#include "api/resolvers/resolvers.h"
#include "auth/registry_members.h"
#include "base/try.h"

// Who is in a registry (or in the entity of any other project), and with which role.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::Project;

auth::RegistryMembers rules_of(const FieldCall& call) {
  return auth::RegistryMembers(context_of(call).services.store);
}

Value role_value(store::Role role) { return Value(Dict{{"name", store::to_string(role)}}); }

Value member_value(const store::User& user, store::Role role) {
  Dict one;
  one.set("id", make_id("User", store::to_number(user.id)));
  one.set("name", user.display_name.empty() ? user.name : user.display_name);
  one.set("username", user.name);
  one.set("email", text_or_null(user.email));
  one.set("role", role_value(role));
  return Value(std::move(one));
}

Result<bool> is_of_organization(const FieldCall& call) {
  RUNSTONE_TRY(const auto* entity, context_of(call).accounts.entity(call.parent<Project>().entity));
  return entity != nullptr && entity->kind == store::EntityKind::kOrganization;
}

Result<Resolved> members(const FieldCall& call) {
  const auto& project = call.parent<Project>();
  List list;
  RUNSTONE_TRY(const bool of_organization, is_of_organization(call));
  if (of_organization) {
    RUNSTONE_TRY(const auto found, rules_of(call).users(project));
    for (const auto& one : found) list.push_back(member_value(one.user, one.role));
  } else {
    RUNSTONE_TRY(const auto* found, context_of(call).accounts.members(project.entity));
    for (const auto& one : *found) list.push_back(member_value(one.user, one.role));
  }
  return Resolved(Value(std::move(list)));
}

Result<Resolved> teams(const FieldCall& call) {
  std::vector<Resolved> list;
  RUNSTONE_TRY(const bool of_organization, is_of_organization(call));
  if (!of_organization) return Resolved(std::move(list));
  RUNSTONE_TRY(auto found, rules_of(call).teams(call.parent<Project>()));
  for (auto& one : found) list.emplace_back(Node::of(std::move(one)));
  return Resolved(std::move(list));
}

std::string_view text_at(const FieldCall& call, std::string_view name) {
  const auto* value = call.argument("input")->get(name);
  return value == nullptr ? "" : value->string_or("");
}

Result<Project> administered(const FieldCall& call) {
  return project_by_id(context_of(call), text_at(call, "projectId"), auth::Action::kAdmin);
}

template <typename Id>
Result<Id> parse_member(std::string_view type, std::string_view text) {
  if (const auto number = parse_id(type, text)) return Id{*number};
  return fail(ErrorCode::kInvalidArgument, "\"" + std::string(text.substr(0, 80)) +
                                               "\" is no id of a " +
                                               (type == "User" ? "user" : "team"));
}

template <typename Id>
Result<std::vector<Id>> ids_at(const FieldCall& call, std::string_view name,
                               std::string_view type) {
  constexpr std::size_t kMax = 1000;
  std::vector<Id> ids;
  const auto* list = call.argument("input")->get(name);
  if (list == nullptr || list->if_list() == nullptr) return ids;
  if (list->if_list()->size() > kMax) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + ": at most 1000 at a time");
  }
  for (const auto& one : *list->if_list()) {
    RUNSTONE_TRY(const auto id, parse_member<Id>(type, one.string_or("")));
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

Result<Resolved> success(Result<void> done) {
  RUNSTONE_TRY(std::move(done));
  return Resolved(Value(Dict{{"success", true}}));
}

Result<Resolved> add(const FieldCall& call) {
  RUNSTONE_TRY(const auto registry, administered(call));
  RUNSTONE_TRY(const auto users, ids_at<store::UserId>(call, "userIds", "User"));
  RUNSTONE_TRY(const auto teams, ids_at<store::EntityId>(call, "teamIds", "Entity"));
  return success(rules_of(call).add(registry, users, teams));
}

Result<Resolved> remove(const FieldCall& call) {
  RUNSTONE_TRY(const auto registry, administered(call));
  RUNSTONE_TRY(const auto users, ids_at<store::UserId>(call, "userIds", "User"));
  RUNSTONE_TRY(const auto teams, ids_at<store::EntityId>(call, "teamIds", "Entity"));
  return success(rules_of(call).remove(registry, users, teams));
}

Result<Resolved> update_user(const FieldCall& call) {
  RUNSTONE_TRY(const auto registry, administered(call));
  RUNSTONE_TRY(const auto role, auth::registry_role_from(text_at(call, "userProjectRole")));
  RUNSTONE_TRY(const auto user, parse_member<store::UserId>("User", text_at(call, "userId")));
  return success(rules_of(call).set_role(registry, user, role));
}

Result<Resolved> update_team(const FieldCall& call) {
  RUNSTONE_TRY(const auto registry, administered(call));
  RUNSTONE_TRY(const auto role, auth::registry_role_from(text_at(call, "teamProjectRole")));
  RUNSTONE_TRY(const auto team, parse_member<store::EntityId>("Entity", text_at(call, "teamId")));
  return success(rules_of(call).set_role(registry, team, role));
}

}  // namespace

void register_registry_members(graphql::Engine& engine) {
  engine.resolve("Project.members", members);
  engine.resolve("Project.teamMembers", teams);
  engine.resolve("ProjectTeamMember.team", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<store::RegistryTeam>().team));
  });
  engine.resolve("ProjectTeamMember.role", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(role_value(call.parent<store::RegistryTeam>().role));
  });
  engine.resolve("Mutation.createProjectMembers", add);
  engine.resolve("Mutation.deleteProjectMembers", remove);
  engine.resolve("Mutation.updateProjectMember", update_user);
  engine.resolve("Mutation.updateProjectTeamMember", update_team);
}

}  // namespace runstone::api
