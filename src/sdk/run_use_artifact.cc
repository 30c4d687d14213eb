// Artifacts that a run reads or links: what waits for the server.
#include <algorithm>
#include <filesystem>

#include "artifact/draft.h"
#include "artifact/versions.h"
#include "base/try.h"
#include "fs/fork_generation.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

constexpr std::int64_t kTypeTimeoutUs = 20'000'000;
constexpr const char* kModelRegistry = "model-registry";

bool is_of_model(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type.find("model") != std::string::npos;
}

Failure no_model(const std::string& name, const std::string& type) {
  return fail(ErrorCode::kInvalidType,
              "You can only use this method for 'model' artifacts: the type of '" + name + "', '" +
                  type + "', must contain the substring 'model'");
}

}  // namespace

std::shared_ptr<const artifact::Server> RunState::artifact_server() {
  const std::scoped_lock lock(mutex_);
  const unsigned generation = fs::fork_generation();
  if (!artifact_server_ || artifact_server_generation_ != generation) {
    remote::Target target{plan_.base_url, plan_.api_key};
    target.verify_tls = !plan_.settings.flag("insecure_disable_ssl");
    artifact_server_ = std::make_shared<const artifact::Server>(std::move(target));
    artifact_server_generation_ = generation;
  }
  return artifact_server_;
}

Result<void> RunState::check_online(const char* method, ErrorCode offline_code) const {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(check_recording(method));
  if (plan_.mode == RunMode::kOnline) return {};
  return fail(offline_code, std::string("Cannot use ") + method +
                                "() when in offline mode: there is no server to ask");
}

Result<Artifact> RunState::use_artifact(const std::string& name,
                                        const UseArtifactOptions& options) {
  RUNSTONE_TRY(check_online("use_artifact", ErrorCode::kInvalidType));
  const auto server = artifact_server();
  const std::string entity = read(&RunState::entity_);
  RUNSTONE_TRY(auto where, artifact::parse_artifact_name(name, entity, read(&RunState::project_)));
  if (where.is_registry()) {
    RUNSTONE_TRY(where.entity, artifact::entity_of_registries(*server, entity, where.entity));
  }
  RUNSTONE_TRY(auto facts, artifact::find_version(*server, where));
  if (!options.type.empty() && options.type != facts.type) {
    return fail(ErrorCode::kInvalidArgument, "Supplied type " + options.type +
                                                 " does not match type " + facts.type +
                                                 " of artifact " + name);
  }
  RUNSTONE_TRY(use_artifact_id(facts.id));
  return Artifact::of_server(server, std::move(facts));
}

Result<Artifact> RunState::use_artifact(const Artifact& artifact,
                                        const UseArtifactOptions& options) {
  RUNSTONE_TRY(check_online("use_artifact", ErrorCode::kInvalidType));
  if (!options.type.empty() && options.type != artifact.type()) {
    return fail(ErrorCode::kInvalidArgument, "Supplied type " + options.type +
                                                 " does not match type " + artifact.type() +
                                                 " of artifact " + artifact.name());
  }
  if (artifact.is_draft() && !artifact.is_sent()) {
    LogArtifactOptions logging;
    logging.aliases = options.aliases;
    ArtifactUse use;
    use.use_after_commit = true;
    RUNSTONE_TRY(log_artifact("use_artifact", artifact, logging, use));
    RUNSTONE_TRY(artifact.wait());
    return artifact;
  }
  RUNSTONE_TRY(artifact.wait());
  RUNSTONE_TRY(use_artifact_id(artifact.id()));
  return artifact;
}

Result<Artifact> RunState::link_artifact(const Artifact& artifact, const std::string& target_path,
                                         const std::vector<std::string>& aliases) {
  RUNSTONE_TRY(check_online("link_artifact", ErrorCode::kNotImplemented));
  RUNSTONE_TRY(auto target, artifact::parse_link_target(target_path, read(&RunState::entity_),
                                                        read(&RunState::project_)));
  if (artifact.is_draft() && !artifact.is_sent()) {
    RUNSTONE_TRY(log_artifact("link_artifact", artifact, {}, {}));
  }
  RUNSTONE_TRY(artifact.wait());
  const std::string front = target.entity.empty() ? "" : target.entity + "/";
  return artifact.link(front + target.project + "/" + target.collection, aliases);
}

Result<std::string> RunState::use_model(const std::string& name) {
  RUNSTONE_TRY(check_online("use_model", ErrorCode::kNotImplemented));
  RUNSTONE_TRY(const Artifact artifact, use_artifact(name, {}));
  if (!is_of_model(artifact.type())) return no_model(name, artifact.type());
  RUNSTONE_TRY(const std::string root, artifact.download());
  RUNSTONE_TRY(const auto entries, artifact.entries());
  if (entries.size() != 1) return root;
  return root + "/" + entries.front().path;
}

Result<Artifact> RunState::link_model(const std::string& path,
                                      const std::string& registered_model_name,
                                      const std::string& given_name,
                                      const std::vector<std::string>& aliases) {
  if (registered_model_name.find('/') != std::string::npos) {  // wrong offline, too
    return fail(ErrorCode::kInvalidType,
                "Please provide only the name of the registered model, not '" +
                    registered_model_name + "': do not append the entity or project name");
  }
  RUNSTONE_TRY(check_online("link_model", ErrorCode::kNotImplemented));
  const std::string entity = read(&RunState::entity_);
  std::string type = "model";
  if (!given_name.empty()) {
    RUNSTONE_TRY(auto found, artifact::type_of_collection(
                                 *artifact_server(),
                                 {entity, read(&RunState::project_), given_name}, kTypeTimeoutUs));
    type = found.value_or(type);
    if (!is_of_model(type)) return no_model(given_name, type);
  }
  RUNSTONE_TRY(const Artifact artifact, log_path("link_model", path, given_name, type, {}));
  return link_artifact(artifact, entity + "/" + kModelRegistry + "/" + registered_model_name,
                       aliases);
}

Result<void> Config::set(std::string_view key, const Artifact& artifact) {
  // A disabled run knows no server, and its config still shows what was put into it.
  if (state_->plan().mode == RunMode::kDisabled) return set(key, Value(artifact.name()));
  RUNSTONE_TRY(const Artifact used, state_->use_artifact(artifact, {}));
  RUNSTONE_TRY(Value value, used.config_value());
  return set(key, std::move(value));
}

}  // namespace runstone
