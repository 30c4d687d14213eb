#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runstone/result.h"
#include "uplink/uplink.h"

namespace runstone::uplink {

/// What `runstone sync` replaces in the runs that it sends, and which directories it takes.
struct SyncOptions {
  Target target;
  std::string run_id, project, entity, job_type;  ///< empty: as recorded
  /// Tags to replace, {old, new}.
  std::vector<std::pair<std::string, std::string>> replace_tags;
  bool include_online = false;
  bool include_synced = false;
  bool dry_run = false;
  bool verbose = false;
  /// How long a server that is away is waited for before the command gives up on a run.
  std::int64_t patience_us = 60'000'000;
  /// Called with a run's directory and journal path once its lock is held: copies what dead
  /// children of the run left in journals of their own into the main one. Null: nothing to do.
  std::function<Result<void>(const std::string& directory, const std::string& journal)>
      merge_children;
  std::function<void(MessageLevel, const std::string&)> on_message;  ///< one line each
};

/// A run directory that can be sent.
struct SyncCandidate {
  std::string directory;  ///< the run's directory
  std::string journal;    ///< its .wandb file
  std::string run_id;     ///< as its name says
  bool online = false;    ///< made by a run that was online
  bool synced = false;    ///< marked as delivered
};

struct SyncReport {
  std::uint64_t sent = 0, skipped = 0, failed = 0;
  bool all_delivered() const { return failed == 0; }
};

/// The runs below a wandb directory, or named by a run directory or a .wandb file.
/// Errors   kNotFound: a path that is none of these.
Result<std::vector<SyncCandidate>> find_runs(const std::vector<std::string>& paths);

/// Sends the runs, those of one id in the order in which they started. A run that a live process is
/// writing is followed until its writer has closed it or is gone.
SyncReport sync_runs(const std::vector<SyncCandidate>& runs, const SyncOptions& options);

}  // namespace runstone::uplink
