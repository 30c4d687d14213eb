#include "media/histogram.h"

#include <cmath>
#include <type_traits>

#include "media/bins.h"

namespace runstone::media {
namespace {

template <typename T>
Result<Counts> histogram_of(Span<const T> values, int bins, NonFinite non_finite) {
  using F = std::conditional_t<std::is_floating_point_v<T>, T, double>;
  if (bins < 1) return fail(ErrorCode::kInvalidArgument, "a histogram needs at least one bin");
  Counts result;
  result.counts.assign(static_cast<std::size_t>(bins), 0);
  if (values.empty() && non_finite == NonFinite::kLeaveOut) return Counts{};
  auto range = values.empty() ? Range<T>{T{0}, T{1}, true} : range_of(values);
  if constexpr (std::is_floating_point_v<T>) {
    if (!range.all_finite) {
      if (non_finite == NonFinite::kRefuse) {
        return fail(ErrorCode::kInvalidArgument,
                    "a histogram takes finite values only; leave NaN and infinities out");
      }
      range = finite_range_of(values);
      if (range.low > range.high) return Counts{};
    }
  }
  auto low = static_cast<F>(range.low), high = static_cast<F>(range.high);
  if (low == high) {
    low -= F(0.5);
    high += F(0.5);
  }
  if (!std::isfinite(high - low)) {
    return fail(ErrorCode::kInvalidArgument, "the values lie too far apart for a histogram");
  }
  const std::vector<F> edges = edges_between(low, high, bins);
  if (range.all_finite) {
    count<T, F, false>(values, edges, result.counts);
  } else {
    count<T, F, true>(values, edges, result.counts);
  }
  result.edges.assign(edges.begin(), edges.end());
  return result;
}

}  // namespace

Result<Counts> histogram(Span<const float> values, int bins, NonFinite non_finite) {
  return histogram_of(values, bins, non_finite);
}
Result<Counts> histogram(Span<const double> values, int bins, NonFinite non_finite) {
  return histogram_of(values, bins, non_finite);
}
Result<Counts> histogram(Span<const std::int64_t> values, int bins, NonFinite non_finite) {
  return histogram_of(values, bins, non_finite);
}

}  // namespace runstone::media
