#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runstone/result.h"
#include "sdk/tfevents.h"

namespace runstone {

class RunState;

/// Reads the event files that a program writes for TensorBoard below its log directories, and logs
/// what is in them: each step of a file a row, its values under their tags, the step as
/// `global_step`, the time as `_timestamp`.
///
/// A tag gets the log directory's path below the root in front (`train/loss`). Without a root
/// given, it is what several directories have in common; a single one has no name. So rows wait
/// until a second directory is known, but no longer than ten seconds.
class TensorboardSync {
 public:
  /// `root` may be empty. Any thread. kInvalidArgument if the directory is not below the root.
  Result<void> add_directory(const std::string& directory, const std::string& root);
  /// Logs what has come since; on the keeper's thread, and at finish, when nothing waits any more.
  void look(RunState& run, bool at_finish);
  /// Of the event files seen; to be kept with the run.
  std::vector<std::string> take_files();

 private:
  struct Source {
    std::string directory, name_space;
    std::optional<TfEventReader> reader;
    std::optional<TfEvent> row;  ///< collected so far, until another step comes
    bool grew = false, broken = false;
  };
  void find_files();
  void read(RunState& run, const std::string& path, Source& source, bool at_finish);
  void write_row(RunState& run, Source& source);
  std::string name_space_of(const std::string& directory) const;

  std::mutex look_mutex_;                     // one look() at a time; before the next one
  std::mutex mutex_;                          // of the two below
  std::map<std::string, std::string> roots_;  // by directory, both absolute
  std::int64_t first_added_us_ = 0;
  std::map<std::string, Source> sources_;  // by path of the file
  std::vector<std::string> new_files_;
  bool named_ = false;
};

}  // namespace runstone
