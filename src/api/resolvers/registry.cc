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
    if (!require(context_of(call), auth::Action::kRead, place_of(project))) continue;
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

void register_project_fields(graphql::Engine& engine) {
  engine.resolve("Project.updatedAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(call.parent<Project>().last_activity_at_us));
  });
  engine.resolve("Project.allowAllArtifactTypesInRegistry",
                 [](const FieldCall& call) -> Result<Resolved> {
                   const auto& project = call.parent<Project>();
                   if (!is_registry(project.name)) return Resolved(true);
                   return Resolved(!project.listed_types);
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
}

}  // namespace runstone::api
