#include "media/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace runstone::media {
namespace {

// How many positives and negatives have at least a score, for each distinct one, descending.
struct Counts {
  std::vector<double> positives, negatives;
};

Counts counts_of(Span<const std::uint8_t> is_positive, Span<const double> scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  Counts counts;
  double positives = 0, negatives = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    (is_positive[order[i]] != 0 ? positives : negatives) += 1;
    if (i + 1 < order.size() && scores[order[i + 1]] == scores[order[i]]) continue;
    counts.positives.push_back(positives);
    counts.negatives.push_back(negatives);
  }
  return counts;
}

// Whether a run of counts turns at i.
bool turns(const std::vector<double>& counts, std::size_t i) {
  return counts[i + 1] - 2 * counts[i] + counts[i - 1] != 0;
}

std::vector<double> fractions(const std::vector<double>& counts) {
  std::vector<double> out;
  for (const double count : counts) {
    out.push_back(counts.back() > 0 ? count / counts.back()
                                    : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

}  // namespace

double rounded(double number) { return std::nearbyint(number * 1000) / 1000; }

Curve precision_recall(Span<const std::uint8_t> is_positive, Span<const double> scores, int count) {
  const Counts counts = counts_of(is_positive, scores);
  const std::size_t size = counts.positives.size();
  const double all = size == 0 ? 0 : counts.positives.back();
  // From the lowest threshold up, precision does not fall; the last point is (recall 0, 1). Kept in
  // the order of rising recall.
  std::vector<double> precision(size + 1), recall(size + 1);
  double highest = 0;
  for (std::size_t i = size; i-- > 0;) {
    const double taken = counts.positives[i] + counts.negatives[i];
    highest = std::max(highest, taken == 0 ? 0 : counts.positives[i] / taken);
    precision[i + 1] = highest;
    recall[i + 1] = all == 0 ? 1 : counts.positives[i] / all;
  }
  precision[0] = std::max(highest, 1.0);
  recall[0] = 0;
  Curve curve;
  for (int i = count - 1; i >= 0; --i) {
    const double wanted = count == 1 ? 0 : i == count - 1 ? 1 : i * (1.0 / (count - 1));
    auto at = static_cast<std::size_t>(std::lower_bound(recall.begin(), recall.end(), wanted) -
                                       recall.begin());
    at = std::min(at, size);
    curve.x.push_back(rounded(wanted));
    curve.y.push_back(rounded(precision[at]));
  }
  return curve;
}

Curve receiver_operating(Span<const std::uint8_t> is_positive, Span<const double> scores) {
  const Counts all = counts_of(is_positive, scores);
  Counts kept;
  const std::size_t size = all.positives.size();
  kept.positives.push_back(0);
  kept.negatives.push_back(0);
  for (std::size_t i = 0; i < size; ++i) {
    const bool is_end = i == 0 || i + 1 == size;
    if (!is_end && !turns(all.positives, i) && !turns(all.negatives, i)) continue;
    kept.positives.push_back(all.positives[i]);
    kept.negatives.push_back(all.negatives[i]);
  }
  Curve curve{fractions(kept.negatives), fractions(kept.positives)};
  for (std::vector<double>* side : {&curve.x, &curve.y}) {
    for (double& number : *side) number = rounded(number);
  }
  return curve;
}

}  // namespace runstone::media
