#include "api/registry_rules.h"

#include <array>

#include "artifacts/artifacts.h"
#include "artifacts/names.h"
#include "base/try.h"
#include "store/artifact_store.h"
#include "store/registry_store.h"

namespace runstone::api {
namespace {

constexpr std::string_view kOfOrganization = "PRIVATE", kRestricted = "RESTRICTED";

std::string_view access_in(const Value& input) {
  const auto* access = input.get("access");
  return access == nullptr ? "" : access->string_or("");
}

/// Those that an organization has without anybody making them, as scripts of the client expect.
bool is_core_registry(std::string_view project) {
  const auto name = project.substr(kRegistryPrefix.size());
  return name == "model" || name == "dataset";
}

}  // namespace

bool is_registry(std::string_view project) {
  return project.substr(0, kRegistryPrefix.size()) == kRegistryPrefix;
}

Result<std::optional<std::vector<std::string>>> allowed_types(const ApiContext& context,
                                                              const store::Project& project) {
  using Types = std::optional<std::vector<std::string>>;
  if (!is_registry(project.name) || !project.listed_types) return Types();
  auto& store = context.services.store;
  const std::array ids = {project.id};
  RUNSTONE_TRY(const auto types, store.artifacts().list_types(ids));
  std::vector<std::string> names;
  for (const auto& type : types) names.push_back(type.name);
  return Types(std::move(names));
}

Result<store::Project> project_to_link_to(const ApiContext& context, const std::string& entity,
                                          const std::string& project) {
  auto& store = context.services.store;
  if (!require(context, auth::Action::kRead, entity)) {
    return fail(ErrorCode::kNotFound, "there is no project " + entity + "/" + project);
  }
  const auto no_registry = [&] {
    return fail(ErrorCode::kNotFound, "there is no registry " +
                                          project.substr(kRegistryPrefix.size()) + " in " + entity +
                                          ": make it first, with wandb.Api().create_registry()");
  };
  const bool hidden = !require(context, auth::Action::kRead, {entity, project});
  if (hidden) return no_registry();
  RUNSTONE_TRY(require(context, auth::Action::kWrite, {entity, project}));
  RUNSTONE_TRY(auto found, if_found(store.find_project(entity, project)));
  if (found) return *std::move(found);
  RUNSTONE_TRY(const auto owner, store.find_entity(entity));
  const bool core = is_registry(project) && is_core_registry(project) &&
                    owner.kind == store::EntityKind::kOrganization;
  if (is_registry(project) && !core) return no_registry();
  RUNSTONE_TRY(artifacts::check_collection_name(project));
  auto made = store.create_project(owner.id, project, context.services.clock.now_us());
  // Someone else made it in between.
  if (!made && made.error().code == ErrorCode::kConflict)
    return store.find_project(entity, project);
  return made;
}

Result<void> check_registry_input(const ApiContext& context, const Value& input,
                                  const std::string& entity, const std::string& name) {
  if (!is_registry(name)) {
    if (access_in(input) != kRestricted) return {};
    return fail(ErrorCode::kInvalidArgument,
                "only registries can be restricted to some members: a project is seen by all of "
                "its entity");
  }
  RUNSTONE_TRY(const auto owner, context.services.store.find_entity(entity));
  if (owner.kind != store::EntityKind::kOrganization) {
    return fail(ErrorCode::kInvalidArgument, "a registry belongs to an organization, and " +
                                                 entity +
                                                 " is none: make one with `runstone org add`");
  }
  const auto access = access_in(input);
  if (!access.empty() && access != kOfOrganization && access != kRestricted) {
    return fail(ErrorCode::kInvalidArgument,
                "a registry has the access PRIVATE (its organization sees it) or RESTRICTED, not " +
                    std::string(access.substr(0, 80)));
  }
  const auto* types = input.get("artifactTypes");
  if (types == nullptr || types->if_list() == nullptr) return {};
  if (types->if_list()->size() > 1000) {
    return fail(ErrorCode::kInvalidArgument, "more than 1000 artifact types in one request");
  }
  for (const auto& type : *types->if_list()) {
    const auto* name = type.get("name");
    RUNSTONE_TRY(artifacts::check_type_name(name == nullptr ? "" : name->string_or("")));
  }
  return {};
}

Result<void> save_registry(const ApiContext& context, const store::Project& project,
                           const Value& input) {
  auto& store = context.services.store;
  const auto* types = input.get("artifactTypes");
  if (types != nullptr && types->if_list() != nullptr) {
    for (const auto& type : *types->if_list()) {
      RUNSTONE_TRY(store.artifacts().ensure_type(project.id, type.get("name")->string_or(""),
                                                 context.services.clock.now_us()));
    }
  }
  if (const auto access = access_in(input); !access.empty()) {
    RUNSTONE_TRY(store.registries().set_restricted(project.id, access == kRestricted));
  }
  const auto* all = input.get("allowAllArtifactTypesInRegistry");
  if (all == nullptr || all->is_null()) return {};
  return store.registries().set_listed_types(project.id, !all->bool_or(true));
}

}  // namespace runstone::api
