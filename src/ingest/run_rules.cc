#include "ingest/run_rules.h"

#include <algorithm>

namespace runstone::ingest {

using store::RunState;
using OptionalTime = std::optional<std::int64_t>;
using OptionalCode = std::optional<int>;

void apply_request(store::RunUpdate& update, const store::RunInfo& run,
                   const protocol::FileStreamBody& body, std::int64_t now_us) {
  update.heartbeat_at_us = now_us;
  RunState state = run.state;
  if (state == RunState::kCrashed) {
    state = RunState::kRunning;
    update.finished_at_us = OptionalTime();
    update.exit_code = OptionalCode();
  }
  if (!store::is_live(state)) return;
  if (state == RunState::kPending) state = RunState::kRunning;
  const bool preempting = run.preempting || body.preempting;
  if (body.preempting) {
    update.preempting = true;
    state = RunState::kPreempting;
  }
  if (body.complete) {
    const int code = body.exit_code.value_or(0);
    state = code == 0            ? RunState::kFinished
            : preempting         ? RunState::kPreempted
            : run.stop_requested ? RunState::kKilled
                                 : RunState::kFailed;
    update.exit_code = OptionalCode(code);
    update.finished_at_us = OptionalTime(now_us);
  }
  if (state == run.state) return;
  update.state = state;
  update.updated_at_us = now_us;
}

void apply_start(store::RunUpdate& update, const store::RunInfo& run) {
  // Only who begins says where it runs; a live writer sends its config by name, too, and that must
  // not take back that it is being preempted.
  if (run.state == RunState::kPreempting && !update.host) return;
  if (run.state != RunState::kRunning) update.state = RunState::kRunning;
  if (run.exit_code) update.exit_code = OptionalCode();
  if (run.finished_at_us) update.finished_at_us = OptionalTime();
  // A live writer sends its config by name, too: that must not take back a stop it has not seen
  // yet.
  if (run.stop_requested && !store::is_live(run.state)) update.stop_requested = false;
  if (run.preempting) update.preempting = false;
}

void apply_state(store::RunUpdate& update, const store::RunInfo& run, RunState state,
                 std::int64_t now_us) {
  update.state = state;
  if (store::is_live(state)) {
    update.finished_at_us = OptionalTime();
    update.exit_code = OptionalCode();
  } else if (!run.finished_at_us) {
    update.finished_at_us = OptionalTime(now_us);
  }
}

bool may_be_set(const store::RunInfo& run, RunState state) {
  if (!run.sweep.empty()) return false;
  const RunState now = run.state;
  if (state == RunState::kPending) {
    return now == RunState::kRunning || now == RunState::kFailed || now == RunState::kCrashed ||
           now == RunState::kPreempted;
  }
  return state == RunState::kFailed && (now == RunState::kPending || now == RunState::kRunning);
}

bool is_silent(const store::RunInfo& run, std::int64_t started_at_us, std::int64_t now_us,
               std::int64_t crash_after_us) {
  return store::is_live(run.state) && run.state != RunState::kPending &&
         now_us - std::max(run.heartbeat_at_us, started_at_us) > crash_after_us;
}

}  // namespace runstone::ingest
