#include <algorithm>
#include <optional>
#include <utility>

#include "api/artifact_access.h"
#include "api/registry_rules.h"
#include "api/resolvers/collection_lists.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/encoding.h"
#include "base/try.h"

// Registries: projects of an organization's own entity, and the search through all of them.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::Project;
using store::to_number;

const store::Entity& entity_of(const FieldCall& call) { return call.parent<store::Entity>(); }

std::optional<Value> registry_field(const Project& project, std::string_view name) {
  const auto number = to_number(project.id);
  if (name == "id" || name == "project_id") {
    return Value(List{Value(number), Value(make_id("Project", number)),
                      Value(make_id("ProjectInternalId", number))});
  }
  if (name == "name") return Value(project.name);
  if (name == "description") return text_or_null(project.description);
  if (name == "entity_id") {
    const auto entity = to_number(project.entity);
    return Value(List{Value(entity), Value(make_id("Entity", entity))});
  }
  if (name == "created_at" || name == "createdAt") return Value(to_rfc3339(project.created_at_us));
  if (name == "updated_at" || name == "updatedAt") {
    return Value(to_rfc3339(project.last_activity_at_us));
  }
  return std::nullopt;
}

// Of an organization's own entity only its registries: other projects there have no place in lists
// whose readers take every name for a registry's.
Result<std::vector<Project>> projects_of(const FieldCall& call, std::string_view filters) {
  const auto& entity = entity_of(call);
  if (!require(context_of(call), auth::Action::kRead, entity.name)) return std::vector<Project>();
  RUNSTONE_TRY(const auto filter, RecordFilter::parse(filters));
  RUNSTONE_TRY(auto found, context_of(call).services.store.list_projects(entity.id));
  std::vector<Project> passing;
  for (auto& project : found) {
    if (entity.kind == store::EntityKind::kOrganization && !is_registry(project.name)) continue;
    RUNSTONE_TRY(const bool passed, filter.passes([&](std::string_view name) {
      return registry_field(project, name);
    }));
    if (passed) passing.push_back(std::move(project));
  }
  return passing;
}

Result<std::vector<store::ProjectId>> project_ids(const FieldCall& call) {
  RUNSTONE_TRY(const auto projects, projects_of(call, call.text("projectFilters")));
  std::vector<store::ProjectId> ids;
  for (const auto& project : projects) ids.push_back(project.id);
  return ids;
}

