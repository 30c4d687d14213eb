#include "sdk/live_files.h"

#include <filesystem>

namespace runstone {
namespace {
constexpr std::uint64_t kBytesPerSecond = 10'000'000;
}  // namespace

bool LiveFiles::read(const std::string& path, State& state) {
  std::error_code error;
  const auto modified = std::filesystem::last_write_time(path, error);
  if (error) return false;
  state.modified = modified.time_since_epoch().count();
  state.size_bytes = std::filesystem::file_size(path, error);
  return !error;
}

void LiveFiles::watch(const std::string& files_directory, const std::string& path) {
  State state;
  read(files_directory + "/" + path, state);  // one that is not there yet has changed once it is
  const std::scoped_lock lock(mutex_);
  files_.insert_or_assign(path, state);
}

std::vector<std::string> LiveFiles::take_changed(const std::string& files_directory,
                                                 std::int64_t now_us) {
  std::vector<std::string> changed;
  const std::scoped_lock lock(mutex_);
  for (auto& [path, known] : files_) {
    if (now_us < known.not_before_us) continue;
    State now;
    if (!read(files_directory + "/" + path, now)) continue;
    if (now.modified == known.modified && now.size_bytes == known.size_bytes) continue;
    known = now;
    known.not_before_us =
        now_us + static_cast<std::int64_t>(now.size_bytes / kBytesPerSecond) * 1'000'000;
    changed.push_back(path);
  }
  return changed;
}

}  // namespace runstone
