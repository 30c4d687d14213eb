#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ingest/ingest.h"
#include "query/query.h"
#include "runstone/result.h"
#include "store/store.h"
#include "store/sweep_store.h"

namespace runstone::sweeps {

/// The input of upsertSweep: what is not set stays.
struct UpsertSweep {
  std::optional<store::SweepId> id;  ///< of an existing sweep; then entity and project do not count
  std::string entity, project;       ///< of a new one; no project: "uncategorized"
  std::optional<std::string> config_yaml, display_name, description, controller_json,
      scheduler_json, state, prior_runs_filters;
  std::optional<store::UserId> user;  ///< the caller
};

struct UpsertedSweep {
  store::Sweep sweep;
  std::vector<std::string> warnings;
  bool inserted = false;
};

/// Sweeps: which parameters come next, which runs end early, what agents are told. Blocking,
/// thread-safe; one thing at a time happens to each sweep. Who may do what is asked by the caller.
class Sweeps {
 public:
  struct Options {
    /// Fixes the seeds of new sweeps, for tests; none: from the kernel.
    std::optional<std::int64_t> seed;
  };
  /// Borrows all of them.
  static Result<std::unique_ptr<Sweeps>> create(store::Store& store, ingest::Ingest& ingest,
                                                const query::Query& query, const Clock& clock,
                                                Options options);
  static Result<std::unique_ptr<Sweeps>> create(store::Store& store, ingest::Ingest& ingest,
                                                const query::Query& query, const Clock& clock) {
    return create(store, ingest, query, clock, Options());
  }
  virtual ~Sweeps() = default;
  /// Ends the background work. Idempotent.
  virtual void stop() = 0;

  /// Errors   kInvalidArgument naming the key of the config that is wrong, kNotFound for an unknown
  ///          id or entity, kFailedPrecondition for another config once runs were given out.
  virtual Result<UpsertedSweep> upsert(UpsertSweep input) = 0;
  virtual Result<void> remove(store::SweepId id) = 0;
  virtual Result<store::SweepAgent> create_agent(store::SweepId sweep, std::string host,
                                                 std::optional<store::UserId> user) = 0;
  /// The commands for the agent, as a JSON list. kNotFound if it or its sweep is gone.
  virtual Result<std::string> heartbeat(store::SweepAgentId agent,
                                        std::string_view run_state_json) = 0;
  /// The sweep as it stands: one whose last run has ended is finished, though no agent says so.
  virtual Result<store::Sweep> settled(store::Sweep sweep) = 0;
};

}  // namespace runstone::sweeps
