#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/records.h"

namespace runstone::query {

inline constexpr std::int64_t kDefaultPoints = 1000;
inline constexpr std::int64_t kMaxPoints = 10'000;

struct SeriesRequest {
  std::string key;                 ///< leaf path of the metric
  std::string x = "_step";         ///< `_step`, `_runtime`, `_timestamp` or any key of numbers
  std::optional<double> min, max;  ///< bounds of x, inclusive
  std::int64_t points = kDefaultPoints;            ///< 1..kMaxPoints, what the caller can show
  std::optional<std::int64_t> after;               ///< only rows with a greater step
  store::Stream stream = store::Stream::kHistory;  ///< or kEvents; `_step` is the line there
};

/// What a chart draws. Unsampled: x and mean hold every row (mean is its value), min and max are
/// empty. Sampled: one entry per bucket, x that of its last row, min and max exact.
struct Series {
  std::int64_t count = 0;       ///< rows with a number (NaN too) in the range
  std::int64_t last_step = -1;  ///< of the last row of the key, whatever the range
  bool sampled = false;
  std::vector<double> x, mean, min, max;
};

}  // namespace runstone::query
