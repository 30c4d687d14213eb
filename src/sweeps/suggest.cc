#include "sweeps/suggest.h"

#include "sweeps/grid.h"
#include "sweeps/random.h"
#include "sweeps/random_search.h"

namespace runstone::sweeps {

std::optional<Suggestion> suggest(const SweepConfig& config, std::int64_t seed,
                                  std::int64_t suggestions,
                                  const std::vector<Observation>& observations) {
  Random random(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(suggestions));
  switch (config.method) {
    case Method::kGrid: {
      std::set<std::string> taken;
      for (const auto& seen : observations) taken.insert(point_key(seen.values));
      auto step = next_grid_point(config, suggestions, taken);
      if (!step.values) return std::nullopt;
      return Suggestion{*std::move(step.values), step.next_index};
    }
    case Method::kRandom:
      return Suggestion{random_point(config, random), suggestions + 1};
    case Method::kBayes:
      return Suggestion{bayes_point(config, observations, random), suggestions + 1};
    case Method::kCustom:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace runstone::sweeps
