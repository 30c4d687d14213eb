#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runstone/value.h"
#include "store/records.h"
#include "store/sweep_store.h"

namespace runstone::sweeps {

/// An agent that was silent for so long is gone: what it did not start is given to another.
inline constexpr std::int64_t kAgentSilentSecs = 60;
/// A run that was sent so often and never begun has failed.
inline constexpr std::int64_t kMaxDeliveries = 3;

/// A run that the sweep gave out, as it stands now.
struct GivenRun {
  store::SweepRun given;
  std::optional<store::RunState> state;  ///< none: there is no such run (any more)
  bool agent_alive = true;
  bool stop_wanted = false;  ///< by early termination
};

/// One heartbeat: what the server knows before it answers.
struct Beat {
  store::SweepAgentId agent{};
  std::set<std::string> reported;  ///< runs that the agent has queued or runs
  store::SweepState state = store::SweepState::kRunning;
  bool exhausted = false;  ///< there is no further point to try
  std::vector<GivenRun> runs;
};

/// What to do with it; indices are those of Beat::runs.
struct BeatPlan {
  std::vector<std::size_t> seen;     ///< the agent has now shown that it has these
  std::vector<std::size_t> stop;     ///< tell the agent to end these
  std::vector<std::size_t> killed;   ///< ended as asked: their state is killed
  std::vector<std::size_t> failed;   ///< ended without ever having begun
  std::optional<std::size_t> start;  ///< (again) tell the agent to start this one
  bool resume = false;               ///< `start` was preempted
  bool start_new = false;            ///< a new point of the search
  bool exit = false;
};

/// The agent protocol: no new run while the agent has a live one; a run whose command was lost is
/// sent again; what a dead agent did not begin, and what was preempted, goes to the next one that
/// asks; an agent of an ended sweep may finish its run, one of a canceled sweep is told to end it.
BeatPlan plan_beat(const Beat& beat);

/// True if no run that was given out can still bring a result.
bool all_ended(const std::vector<GivenRun>& runs);

/// The runs that an agent reports, from {"<run>": true}. Empty for what is no such text.
std::set<std::string> reported_runs(std::string_view run_state_json);

// The commands of the protocol.
Value run_command(const char* type, const std::string& run, const Value& args,
                  const Value& program);
Value stop_command(const std::string& run);
Value exit_command();

}  // namespace runstone::sweeps
