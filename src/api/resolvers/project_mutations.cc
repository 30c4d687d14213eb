#include "api/api_context.h"
#include "api/resolvers/resolvers.h"
#include "base/try.h"

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

Result<Resolved> upsert_model(const FieldCall& call) {
  const auto& context = context_of(call);
  auto& store = context.services.store;
  const auto& input = *call.argument("input");
  const std::string name(text_at(input, "name"));
  std::string entity(text_at(input, "entityName"));
  if (entity.empty()) entity = context.principal.name;
  if (name.empty()) return fail(ErrorCode::kInvalidArgument, "a project needs a name");
  RUNSTONE_TRY(require(context, auth::Action::kWrite, entity));
  RUNSTONE_TRY(auto project, if_found(store.find_project(entity, name)));
  ModelPayload payload;
  payload.inserted = !project.has_value();
  if (!project) {
    RUNSTONE_TRY(const auto owner, store.find_entity(entity));
    RUNSTONE_TRY(project, store.create_project(owner.id, name, context.services.clock.now_us()));
  }
  const auto* description = input.get("description");
  if (description != nullptr && description->is_string()) {
    RUNSTONE_TRY(store.set_project_description(project->id, *description->if_string()));
    project->description = *description->if_string();
  }
  payload.project = std::make_shared<const store::Project>(*std::move(project));
  return Resolved(Node::of(std::move(payload)));
}

}  // namespace

void register_project_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation.upsertModel", upsert_model);
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
