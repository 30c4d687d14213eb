#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "store/ids.h"

namespace runstone::store {

enum class SweepId : std::int64_t {};
enum class SweepAgentId : std::int64_t {};

/// Pending: no run was given out yet. Paused: live runs go on, no new ones. Finished: no new runs,
/// live ones may end. Canceled: live runs are stopped, too.
enum class SweepState : std::uint8_t { kPending, kRunning, kPaused, kFinished, kCanceled };
/// "PENDING", "RUNNING", ... as the clients compare them.
const char* to_string(SweepState state);
/// Upper and lower case alike.
std::optional<SweepState> sweep_state_from(std::string_view text);

struct Sweep {
  SweepId id{};
  ProjectId project{};
  std::string entity_name;
  std::string project_name;
  std::string name;          ///< what users call its id; unique in the project
  std::string display_name;  ///< "" until somebody gives one
  std::string description;
  SweepState state = SweepState::kPending;
  std::string method;       ///< of the config: "grid", "random", "bayes", "custom"
  std::string config_yaml;  ///< as it was sent
  std::string controller_json = "{}";
  std::string scheduler_json = "{}";
  std::optional<std::int64_t> runs_expected;  ///< none: it has no end of its own
  std::optional<double> best_loss;            ///< the best finite value of its metric so far
  std::int64_t seed = 0;                      ///< all that is random in it follows from this
  std::int64_t suggestions = 0;               ///< how many points of its search were given out
  std::optional<UserId> user;                 ///< who made it
  std::int64_t created_at_us = 0;
  std::int64_t updated_at_us = 0;
  std::int64_t heartbeat_at_us = 0;  ///< of any of its agents; 0: none came yet
};

/// What is set replaces, what is not stays.
struct SweepUpdate {
  SweepId sweep{};
  std::optional<std::string> display_name, description, method, config_yaml, controller_json,
      scheduler_json;
  std::optional<SweepState> state;
  std::optional<std::optional<std::int64_t>> runs_expected;
  std::optional<std::optional<double>> best_loss;
  std::optional<std::int64_t> suggestions, updated_at_us, heartbeat_at_us;
};

/// A process somewhere that asks for runs.
struct SweepAgent {
  SweepAgentId id{};
  SweepId sweep{};
  std::string name;  ///< unique in the sweep
  std::string host;
  std::optional<UserId> user;
  std::int64_t created_at_us = 0;
  std::int64_t heartbeat_at_us = 0;
  std::int64_t run_count = 0;  ///< counted by the reads
};

/// A run that was given to an agent.
struct SweepRun {
  SweepId sweep{};
  std::string run;  ///< its name in the project
  SweepAgentId agent{};
  std::string args_json;        ///< {"lr":{"value":0.1}}, as the agent is told
  std::int64_t deliveries = 0;  ///< how often an agent was told to start it
  bool seen = false;            ///< the agent has said that it has it
  bool stop_sent = false;       ///< the agent was told to end it
  std::int64_t created_at_us = 0;
};

/// SQL of sweeps and their agents. Rules are as for Store: calls block, any thread may
/// make them, each write is one transaction, durable on return.
class SweepStore {
 public:
  virtual ~SweepStore() = default;

  /// kConflict if the project has a sweep of that name.
  virtual Result<Sweep> create_sweep(const Sweep& sweep) = 0;
  virtual Result<Sweep> get_sweep(SweepId id) const = 0;
  virtual Result<Sweep> find_sweep(ProjectId project, std::string_view name) const = 0;
  /// Newest first, those before `before` (0: from the newest); `limit` -1: all.
  virtual Result<std::vector<Sweep>> list_sweeps(ProjectId project, SweepId before,
                                                 std::int64_t limit) const = 0;
  virtual Result<std::int64_t> count_sweeps(ProjectId project) const = 0;
  virtual Result<void> update_sweep(const SweepUpdate& update) = 0;
  /// With its agents and what they were given; the runs themselves stay.
  virtual Result<void> delete_sweep(SweepId id) = 0;

  /// kNotFound if the sweep is gone.
  virtual Result<SweepAgent> create_agent(const SweepAgent& agent) = 0;
  virtual Result<SweepAgent> get_agent(SweepAgentId id) const = 0;
  virtual Result<SweepAgent> find_agent(SweepId sweep, std::string_view name) const = 0;
  virtual Result<std::vector<SweepAgent>> list_agents(SweepId sweep) const = 0;  ///< oldest first
  /// The agent's heartbeat and the sweep's, with what the beat changed, in one transaction.
  /// Runs are put by (sweep, run).
  virtual Result<void> record_heartbeat(SweepAgentId agent, const SweepUpdate& update,
                                        const std::vector<SweepRun>& put_runs) = 0;
  virtual Result<std::vector<SweepRun>> list_given_runs(SweepId sweep) const = 0;  ///< oldest first
};

}  // namespace runstone::store
