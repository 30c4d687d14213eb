#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runstone/result.h"

namespace runstone {

/// Where a run's files are; all paths absolute.
struct RunDirectory {
  std::string parent;    ///< <dir>/runstone
  std::string path;      ///< .../run-20261123_132028-ab12cd34
  std::string files;     ///< .../files
  std::string logs;      ///< .../logs
  std::string journal;   ///< .../run-ab12cd34.wandb
  std::string timespec;  ///< 20261123_132028
  std::string warning;   ///< not empty: `dir` could not be written, this is below the system's temp
};

struct RunDirectoryRequest {
  std::string root_dir;
  std::string name = "runstone";  ///< of the parent
  std::optional<bool> hidden;     ///< `.<name>` instead; not said: if that is there already
  std::string run_id;
  bool offline = false;
  bool links = true;  ///< `latest-run`, `debug.log` and `debug-internal.log` beside the runs
  std::int64_t start_time_us = 0;
};

/// The parent of the runs' directories, `<root>/<name>` or `<root>/.<name>`, and nothing made.
std::string runs_directory(const std::string& root, const std::string& name,
                           std::optional<bool> hidden);

/// Makes the directories, `-1`, `-2`, ... behind the name if it is taken, and the link
/// `latest-run`.
Result<RunDirectory> make_run_directory(const RunDirectoryRequest& request);

}  // namespace runstone
