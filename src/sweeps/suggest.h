#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sweeps/bayes.h"
#include "sweeps/config.h"

namespace runstone::sweeps {

struct Suggestion {
  std::vector<Value> values;
  std::int64_t suggestions = 0;  ///< the sweep's count after this one
};

/// The next point of a sweep; nothing if the search has none left or its method is a client's.
/// The same seed, count and observations give the same point.
std::optional<Suggestion> suggest(const SweepConfig& config, std::int64_t seed,
                                  std::int64_t suggestions,
                                  const std::vector<Observation>& observations);

}  // namespace runstone::sweeps
