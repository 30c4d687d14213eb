#pragma once

#include <cstdint>
#include <vector>

#include "runstone/span.h"

namespace runstone::media {

struct Curve {
  std::vector<double> x, y;
};

/// One class against the others: `is_positive[i]` and `scores[i]` are of one sample.
/// (recall, precision) at `count` recalls from 1 to 0, precision rising with the threshold.
/// Follows: sklearn.metrics.precision_recall_curve.
Curve precision_recall(Span<const std::uint8_t> is_positive, Span<const double> scores, int count);
/// (false positives, true positives) from (0, 0), a point for each score, those on a straight run
/// of both counts left out. NaN where there are no negatives or positives. Follows:
/// sklearn.metrics.roc_curve.
Curve receiver_operating(Span<const std::uint8_t> is_positive, Span<const double> scores);

/// Rounded to 3 decimals, a half to the even one, as numpy does.
double rounded(double number);

}  // namespace runstone::media
