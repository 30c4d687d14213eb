#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace runstone {

/// Run files that are sent again whenever they change. Any thread.
class LiveFiles {
 public:
  /// Watches files/<path> from its state now on.
  void watch(const std::string& files_directory, const std::string& path);
  /// Which have changed since they were last asked for. Of large files seldom: one is said again
  /// after a second for each 10 MB, so that a growing checkpoint is not sent all the time.
  std::vector<std::string> take_changed(const std::string& files_directory, std::int64_t now_us);

 private:
  struct State {
    std::int64_t modified = 0;  ///< in the file system's own units
    std::uint64_t size_bytes = 0;
    std::int64_t not_before_us = 0;
  };
  static bool read(const std::string& path, State& state);
  std::mutex mutex_;
  std::map<std::string, State> files_;
};

}  // namespace runstone
