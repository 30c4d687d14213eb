#include <algorithm>

#include "api/api_context.h"
#include "api/registry_rules.h"
#include "api/resolvers/resolvers.h"
#include "artifacts/artifacts.h"
#include "base/try.h"
#include "ingest/name_rules.h"
#include "store/artifact_store.h"
#include "store/registry_store.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;

struct ModelPayload {
  std::shared_ptr<const store::Project> project;
  bool inserted = false;
};

std::string_view text_at(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  return value == nullptr ? "" : value->string_or("");
}

// The settings of a project are for all who write there, those of a registry for its
// administrators.
Result<void> require_of_settings(const ApiContext& context, const store::Project& project) {
  const auto action = is_registry(project.name) ? auth::Action::kAdmin : auth::Action::kWrite;
  return require(context, action, place_of(project));
}

Result<Resolved> upsert_model(const FieldCall& call) {
  const auto& context = context_of(call);
  auto& store = context.services.store;
  const auto& input = *call.argument("input");
  const std::string name(text_at(input, "name"));
  std::string entity(text_at(input, "entityName"));
  if (entity.empty()) entity = context.principal.home;
  RUNSTONE_TRY(ingest::check_name("project", name));
  RUNSTONE_TRY(require(context, auth::Action::kWrite, {entity, name}));
  RUNSTONE_TRY(check_registry_input(context, input, entity, name));
  RUNSTONE_TRY(auto project, if_found(store.find_project(entity, name)));
  if (project) RUNSTONE_TRY(require_of_settings(context, *project));
  ModelPayload payload;
  payload.inserted = !project.has_value();
  if (!project) {
    RUNSTONE_TRY(const auto owner, store.find_entity(entity));
    RUNSTONE_TRY(project, store.create_project(owner.id, name, context.services.clock.now_us()));
    if (is_registry(name)) {
      RUNSTONE_TRY(
          store.registries().put_user(project->id, context.principal.user, store::Role::kAdmin));
    }
  }
  const auto* description = input.get("description");
  if (description != nullptr && description->is_string()) {
    RUNSTONE_TRY(store.set_project_description(project->id, *description->if_string()));
    project->description = *description->if_string();
  }
  if (is_registry(name)) {
    RUNSTONE_TRY(save_registry(context, *project, input));
    RUNSTONE_TRY(project, store.get_project(project->id));
  }
  payload.project = std::make_shared<const store::Project>(*std::move(project));
  return Resolved(Node::of(std::move(payload)));
}

Result<Resolved> rename_project(const FieldCall& call) {
  const auto& context = context_of(call);
  auto& store = context.services.store;
  const auto& input = *call.argument("input");
  const std::string entity(text_at(input, "entityName"));
  const std::string before(text_at(input, "oldProjectName"));
  const std::string name(text_at(input, "newProjectName"));
  RUNSTONE_TRY(require(context, auth::Action::kWrite, entity));
  RUNSTONE_TRY(auto project, find_project(context, entity, before));
  if (!project) {
    return fail(ErrorCode::kNotFound, "there is no project " + entity + "/" + before);
  }
  RUNSTONE_TRY(require_of_settings(context, *project));
  if (is_registry(before) != is_registry(name)) {
    return fail(ErrorCode::kInvalidArgument,
                "a registry stays a registry, and a project a project: the name of a registry "
                "begins with " +
                    std::string(kRegistryPrefix) + ", and no other does");
  }
  auto renamed = context.services.ingest.rename_project(project->id, name);
  if (!renamed) {
    return fail(std::move(renamed).error().with_context("project " + entity + "/" + before +
                                                        " keeps its name"));
  }
  RUNSTONE_TRY(project, if_found(store.get_project(project->id)));
  if (!project) return fail(ErrorCode::kNotFound, "the project was deleted meanwhile");
  ModelPayload payload;
  payload.project = std::make_shared<const store::Project>(*std::move(project));
  return Resolved(Node::of(std::move(payload)));
}

constexpr std::size_t kMaxRuns = 1000;  // of one mutation

