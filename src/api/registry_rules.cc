#include "api/registry_rules.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

#include "artifacts/artifacts.h"
#include "artifacts/names.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::api {
namespace {

// The projects that take only the types they name, as a JSON list of numbers: one read tells it of
// a whole page of registries.
constexpr std::string_view kSetting = "registries_with_listed_types";
std::mutex setting_mutex;  // between reading and writing it; one process owns a data folder

Result<std::set<std::int64_t>> read_listed(store::Store& store) {
  RUNSTONE_TRY(const auto text, store.get_or_create_setting(kSetting, "[]"));
  RUNSTONE_TRY(const auto value, json::parse(text));
  std::set<std::int64_t> projects;
  if (const auto* list = value.if_list()) {
    for (const auto& item : *list) projects.insert(item.int_or(0));
  }
  return projects;
}

Result<void> write_listed(store::Store& store, store::ProjectId project, bool listed) {
  const std::scoped_lock lock(setting_mutex);
  RUNSTONE_TRY(auto projects, read_listed(store));
  const auto number = store::to_number(project);
  const bool was = projects.count(number) != 0;
  if (was == listed) return {};
  if (listed) {
    projects.insert(number);
  } else {
    projects.erase(number);
  }
  List list;
  for (const auto one : projects) list.emplace_back(one);
  return store.put_setting(kSetting, json::to_text(Value(std::move(list))));
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

Result<std::set<std::int64_t>> registries_with_listed_types(const ApiContext& context) {
  return read_listed(context.services.store);
}

Result<std::optional<std::vector<std::string>>> allowed_types(const ApiContext& context,
                                                              const store::Project& project) {
  using Types = std::optional<std::vector<std::string>>;
  if (!is_registry(project.name)) return Types();
  auto& store = context.services.store;
  RUNSTONE_TRY(const auto listed, read_listed(store));
  if (listed.count(store::to_number(project.id)) == 0) return Types();
  const std::array ids = {project.id};
  RUNSTONE_TRY(const auto types, store.artifacts().list_types(ids));
  std::vector<std::string> names;
  for (const auto& type : types) names.push_back(type.name);
  return Types(std::move(names));
}

Result<store::Project> project_to_link_to(const ApiContext& context, const std::string& entity,
                                          const std::string& project) {
  auto& store = context.services.store;
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound, "there is no project " + entity + "/" + project);
  };
  if (!require(context, auth::Action::kRead, entity)) return missing();
  RUNSTONE_TRY(require(context, auth::Action::kWrite, entity));
  RUNSTONE_TRY(auto found, if_found(store.find_project(entity, project)));
  if (found) return *std::move(found);
  RUNSTONE_TRY(const auto owner, store.find_entity(entity));
  const bool core = is_registry(project) && is_core_registry(project) &&
                    owner.kind == store::EntityKind::kOrganization;
  if (is_registry(project) && !core) {
    return fail(ErrorCode::kNotFound, "there is no registry " +
                                          project.substr(kRegistryPrefix.size()) + " in " + entity +
                                          ": make it first, with wandb.Api().create_registry()");
  }
  RUNSTONE_TRY(artifacts::check_collection_name(project));
  auto made = store.create_project(owner.id, project, context.services.clock.now_us());
  // Someone else made it in between.
  if (!made && made.error().code == ErrorCode::kConflict)
    return store.find_project(entity, project);
  return made;
}

Result<void> check_registry_input(const ApiContext& context, const Value& input,
                                  const std::string& entity) {
  RUNSTONE_TRY(const auto owner, context.services.store.find_entity(entity));
  if (owner.kind != store::EntityKind::kOrganization) {
    return fail(ErrorCode::kInvalidArgument, "a registry belongs to an organization, and " +
                                                 entity +
                                                 " is none: make one with `runstone org add`");
  }
  if (const auto* access = input.get("access");
      access != nullptr && access->string_or("") == "RESTRICTED") {
    return fail(ErrorCode::kInvalidArgument,
                "registries that only some members of the organization see are not possible here: "
                "use the visibility 'organization'");
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
  const auto* all = input.get("allowAllArtifactTypesInRegistry");
  if (all == nullptr || all->is_null()) return {};
  return write_listed(store, project.id, !all->bool_or(true));
}

Result<void> empty_registry(const ApiContext& context, const store::Project& project) {
  RUNSTONE_TRY(context.services.artifacts.delete_project(project.id));
  return write_listed(context.services.store, project.id, false);
}

}  // namespace runstone::api
