#pragma once

#include <cstdint>

#include "protocol/file_stream_body.h"
#include "store/store.h"

// The states of a run, as pure rules: what a writer's request, an upsert or silence makes of it.
namespace runstone::ingest {

/// A request of the writer at `now_us`, a heartbeat included. Silence is undone; a run that ended
/// stays as it ended.
void apply_request(store::RunUpdate& update, const store::RunInfo& run,
                   const protocol::FileStreamBody& body, std::int64_t now_us);

/// Upsert by name: the run starts, or starts again.
void apply_start(store::RunUpdate& update, const store::RunInfo& run);

/// A state set by name (upsertBucket's `state`).
void apply_state(store::RunUpdate& update, const store::RunInfo& run, store::RunState state,
                 std::int64_t now_us);

/// Whether a person may set this state: to pending what is to be tried again, to failed what is
/// lost. What a sweep began only the sweep ends.
bool may_be_set(const store::RunInfo& run, store::RunState state);

/// Whether silence since `heartbeat_at_us` ends the run. Nobody is expected to write to a pending
/// one.
bool is_silent(const store::RunInfo& run, std::int64_t started_at_us, std::int64_t now_us,
               std::int64_t crash_after_us);

}  // namespace runstone::ingest
