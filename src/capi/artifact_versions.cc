// Artifacts of a run, and versions that a server has.
#include "capi/fields.h"

using namespace runstone;
using namespace runstone::capi;

namespace {

template <typename T>
Answer no_place_for(T** place) {
  if (place != nullptr) return {};
  return fail(ErrorCode::kInvalidArgument, "there is no place for the handle: it is NULL");
}

}  // namespace

runstone_status runstone_log_artifact(runstone_run* run, runstone_artifact* artifact,
                                      const runstone_field* options, size_t count) {
  return with<Run>(run, [&](Run& it) -> Answer {
    const Pinned<Artifact> what(artifact);
    if (!what) return Answer::invalid_handle(HandleOf<Artifact>::kName);
    LogArtifactOptions wanted;
    OptionReader reader("runstone_log_artifact", options, count);
    reader.read("aliases", wanted.aliases);
    reader.read("tags", wanted.tags);
    RUNSTONE_TRY(reader.done());
    return it.log_artifact(*what, wanted);
  });
}

runstone_status runstone_log_path(runstone_run* run, const char* path,
                                  const runstone_field* options, size_t count,
                                  runstone_artifact** artifact) {
  if (artifact != nullptr) *artifact = nullptr;
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto what, required(path, "the path"));
    std::string name, type = "unspecified";
    LogArtifactOptions wanted;
    OptionReader reader("runstone_log_path", options, count);
    reader.read("name", name);
    reader.read("type", type);
    reader.read("aliases", wanted.aliases);
    reader.read("tags", wanted.tags);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(auto logged, it.log_artifact(what, name, type, wanted));
    if (artifact == nullptr) return {};
    return put(std::move(logged), artifact);
  });
}

runstone_status runstone_use_artifact(runstone_run* run, const char* name,
                                      const runstone_field* options, size_t count,
                                      runstone_artifact** artifact) {
  if (artifact != nullptr) *artifact = nullptr;
  return with<Run>(run, [&](Run& it) -> Answer {
    if (Answer no_place = no_place_for(artifact); no_place.status() != RUNSTONE_OK) return no_place;
    RUNSTONE_TRY(const auto which, required(name, "the name"));
    UseArtifactOptions wanted;
    OptionReader reader("runstone_use_artifact", options, count);
    reader.read("type", wanted.type);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(auto found, it.use_artifact(which, wanted));
    return put(std::move(found), artifact);
  });
}

runstone_status runstone_link_artifact(runstone_run* run, runstone_artifact* artifact,
                                       const char* target_path, const runstone_field* options,
                                       size_t count) {
  return with<Run>(run, [&](Run& it) -> Answer {
    const Pinned<Artifact> what(artifact);
    if (!what) return Answer::invalid_handle(HandleOf<Artifact>::kName);
    RUNSTONE_TRY(const auto target, required(target_path, "the target"));
    std::vector<std::string> aliases;
    OptionReader reader("runstone_link_artifact", options, count);
    reader.read("aliases", aliases);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(it.link_artifact(*what, target, aliases));
    return {};
  });
}

runstone_status runstone_artifact_wait(runstone_artifact* artifact, double timeout_secs) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer { return it.wait(timeout_secs); });
}

runstone_status runstone_artifact_download(runstone_artifact* artifact,
                                           const runstone_field* options, size_t count,
                                           char** path) {
  if (path != nullptr) *path = nullptr;
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    DownloadArtifactOptions wanted;
    OptionReader reader("runstone_artifact_download", options, count);
    reader.read("root", wanted.root);
    reader.read("path_prefix", wanted.path_prefix);
    reader.read("skip_cache", wanted.skip_cache);
    reader.read("allow_missing_references", wanted.allow_missing_references);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(auto folder, it.download(wanted));
    if (path == nullptr) return {};
    return give(std::move(folder), path, nullptr);
  });
}

runstone_status runstone_artifact_verify(runstone_artifact* artifact, const char* root) {
  return with<Artifact>(
      artifact, [&](Artifact& it) -> Answer { return it.verify(root == nullptr ? "" : root); });
}

runstone_status runstone_restore(runstone_run* run, const char* name, const runstone_field* options,
                                 size_t count, char** path) {
  if (path != nullptr) *path = nullptr;
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto file, required(name, "the name"));
    RestoreOptions wanted;
    OptionReader reader("runstone_restore", options, count);
    reader.read("run_path", wanted.run_path);
    reader.read("root", wanted.root);
    reader.read("replace", wanted.replace);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(auto where, it.restore(file, wanted));
    if (path == nullptr) return {};
    return give(std::move(where), path, nullptr);
  });
}
