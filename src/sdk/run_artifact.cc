// Artifacts on their way into the journal; the uplink sends what it finds there.
#include <filesystem>

#include "artifact/draft.h"
#include "artifact/rules.h"
#include "artifact/versions.h"
#include "base/try.h"
#include "sdk/run_state.h"

namespace runstone {

namespace stdfs = std::filesystem;

namespace {
constexpr std::int64_t kTypeTimeoutUs = 2'000'000;
}

Result<void> RunState::log_artifact(const char* method, const Artifact& artifact,
                                    const LogArtifactOptions& options, const ArtifactUse& use) {
  if (plan_.mode == RunMode::kDisabled) return {};
  RUNSTONE_TRY(auto aliases, artifact::aliases_of_version(options.aliases));
  RUNSTONE_TRY(auto tags, artifact::checked_tags(options.tags));
  const std::shared_ptr<artifact::Draft>& draft = artifact.draft();
  {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(check_recording(method));
    if (was_forked()) become_child();
  }
  const bool is_sent = plan_.mode == RunMode::kOnline && uplink_ && !is_child();
  if (is_sent && !use.is_internal) RUNSTONE_TRY(check_where_logged(*draft));
  draft->set_under_way(is_sent ? artifact::Draft::Fate::kUnderWay : artifact::Draft::Fate::kOffline,
                       is_sent ? artifact_server() : nullptr);
  protocol::ArtifactRecord record = draft->to_record();
  record.run_id = plan_.id;
  record.aliases = std::move(aliases);
  record.tags = std::move(tags);
  record.distributed_id = use.distributed_id;
  if (!use.distributed_id.empty()) draft->set_distributed_id(use.distributed_id);
  record.finalize = use.finalize;
  record.use_after_commit = use.use_after_commit;
  record.user_created = use.use_after_commit;
  if (is_sent) artifacts_.add(draft);
  const std::scoped_lock lock(mutex_);
  record.project = project_;
  record.entity = entity_;
  append_record(std::move(record));
  return {};
}

// A user learns of a wrong type here, and not only when the files are there. A server that does not
// answer at once is no obstacle: it will say so itself.
Result<void> RunState::check_where_logged(const artifact::Draft& draft) {
  const artifact::LinkTarget where{read(&RunState::entity_), read(&RunState::project_), draft.name};
  const auto is_elsewhere = [](const std::string& home, const std::string& here) {
    return !home.empty() && !here.empty() && home != here;
  };
  if (is_elsewhere(draft.home_entity, where.entity) ||
      is_elsewhere(draft.home_project, where.project)) {
    return fail(ErrorCode::kInvalidArgument, "Artifact " + draft.name + " exists in project '" +
                                                 draft.home_entity + "/" + draft.home_project +
                                                 "'; it can't be moved to '" + where.entity + "/" +
                                                 where.project + "'");
  }
  std::string type;
  {
    const std::scoped_lock lock(mutex_);
    type = artifact_types_[draft.name];
  }
  if (type.empty()) {
    const auto found = artifact::type_of_collection(*artifact_server(), where, kTypeTimeoutUs);
    if (!found) return {};
    type = found->value_or(draft.type);
    const std::scoped_lock lock(mutex_);
    artifact_types_[draft.name] = type;
  }
  if (type == draft.type) return {};
  return fail(ErrorCode::kInvalidArgument,
              "Artifact " + draft.name + " already exists with type '" + type +
                  "'; cannot create another with type '" + draft.type + "'");
}

Result<std::string> RunState::distributed_id(const std::string& given) const {
  if (!given.empty()) return given;
  if (!plan_.group.empty()) return plan_.group;
  return fail(ErrorCode::kInvalidType,
              "Cannot upsert artifact unless run is in a group or distributed_id is provided");
}

Result<Artifact> RunState::artifact_of_path(const std::string& path, std::string name,
                                            const std::string& type) const {
  if (name.empty()) {
    const stdfs::path whole(path);
    const stdfs::path last = whole.has_filename() ? whole : whole.parent_path();
    name = "run-" + plan_.id + "-" + last.lexically_normal().filename().string();
  }
  RUNSTONE_TRY(Artifact artifact, Artifact::create(name, type));
  if (plan_.mode == RunMode::kDisabled) return artifact;  // nothing is read, nothing copied
  std::error_code error;
  if (stdfs::is_regular_file(path, error)) {
    RUNSTONE_TRY(artifact.add_file(path));
  } else if (stdfs::is_directory(path, error)) {
    RUNSTONE_TRY(artifact.add_dir(path));
  } else if (path.find("://") != std::string::npos) {
    RUNSTONE_TRY(artifact.add_reference(path));
  } else {
    return fail(
        ErrorCode::kInvalidArgument,
        "path must be a file, directory or external reference like s3://bucket/path, not '" + path +
            "'");
  }
  return artifact;
}

Result<Artifact> RunState::log_path(const char* method, const std::string& path, std::string name,
                                    const std::string& type, const LogArtifactOptions& options) {
  if (plan_.mode != RunMode::kDisabled) {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(check_recording(method));
  }
  RUNSTONE_TRY(Artifact artifact, artifact_of_path(path, std::move(name), type));
  RUNSTONE_TRY(log_artifact(method, artifact, options, {}));
  return artifact;
}

Result<void> RunState::use_artifact_id(const std::string& server_id) {
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled) return {};
  RUNSTONE_TRY(check_recording("use_artifact"));
  if (was_forked()) become_child();
  protocol::UseArtifactRecord record;
  record.id = server_id;
  append_record(std::move(record));
  return {};
}

}  // namespace runstone
