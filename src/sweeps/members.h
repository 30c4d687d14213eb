#pragma once

#include <optional>
#include <vector>

#include "query/query.h"
#include "runstone/result.h"
#include "store/store.h"
#include "store/sweep_store.h"
#include "sweeps/agents.h"
#include "sweeps/sweep_slot.h"

namespace runstone::sweeps {

/// A sweep and its runs at one moment, read for one question.
struct SweepView {
  store::Sweep sweep;
  std::shared_ptr<const SweepConfig> config;
  std::vector<store::RunInfo> members;    ///< all runs that name the sweep, oldest first
  std::vector<GivenRun> given;            ///< those that agents were given
  std::vector<Observation> observations;  ///< of the members, in their order
  std::optional<double> best_metric;
  bool target_reached = false;
};

/// Reads the view, with the slot's mutex held: one statement each for the runs, for what was given,
/// and for the configs and summaries that the slot does not know yet.
Result<SweepView> read_view(const store::Store& store, SweepSlot& slot, store::Sweep sweep,
                            std::int64_t silent_before_us);

/// Marks what early termination ends in `view.given`. Reads only the rows that came since last
/// time.
Result<void> judge_runs(const query::Query& query, SweepSlot& slot, SweepView& view);

}  // namespace runstone::sweeps
