#include "sweeps/agents.h"

#include <algorithm>

#include "base/json.h"

namespace runstone::sweeps {
namespace {

using store::RunState;
using store::SweepState;

bool was_created(const GivenRun& run) { return run.given.deliveries > 0; }

// Another agent may have it: nobody began it, and who got it is gone, or the server was
// interrupted between choosing and sending it.
bool is_lost(const GivenRun& run) {
  if (!was_created(run)) return true;
  return run.state == RunState::kPending && !run.agent_alive &&
         run.given.deliveries < kMaxDeliveries;
}

// The agent's own runs of which it says nothing any more.
void settle_own(const Beat& beat, BeatPlan& plan) {
  for (std::size_t i = 0; i < beat.runs.size(); ++i) {
    const GivenRun& run = beat.runs[i];
    if (run.given.agent != beat.agent || !was_created(run) || !run.state) continue;
    if (beat.reported.contains(run.given.run)) continue;
    const bool live = store::is_live(*run.state);
    if (run.given.stop_sent) {
      if (live || run.state == RunState::kFailed || run.state == RunState::kCrashed) {
        plan.killed.push_back(i);
      }
    } else if (run.state == RunState::kPending) {
      if (run.given.seen || run.given.deliveries >= kMaxDeliveries) {
        plan.failed.push_back(i);
      } else if (!plan.start) {
        plan.start = i;  // the command did not arrive
      }
    }
  }
}

// What waits for any agent.
std::optional<std::size_t> find_waiting(const Beat& beat, bool& resume) {
  for (std::size_t i = 0; i < beat.runs.size(); ++i) {
    const GivenRun& run = beat.runs[i];
    if (run.state == RunState::kPreempted && !run.given.stop_sent) {
      resume = true;
      return i;
    }
    if (run.given.agent != beat.agent || !was_created(run)) {
      if (is_lost(run)) return i;
    }
  }
  return std::nullopt;
}

// A run of another agent that may yet come back to be given again.
bool some_may_return(const Beat& beat) {
  return std::any_of(beat.runs.begin(), beat.runs.end(), [&](const GivenRun& run) {
    return run.given.agent != beat.agent && run.agent_alive &&
           (run.state == RunState::kPending || run.state == RunState::kPreempting);
  });
}

}  // namespace

BeatPlan plan_beat(const Beat& beat) {
  BeatPlan plan;
  const bool canceled = beat.state == SweepState::kCanceled;
  for (std::size_t i = 0; i < beat.runs.size(); ++i) {
    const GivenRun& run = beat.runs[i];
    if (run.given.agent != beat.agent || !beat.reported.contains(run.given.run)) continue;
    if (!run.given.seen) plan.seen.push_back(i);
    // Said again with each beat: an agent that runs processes kills those that do not obey.
    if (canceled || run.stop_wanted || run.given.stop_sent) plan.stop.push_back(i);
  }
  if (!beat.reported.empty()) return plan;

  settle_own(beat, plan);
  const bool open = beat.state == SweepState::kRunning || beat.state == SweepState::kPending;
  if (!open) {
    plan.start.reset();
    plan.exit = beat.state != SweepState::kPaused;
    return plan;
  }
  if (plan.start) return plan;
  plan.start = find_waiting(beat, plan.resume);
  if (plan.start) return plan;
  if (!beat.exhausted) {
    plan.start_new = true;
  } else {
    plan.exit = !some_may_return(beat);
  }
  return plan;
}

bool all_ended(const std::vector<GivenRun>& runs) {
  return std::none_of(runs.begin(), runs.end(), [](const GivenRun& run) {
    if (!was_created(run)) return true;
    return run.state && (store::is_live(*run.state) || run.state == RunState::kPreempted);
  });
}

std::set<std::string> reported_runs(std::string_view run_state_json) {
  std::set<std::string> runs;
  const auto parsed = json::parse(run_state_json);
  if (!parsed || !parsed->is_dict()) return runs;
  for (const auto& [run, state] : *parsed->if_dict()) {
    if (state.bool_or(true)) runs.insert(run);
  }
  return runs;
}

Value run_command(const char* type, const std::string& run, const Value& args,
                  const Value& program) {
  return Dict{{"type", type}, {"run_id", run}, {"args", args}, {"program", program}};
}
Value stop_command(const std::string& run) { return Dict{{"type", "stop"}, {"run_id", run}}; }
Value exit_command() { return Dict{{"type", "exit"}}; }

}  // namespace runstone::sweeps
