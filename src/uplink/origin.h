#pragma once

#include <optional>
#include <string>

#include "protocol/resume_documents.h"
#include "runstone/result.h"
#include "uplink/api.h"
#include "uplink/sync_state.h"
#include "uplink/uplink.h"

namespace runstone::uplink {

/// What the server has of the run that this one goes on from; nothing if it begins anew.
struct FoundOrigin {
  std::optional<protocol::StoredRun> stored;
  /// The rule forbids to start: kFailedPrecondition (must, never), kNotFound (no such run).
  std::optional<Error> refusal;
};

/// Looks, and rewinds if the rule says so. Asking twice changes nothing. One try, no waiting.
Outcome<FoundOrigin> find_origin(ApiClient& api, const StartFrom& from, const RunRequest& request,
                                 std::int64_t timeout_us);
/// For a fork, once it is made: what the server gave it of the other run.
Outcome<FoundOrigin> find_fork(ApiClient& api, const StartFrom& from, const RunIdentity& run,
                               std::int64_t timeout_us);

// A run's config also tells where the rows of journals were put that were written offline and go on
// from it: `_wandb.sync_origins`, by the journal's start in microseconds. The file beside a journal
// says the same, but a file can be lost.

/// Nothing if that journal was not sent, or if the run has been cut shorter than it was then.
std::optional<SyncState::Before> noted_origin(const protocol::StoredRun& run,
                                              std::int64_t journal_start_us);
void note_origin(protocol::StoredRun& run, std::int64_t journal_start_us,
                 const SyncState::Before& before);

/// The stored config with what is given now over it. Of `_wandb` only what no writer makes anew is
/// kept: charts, class names, pinned keys, the branch point.
Dict merged_config(const Dict& stored, const Dict& given);
/// config._wandb.branch_point of a rewound run or a fork.
void set_branch_point(Dict& config, const StartFrom& from);

}  // namespace runstone::uplink
