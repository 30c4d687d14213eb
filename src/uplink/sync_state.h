#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fs/file_system.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::uplink {

/// How far a server has acknowledged a journal: kept beside it in `run-<id>.wandb.syncstate`. It
/// only spares work, since sending a line again changes nothing; so it is written without a sync,
/// and one that is missing, damaged or of another program means: from the start. (Where the rows of
/// a journal are that goes on from a stored run, that run's config says, too: origin.h.)
struct SyncState {
  std::string base_url, entity, project, run_id;
  std::uint64_t history_lines = 0, event_lines = 0, console_lines = 0;
  /// Of a journal that was written offline and goes on from a stored run: what the run had before.
  struct Before {
    std::int64_t next_step = 0;
    double runtime_secs = 0;
    std::int64_t history_lines = 0, event_lines = 0, console_lines = 0;
  };
  std::optional<Before> began_behind;
  /// Of a writer of a shared run, whose server knows a request by its bytes alone: the lines of the
  /// request that was on its way last. The same lines make the same request again.
  struct InFlight {
    std::string stream;
    std::uint64_t first_line = 0, count = 0;
  };
  std::optional<InFlight> in_flight;
};

Dict json_of_before(const SyncState::Before& before);
SyncState::Before before_of_json(const Value& json);

fs::Path sync_state_path(const fs::Path& journal);
/// Nothing if there is none of ours.
std::optional<SyncState> load_sync_state(fs::FileSystem& disk, const fs::Path& journal);
/// Replaces the file in one step. kFailedPrecondition if another program's file is in its place.
Result<void> save_sync_state(fs::FileSystem& disk, const fs::Path& journal, const SyncState& state);

/// The empty file `run-<id>.wandb.synced`: all of the journal was delivered once.
fs::Path synced_mark_path(const fs::Path& journal);
void mark_synced(const fs::Path& journal);

}  // namespace runstone::uplink
