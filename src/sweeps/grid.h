#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sweeps/config.h"

namespace runstone::sweeps {

/// How many values a parameter has in a grid; nothing for what is continuous.
std::optional<std::int64_t> grid_size(const Law& law);
/// The grid's points; nothing past kMaxGridRuns. Every parameter must have a grid_size().
std::optional<std::int64_t> grid_points(const SweepConfig& config);
/// Point `index`, counted so that the last parameter changes fastest: the order of nested loops.
std::vector<Value> grid_point(const SweepConfig& config, std::int64_t index);
/// A text that is the same for equal points (1 and 1.0 are equal).
std::string point_key(const std::vector<Value>& values);

struct GridStep {
  std::int64_t next_index = 0;               ///< where to go on
  std::optional<std::vector<Value>> values;  ///< none: all points were given out
};
/// The next point from `index` on that `taken` (of point_key) does not have: runs that were there
/// before the sweep, or were added by hand, are not repeated.
GridStep next_grid_point(const SweepConfig& config, std::int64_t index,
                         const std::set<std::string>& taken);

}  // namespace runstone::sweeps
