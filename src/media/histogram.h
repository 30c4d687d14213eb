#pragma once

#include <cstdint>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"

namespace runstone::media {

struct Counts {
  std::vector<std::uint64_t> counts;
  std::vector<double> edges;  ///< one more than counts
};

enum class NonFinite {
  kRefuse,   ///< NaN and infinities are kInvalidArgument
  kLeaveOut  ///< they are not counted; none left: empty Counts
};

/// Counts over `bins` bins of equal width from the lowest to the highest value, edges and borders
/// as numpy.histogram has them for the same element type. All values equal: the range is the value
/// plus and minus one half. No value: zeros over 0 to 1. Two passes over the values.
Result<Counts> histogram(Span<const float> values, int bins, NonFinite non_finite);
Result<Counts> histogram(Span<const double> values, int bins, NonFinite non_finite);
Result<Counts> histogram(Span<const std::int64_t> values, int bins, NonFinite non_finite);

}  // namespace runstone::media
