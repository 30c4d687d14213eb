// What a run logs from the event files that its program writes for TensorBoard.
#include <filesystem>
#include <fstream>

#include "base/random_id.h"
#include "base/try.h"
#include "sdk/run_state.h"

namespace runstone {

Result<void> RunState::sync_tensorboard(const std::string& directory, const std::string& root) {
  {
    const std::scoped_lock lock(mutex_);
    if (plan_.mode == RunMode::kDisabled) return {};
    RUNSTONE_TRY(check_recording("sync_tensorboard"));
    if (in_child()) {
      return fail(ErrorCode::kFailedPrecondition,
                  "event files are read where the run was made, not in a child process");
    }
    syncs_tensorboard_ = true;
  }
  return tensorboard_.add_directory(directory, root);
}

// Event files themselves are kept with the run, as TensorBoard would want them.
void RunState::look_at_tensorboard(bool at_finish) {
  if (!syncs_tensorboard_ || finished()) return;
  tensorboard_.look(*this, at_finish);
  for (const std::string& path : tensorboard_.take_files()) {
    SaveOptions options;
    options.policy = "end";
    options.glob = false;
    options.base_path = std::filesystem::path(path).parent_path().parent_path().string();
    if (const auto saved = save(path, options); !saved) terminal_.warn(saved.error().message);
  }
}

std::string RunState::keep_temporary(std::string_view bytes, const std::string& extension) {
  const std::string directory = directory_.path + "/tmp";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::string path = directory + "/" + random_id(12) + extension;
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;  // one that could not be written is found by who reads it
}

}  // namespace runstone
