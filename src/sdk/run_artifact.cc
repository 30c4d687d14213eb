// Artifacts on their way into the journal; the uplink sends what it finds there.
#include <filesystem>

#include "artifact/draft.h"
#include "base/try.h"
#include "sdk/run_state.h"

namespace runstone {

namespace stdfs = std::filesystem;

Result<void> RunState::log_artifact(const char* method, const Artifact& artifact,
                                    const LogArtifactOptions& options, const ArtifactUse& use) {
  if (plan_.mode == RunMode::kDisabled) return {};
  RUNSTONE_TRY(auto aliases, artifact::checked_aliases(options.aliases));
  RUNSTONE_TRY(auto tags, artifact::checked_tags(options.tags));
  const std::shared_ptr<artifact::Draft>& draft = artifact.draft();
  {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(check_recording(method));
    if (was_forked()) become_child();
  }
  const bool is_sent = plan_.mode == RunMode::kOnline && uplink_ && !is_child();
  draft->set_under_way(is_sent ? artifact::Draft::Fate::kUnderWay
                               : artifact::Draft::Fate::kOffline);
  protocol::ArtifactRecord record = draft->to_record();
  record.run_id = plan_.id;
  record.aliases = std::move(aliases);
  record.tags = std::move(tags);
  record.distributed_id = use.distributed_id;
  record.finalize = use.finalize;
  record.use_after_commit = use.use_after_commit;
  if (is_sent) artifacts_.add(draft);
  const std::scoped_lock lock(mutex_);
  record.project = project_;
  record.entity = entity_;
  append_record(std::move(record));
  return {};
}

Result<std::string> RunState::distributed_id(const std::string& given) const {
  if (!given.empty()) return given;
  if (!plan_.group.empty()) return plan_.group;
  return fail(ErrorCode::kInvalidType,
              "Cannot upsert artifact unless run is in a group or distributed_id is provided");
}

Result<Artifact> RunState::log_path(const char* method, const std::string& path, std::string name,
                                    const std::string& type, const LogArtifactOptions& options) {
  {
    const std::scoped_lock lock(mutex_);
    if (plan_.mode != RunMode::kDisabled) RUNSTONE_TRY(check_recording(method));
  }
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
