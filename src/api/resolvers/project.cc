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

const store::Project& project_of(const FieldCall& call) { return call.parent<store::Project>(); }

Result<Resolved> project(const FieldCall& call) {
  RUNSTONE_TRY(auto found,
               find_project(context_of(call), call.text("entityName"), call.text("name")));
  return found ? Resolved(Node::of(*std::move(found))) : Resolved();
}

Result<Resolved> projects_of(const FieldCall& call, std::string_view entity) {
  const auto& context = context_of(call);
  if (!require(context, auth::Action::kRead, entity)) return Resolved();
  RUNSTONE_TRY(const auto first, page_size(call));
  auto page = context.services.query.projects(
      entity, first, call.text("after"), [&context](const store::Project& project) {
        return require(context, auth::Action::kRead, place_of(project)).has_value();
      });
  RUNSTONE_TRY(auto found, if_found(std::move(page)));
  if (!found) return Resolved();
  Connection connection;
  connection.has_next = found->has_next;
  for (auto& item : found->items) {
    connection.add(Node::of(std::move(item.project)), std::move(item.cursor));
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> projects(const FieldCall& call) {
  return projects_of(call, call.text("entityName", context_of(call).principal.home));
}

Result<Resolved> projects_of_user(const FieldCall& call) {
  return projects_of(call, call.parent<store::User>().home());
}

Result<Resolved> run(const FieldCall& call) {
  const auto& own = project_of(call);
  auto found = context_of(call).services.query.run(own.entity_name, own.name, call.text("name"));
  RUNSTONE_TRY(auto run, if_found(std::move(found)));
  return run ? Resolved(Node::of(RunNode{*std::move(run)})) : Resolved();
}

Result<Resolved> runs(const FieldCall& call) {
  query::RunListRequest request;
  request.project = project_of(call).id;
  request.filters = std::string(call.text("filters"));
  request.order = std::string(call.text("order"));
  RUNSTONE_TRY(request.first, page_size(call));
  request.after = std::string(call.text("after"));
  const auto asked = [&](const char* field) {
    return call.selects(std::string("edges.node.") + field);
  };
  request.columns.config = asked("config") || asked("wandbConfig");
  request.columns.summary = asked("summaryMetrics");
  const auto& services = context_of(call).services;
  RUNSTONE_TRY(auto page, services.query.runs(request));
  std::vector<store::RunId> ids;
  for (const auto& item : page.items) ids.push_back(item.run.id);
  const auto peers = std::make_shared<RunPeers>(services, project_of(call), std::move(ids));
  Connection connection;
  connection.has_next = page.has_next;
  for (auto& item : page.items) {
    connection.add(Node::of(RunNode{std::move(item.run), false, peers}), std::move(item.cursor));
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> run_count(const FieldCall& call) {
  const auto filters = call.text("filters");
  if (filters.empty() || filters == "{}") return Resolved(project_of(call).run_count);
  RUNSTONE_TRY(const auto count,
               context_of(call).services.query.count_runs(project_of(call).id, filters));
  return Resolved(count);
}

Result<Resolved> owner(const FieldCall& call) {
  RUNSTONE_TRY(const auto* user, context_of(call).accounts.user(project_of(call).entity_name));
  return user ? Resolved(Node::borrow(*user)) : Resolved();
}

void register_fields(graphql::Engine& engine) {
  engine.resolve("Project.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("Project", to_number(project_of(call).id)));
  });
  engine.resolve("Project.internalId", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("ProjectInternalId", to_number(project_of(call).id)));
  });
  engine.resolve("Project.name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(project_of(call).name);
  });
  engine.resolve("Project.entityName", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(project_of(call).entity_name);
  });
  engine.resolve("Project.entity", [](const FieldCall& call) -> Result<Resolved> {
    RUNSTONE_TRY(const auto* entity, context_of(call).accounts.entity(project_of(call).entity));
    if (entity == nullptr) return fail(ErrorCode::kNotFound, "no such entity");
    return Resolved(Node::borrow(*entity));
  });
  engine.resolve("Project.description", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(project_of(call).description));
  });
  engine.resolve("Project.createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(project_of(call).created_at_us));
  });
  engine.resolve("Project.lastActive", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(project_of(call).last_activity_at_us));
  });
  engine.resolve("Project.readOnly", [](const FieldCall& call) -> Result<Resolved> {
    const auto may_write =
        require(context_of(call), auth::Action::kWrite, place_of(project_of(call)));
    return Resolved(!may_write.has_value());
  });
  engine.resolve("Project.isBenchmark",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(false); });
  engine.resolve("Project.access", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(project_of(call).restricted ? "RESTRICTED" : "PRIVATE");
  });
  engine.resolve("Project.views", [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
}

}  // namespace

void register_project(graphql::Engine& engine) {
  engine.resolve("Query.project", project);
  engine.resolve("Query.model", project);
  engine.resolve("Query.models", projects);
  engine.resolve("User.projects", projects_of_user);
  register_fields(engine);
  engine.resolve("Project.user", owner);
  engine.resolve("Project.run", run);
  engine.resolve("Project.bucket", run);
  engine.resolve("Project.runs", runs);
  engine.resolve("Project.buckets", runs);
  engine.resolve("Project.runCount", run_count);
  register_connection(engine, "Project");
  register_connection(engine, "Run");
}

}  // namespace runstone::api