Result<Resolved> entity_projects(const FieldCall& call) {
  RUNSTONE_TRY(auto order, parse_order(call.text("order"), {"name", "created_at", "updated_at"}));
  if (!order) order = RecordOrder{"name", false};
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  RUNSTONE_TRY(auto found, projects_of(call, call.text("filters")));
  std::vector<Record<Project>> records;
  for (auto& project : found) {
    Value key = order->field == "name"         ? Value(project.name)
                : order->field == "created_at" ? Value(project.created_at_us)
                                               : Value(project.last_activity_at_us);
    const auto number = to_number(project.id);
    records.push_back({std::move(project), std::move(key), number});
  }
  auto [page, more] =
      page_of(std::move(records), order->descending, after, page_limit(call.integer("first", -1)));
  Connection connection;
  connection.has_next = more;
  for (auto& record : page) {
    const RecordCursor cursor{record.key, record.number};
    connection.add(Node::of(std::move(record.value)), cursor.encode());
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> entity_collections(const FieldCall& call) {
  RUNSTONE_TRY(auto projects, project_ids(call));
  return list_collections(call, std::move(projects), std::nullopt);
}

Result<Resolved> entity_memberships(const FieldCall& call) {
  store::ListCollections request;
  RUNSTONE_TRY(request.projects, project_ids(call));
  if (request.projects.empty()) return Resolved(Node::of(CountedConnection()));
  request.kind = store::CollectionKind::kPortfolio;
  RUNSTONE_TRY(const auto filter, RecordFilter::parse(call.text("collectionFilters")));
  RUNSTONE_TRY(const auto found, filtered_collections(context_of(call), request, filter));
  std::vector<store::CollectionId> ids;
  for (const auto& collection : found) ids.push_back(collection.id);
  return list_members_of(call, std::move(ids), ListOf::kMemberships);
}

Value role(store::Role role) {
  Dict named;
  named.set("name", store::to_string(role));
  return Value(std::move(named));
}

Result<Resolved> project_members(const FieldCall& call) {
  auto& context = context_of(call);
  RUNSTONE_TRY(const auto* entity, context.accounts.entity(call.parent<Project>().entity));
  std::vector<store::TeamMember> found;
  if (entity != nullptr && entity->kind == store::EntityKind::kOrganization &&
      entity->organization) {
    RUNSTONE_TRY(found,
                 context.services.store.accounts().organization_members(*entity->organization));
  } else if (entity != nullptr && entity->kind == store::EntityKind::kTeam) {
    RUNSTONE_TRY(const auto* members, context.accounts.members(entity->id));
    found = *members;
  }
  List list;
  for (const auto& member : found) {
    Dict one;
    one.set("id", make_id("User", to_number(member.user.id)));
    one.set("name", member.user.display_name.empty() ? member.user.name : member.user.display_name);
    one.set("username", member.user.name);
    one.set("email", text_or_null(member.user.email));
    one.set("role", role(member.role));
    list.emplace_back(std::move(one));
  }
  return Resolved(Value(std::move(list)));
}

struct RegistryTeam {
  store::Entity team;
};

Result<Resolved> project_teams(const FieldCall& call) {
  auto& context = context_of(call);
  RUNSTONE_TRY(const auto* entity, context.accounts.entity(call.parent<Project>().entity));
  std::vector<Resolved> list;
  if (entity == nullptr || !entity->organization ||
      entity->kind != store::EntityKind::kOrganization) {
    return Resolved(std::move(list));
  }
  RUNSTONE_TRY(auto teams,
               context.services.store.accounts().teams_of_organization(*entity->organization));
  for (auto& team : teams) {
    if (!require(context, auth::Action::kRead, team.name)) continue;
    list.emplace_back(Node::of(RegistryTeam{std::move(team)}));
  }
  return Resolved(std::move(list));
}

graphql::Resolver refuse(const char* why) {
  return
      [why](const FieldCall&) -> Result<Resolved> { return fail(ErrorCode::kNotImplemented, why); };
}

void register_project_fields(graphql::Engine& engine) {
  engine.resolve("Project.updatedAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(call.parent<Project>().last_activity_at_us));
  });
  engine.resolve("Project.allowAllArtifactTypesInRegistry",
                 [](const FieldCall& call) -> Result<Resolved> {
                   const auto& project = call.parent<Project>();
                   if (!is_registry(project.name)) return Resolved(true);
                   RUNSTONE_TRY(const auto listed, registries_with_listed_types(context_of(call)));
                   return Resolved(listed.count(to_number(project.id)) == 0);
                 });
  engine.resolve("Project.members", project_members);
  engine.resolve("Project.teamMembers", project_teams);
  engine.resolve("ProjectTeamMember.team", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<RegistryTeam>().team));
  });
  engine.resolve("ProjectTeamMember.role", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(role(store::Role::kMember));
  });
}

}  // namespace

void register_registry(graphql::Engine& engine) {
  register_project_fields(engine);
  engine.resolve("Entity.project", [](const FieldCall& call) -> Result<Resolved> {
    RUNSTONE_TRY(auto found,
                 find_project(context_of(call), entity_of(call).name, call.text("name")));
    return found ? Resolved(Node::of(*std::move(found))) : Resolved();
  });
  engine.resolve("Entity.projects", entity_projects);
  engine.resolve("Entity.artifactCollections", entity_collections);
  engine.resolve("Entity.artifactMemberships", entity_memberships);
  engine.resolve("Organization.advancedRegistryFeatures", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(Value(Dict{{"advancedSearch", true}}));
  });
  const auto members = refuse(
      "the members of a registry are those of its organization: use `runstone org` and `runstone "
      "team`");
  for (const char* field : {"createProjectMembers", "deleteProjectMembers", "updateProjectMember",
                            "updateProjectTeamMember"}) {
    engine.resolve(std::string("Mutation.") + field, members);
  }
}

}  // namespace runstone::api
