// The program's source as an artifact.
#include <algorithm>
#include <filesystem>

#include "artifact/draft.h"
#include "base/try.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxFiles = 100'000;

bool is_source(const std::string& path, const std::string&) {
  const stdfs::path name = stdfs::path(path).filename();
  for (const char* extension : {".py", ".cc", ".cpp", ".cxx", ".c", ".h", ".hpp", ".cu", ".cuh"}) {
    if (name.extension() == extension) return true;
  }
  return name == "requirements.txt" || name.string().rfind("Dockerfile", 0) == 0;
}

bool is_of_runs(const std::string& path, const std::string& root) {
  const std::string first = stdfs::path(path).lexically_relative(root).begin()->string();
  return first == "wandb" || first == ".wandb" || first == "runstone" || first == ".runstone";
}

std::string as_artifact_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '_' && c != '.' && c != '-'; },
      '_');
  return name.size() <= kMaxNameBytes ? name : name.substr(0, kMaxNameBytes);
}

}  // namespace

Result<std::optional<Artifact>> RunState::log_code(const std::string& given_root,
                                                   const std::string& given_name,
                                                   const CodeFilter& include,
                                                   const CodeFilter& exclude) {
  if (plan_.mode == RunMode::kDisabled) return std::optional<Artifact>();
  {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(check_recording("log_code"));
  }
  std::error_code error;
  stdfs::path root =
      stdfs::absolute(given_root.empty() ? "." : given_root, error).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  if (!stdfs::is_directory(root, error)) {
    terminal_.warn("log_code() takes nothing: " + root.string() + " is no directory");
    return std::optional<Artifact>();
  }
  std::string name = given_name;
  if (name.empty()) {  // the same for every root: one program has one collection
    std::string program = place_.code_path;
    if (program.empty()) program = stdfs::path(plan_.program.program).filename().string();
    if (program.empty()) program = "program";
    name = "source-" + read(&RunState::project_) + "-" + program;
  }
  name = as_artifact_name(std::move(name));
  // Not by Artifact::create(): the type is the run's own.
  Artifact artifact(std::make_shared<artifact::Draft>(name, "code", ArtifactOptions()));
  std::size_t count = 0;
  for (stdfs::recursive_directory_iterator
           at(root, stdfs::directory_options::skip_permission_denied, error),
       end;
       at != end && count < kMaxFiles; at.increment(error)) {
    if (error) break;
    const std::string path = at->path().string();
    if (!at->is_regular_file(error)) continue;
    if (!(include ? include(path, root.string()) : is_source(path, root.string()))) continue;
    if (exclude ? exclude(path, root.string()) : is_of_runs(path, root.string())) continue;
    AddFileOptions options;
    options.name = at->path().lexically_relative(root).generic_string();
    RUNSTONE_TRY(artifact.add_file(path, options));
    ++count;
  }
  if (count == 0) {
    terminal_.warn("log_code() found no file to take below " + root.string());
    return std::optional<Artifact>();
  }
  RUNSTONE_TRY(log_artifact("log_code", artifact, {}, {}));
  RUNSTONE_TRY(set_private_config({"code_path"}, name));
  return std::optional<Artifact>(std::move(artifact));
}

}  // namespace runstone
