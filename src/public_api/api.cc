#include "runstone/api.h"

#include <cmath>

#include "artifact/versions.h"
#include "base/seconds.h"
#include "base/try.h"
#include "protocol/public_documents.h"
#include "public_api/json_node.h"
#include "public_api/lists.h"
#include "public_api/paths.h"
#include "public_api/session.h"
#include "sdk/find_server.h"

namespace runstone {
namespace {

constexpr double kTimeoutMaxSecs = 24 * 3600;

Result<Settings> settings_of(const ApiOptions& options) {
  Settings code = options.settings;
  if (!options.base_url.empty()) {
    RUNSTONE_TRY(const auto address, server_address(options.base_url));
    RUNSTONE_TRY(code.set("base_url", address));
  }
  if (!options.api_key.empty()) RUNSTONE_TRY(code.set("api_key", options.api_key));
  if (!options.entity.empty()) RUNSTONE_TRY(code.set("entity", options.entity));
  if (!options.project.empty()) RUNSTONE_TRY(code.set("project", options.project));
  return code;
}

Result<void> check_page_size(int per_page) {
  if (per_page >= 1) return {};
  return fail(ErrorCode::kInvalidArgument,
              "per_page must be at least 1, not " + std::to_string(per_page));
}

// "[[entity/]project/]name[:alias]", with what is missing from the session.
Result<artifact::ArtifactName> find_place(std::string_view name, public_api::Session& session) {
  RUNSTONE_TRY(const std::string entity, session.default_entity());
  const std::string& project = session.options().project;
  RUNSTONE_TRY(auto place,
               artifact::parse_artifact_name(std::string(name), entity,
                                             project.empty() ? "uncategorized" : project));
  if (place.is_registry()) {
    // What stands before it is an organization; without one, that of the key's own entity.
    RUNSTONE_TRY(auto of,
                 artifact::entity_of_registries(*session.artifacts(), entity, place.entity));
    place.entity = std::move(of);
  }
  return place;
}

}  // namespace

Result<Api> Api::open(const ApiOptions& options) {
  if (!(options.timeout_secs > 0) || options.timeout_secs > kTimeoutMaxSecs) {
    return fail(ErrorCode::kInvalidArgument,
                "timeout must be more than 0 seconds, and at most a day");
  }
  RUNSTONE_TRY(const auto code, settings_of(options));
  RUNSTONE_TRY(const auto found, find_server(code));
  RUNSTONE_TRY(check_found(found.address));
  const bool is_https = found.address.base_url.rfind("https://", 0) == 0;
  public_api::SessionOptions session;
  session.target.base_url = found.address.base_url;
  session.target.api_key = found.address.api_key;
  session.target.proxy = found.settings.text(is_https ? "https_proxy" : "http_proxy");
  session.target.verify_tls = !found.settings.flag("insecure_disable_ssl");
  session.app_url = found.settings.text("app_url");
  session.entity = found.settings.text("entity");
  session.project = found.settings.text("project");
  session.timeout_us = us_of_seconds(options.timeout_secs);
  return Api(std::make_shared<public_api::Session>(std::move(session)));
}

Result<PublicRun> Api::run(std::string_view path) const {
  RUNSTONE_TRY(auto parsed, public_api::parse_run_path(path, *session_));
  RUNSTONE_TRY(auto record, public_api::find_run(session_, std::move(parsed)));
  return PublicRun(std::move(record));
}

Result<Pages<PublicRun>> Api::runs(std::string_view path, const RunsOptions& options) const {
  RUNSTONE_TRY(check_page_size(options.per_page));
  RUNSTONE_TRY(auto parsed, public_api::parse_project_path(path, *session_));
  return public_api::list_runs(session_, std::move(parsed), options);
}

Result<Pages<ProjectInfo>> Api::projects(const std::string& entity, int per_page) const {
  RUNSTONE_TRY(check_page_size(per_page));
  std::string of = entity;
  if (of.empty()) {
    RUNSTONE_TRY(of, session_->default_entity());
  }
  if (of.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "the projects of which entity? The server names none "
                "for this key: give entity=");
  }
  return public_api::list_projects(session_, std::move(of), per_page);
}

Result<ProjectInfo> Api::create_project(const std::string& name, const std::string& entity) const {
  std::string of = entity;
  if (of.empty()) {
    RUNSTONE_TRY(of, session_->default_entity());
  }
  Dict variables{{"name", name}};
  if (!of.empty()) variables.set("entity", of);
  RUNSTONE_TRY(const auto data,
               session_->ask("CreateProject", protocol::kCreateProjectDocument, variables));
  const Value* project = public_api::at(&data, "upsertModel", "project");
  if (project == nullptr || !project->is_dict()) {
    return fail(ErrorCode::kInvalidArgument, "the server made no project " + of + "/" + name);
  }
  return public_api::parse_project(*project, *session_);
}

Result<Sweep> Api::sweep(std::string_view path) const {
  RUNSTONE_TRY(const auto parsed, public_api::parse_run_path(path, *session_));
  return public_api::find_sweep(session_, parsed);
}

Result<ApiUser> Api::viewer() const {
  RUNSTONE_TRY(const auto data, session_->ask("GetViewer", protocol::kGetViewerDocument, Dict()));
  const Value* viewer = data.get("viewer");
  if (viewer == nullptr || !viewer->is_dict()) {
    return fail(
        ErrorCode::kUnauthenticated,
        base_url() + " knows no user for this key: `runstone key` on the server prints one");
  }
  ApiUser user{.id = public_api::text_at(viewer, "id"),
               .name = public_api::text_at(viewer, "name"),
               .username = public_api::text_at(viewer, "username"),
               .email = public_api::text_at(viewer, "email"),
               .entity = public_api::text_at(viewer, "entity")};
  const Value* admin = viewer->get("admin");
  user.admin = admin != nullptr && admin->bool_or(false);
  for (const Value* team : public_api::nodes_of(viewer->get("teams"))) {
    user.teams.push_back(public_api::text_at(team, "name"));
  }
  return user;
}

Result<std::string> Api::default_entity() const { return session_->default_entity(); }

Result<Artifact> Api::artifact(std::string_view name, const std::string& type) const {
  RUNSTONE_TRY(const auto place, find_place(name, *session_));
  const auto server = session_->artifacts();
  RUNSTONE_TRY(auto facts, artifact::find_version(*server, place));
  if (!type.empty() && facts.type != type) {
    return fail(ErrorCode::kInvalidArgument, "the artifact " + std::string(name) +
                                                 " is of the type " + facts.type + ", not " + type);
  }
  return Artifact::of_server(server, std::move(facts));
}

Result<Pages<Artifact>> Api::artifacts(const std::string& type, std::string_view name,
                                       int per_page) const {
  RUNSTONE_TRY(check_page_size(per_page));
  RUNSTONE_TRY(auto place, find_place(name, *session_));
  return public_api::list_versions(
      session_, {std::move(place.entity), std::move(place.project), std::move(place.name), type},
      per_page);
}

Result<bool> Api::artifact_exists(std::string_view name, const std::string& type) const {
  const auto found = artifact(name, type);
  if (found) return true;
  const ErrorCode code = found.error().code;
  if (code == ErrorCode::kNotFound) return false;
  // Of another type; a wrong name is an error.
  if (code == ErrorCode::kInvalidArgument && !type.empty() && artifact(name)) return false;
  return fail(found.error());
}

std::string Api::base_url() const { return session_->options().target.base_url; }
std::string Api::api_key() const { return session_->options().target.api_key; }

}  // namespace runstone