/// The runs that the input names, each once, all of them writable for the viewer; then something
/// may be done to them.
Result<std::vector<store::RunInfo>> runs_of(const FieldCall& call) {
  const auto& ids = *call.argument("input")->get("ids")->if_list();
  if (ids.size() > kMaxRuns) {
    return fail(ErrorCode::kInvalidArgument, "ids: at most 1000 runs at a time");
  }
  const auto& context = context_of(call);
  std::vector<store::RunId> numbers;
  for (const auto& id : ids) {
    const auto number = parse_id("Run", id.string_or(""));
    if (!number)
      return fail(ErrorCode::kNotFound, "no run has the id " + std::string(id.string_or("")));
    numbers.push_back(store::RunId{*number});
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  RUNSTONE_TRY(auto runs, context.services.store.get_runs(numbers, {false, false}));
  for (const auto& run : runs) {
    // What the viewer may not even read looks as if it were not there.
    if (!require(context, auth::Action::kRead, place_of(run))) {
      return fail(ErrorCode::kNotFound, "some of the runs are not there");
    }
    RUNSTONE_TRY(require(context, auth::Action::kWrite, place_of(run)));
  }
  if (runs.size() != numbers.size()) {
    return fail(ErrorCode::kNotFound, "some of the runs are not there");
  }
  return runs;
}

std::vector<store::RunId> ids_of(const std::vector<store::RunInfo>& runs) {
  std::vector<store::RunId> ids;
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

Resolved counted(std::size_t count) {
  return Resolved(Value(Dict{{"count", static_cast<std::int64_t>(count)}}));
}

Result<Resolved> delete_runs(const FieldCall& call) {
  RUNSTONE_TRY(const auto runs, runs_of(call));
  RUNSTONE_TRY(context_of(call).services.ingest.delete_runs(ids_of(runs)));
  return counted(runs.size());
}

/// The project of that name, made if there is none.
Result<store::Project> project_for(const ApiContext& context, const std::string& entity,
                                   const std::string& name) {
  auto& store = context.services.store;
  RUNSTONE_TRY(auto project, if_found(store.find_project(entity, name)));
  if (project) return *std::move(project);
  RUNSTONE_TRY(const auto owner, store.find_entity(entity));
  return store.create_project(owner.id, name, context.services.clock.now_us());
}

Result<Resolved> move_runs(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  std::string entity(text_at(input, "entityName"));
  if (entity.empty()) entity = context.principal.home;
  const std::string name(text_at(input, "projectName"));
  RUNSTONE_TRY(ingest::check_name("project", name));
  RUNSTONE_TRY(require(context, auth::Action::kWrite, {entity, name}));
  RUNSTONE_TRY(const auto runs, runs_of(call));
  // The project is made only if the runs may go there.
  for (const auto& run : runs) {
    if (!store::is_live(run.state)) continue;
    return fail(ErrorCode::kFailedPrecondition,
                "run " + run.name + " is " + store::to_string(run.state) +
                    ": it can be moved when it has ended; none was moved");
  }
  RUNSTONE_TRY(const auto target, project_for(context, entity, name));
  if (auto moved = context.services.ingest.move_runs(ids_of(runs), target.id); !moved) {
    return fail(std::move(moved).error().with_context("none of the runs was moved"));
  }
  return counted(runs.size());
}

Result<bool> has_artifacts(const ApiContext& context, const store::Project& project) {
  store::ListCollections first_one;
  first_one.projects = {project.id};
  first_one.limit = 1;
  RUNSTONE_TRY(const auto found, context.services.store.artifacts().list_collections(first_one));
  return !found.empty();
}

Result<Resolved> delete_model(const FieldCall& call) {
  const auto& context = context_of(call);
  auto& store = context.services.store;
  const auto& input = *call.argument("input");
  RUNSTONE_TRY(const auto project,
               project_by_id(context, text_at(input, "id"), auth::Action::kWrite));
  RUNSTONE_TRY(require_of_settings(context, project));
  const auto* flag = input.get("deleteRuns");
  const bool with_contents = flag != nullptr && flag->bool_or(false);
  if (is_registry(project.name) || with_contents) {
    // The versions that were linked into a registry stay where they came from.
    RUNSTONE_TRY(context.services.artifacts.delete_project(project.id));
  } else {
    RUNSTONE_TRY(const bool refused, has_artifacts(context, project));
    if (refused) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the project has artifacts: deleteRuns deletes them with its runs");
    }
  }
  if (with_contents) {
    RUNSTONE_TRY(const auto ids, store.list_run_ids(project.id));
    auto deleted = context.services.ingest.delete_runs(ids);
    if (!deleted) return fail(std::move(deleted).error());
  }
  RUNSTONE_TRY(store.delete_project(project.id));
  return Resolved(Value(Dict{{"success", true}}));
}

}  // namespace

void register_project_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation.upsertModel", upsert_model);
  engine.resolve("Mutation.renameProject", rename_project);
  engine.resolve("Mutation.deleteModel", delete_model);
  engine.resolve("Mutation.moveRuns", move_runs);
  engine.resolve("Mutation.deleteRuns", delete_runs);
  const auto project = [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node(call.parent<ModelPayload>().project));
  };
  engine.resolve("UpsertModelPayload.project", project);
  engine.resolve("UpsertModelPayload.model", project);
  engine.resolve("UpsertModelPayload.inserted", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<ModelPayload>().inserted);
  });
}

}  // namespace runstone::api
