#include "media/histogram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

namespace runstone::media {
namespace {

template <typename T>
struct Range {
  T low = std::numeric_limits<T>::max();
  T high = std::numeric_limits<T>::lowest();
  bool all_finite = true;
};

// Several lanes, so that the compiler keeps them in one vector register.
template <typename T>
Range<T> range_of(Span<const T> values) {
  constexpr std::size_t kLanes = 16;
  std::array<T, kLanes> low, high, poison{};  // poison: 0 * x is NaN for what is not finite
  low.fill(std::numeric_limits<T>::max());
  high.fill(std::numeric_limits<T>::lowest());
  const std::size_t whole = values.size() / kLanes * kLanes;
  const auto take = [&](std::size_t lane, T x) {
    low[lane] = x < low[lane] ? x : low[lane];
    high[lane] = x > high[lane] ? x : high[lane];
    if constexpr (std::is_floating_point_v<T>) poison[lane] += x * T{0};
  };
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) take(lane, values[i + lane]);
  }
  for (std::size_t i = whole; i < values.size(); ++i) take(0, values[i]);
  Range<T> range;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    range.low = std::min(range.low, low[lane]);
    range.high = std::max(range.high, high[lane]);
    if (poison[lane] != T{0}) range.all_finite = false;
  }
  return range;
}

template <typename T>
Range<T> finite_range_of(Span<const T> values) {
  Range<T> range;
  for (const T x : values) {
    if (!std::isfinite(x)) continue;
    range.low = std::min(range.low, x);
    range.high = std::max(range.high, x);
  }
  range.all_finite = false;
  return range;
}

// Edges in the arithmetic of the values' own type, as numpy.linspace computes them.
template <typename F>
std::vector<F> edges_between(F low, F high, int bins) {
  std::vector<F> edges(static_cast<std::size_t>(bins) + 1);
  const F step = (high - low) / static_cast<F>(bins);
  for (int i = 0; i < bins; ++i)
    edges[static_cast<std::size_t>(i)] = static_cast<F>(i) * step + low;
  edges.back() = high;
  return edges;
}

// The bin by division, put right at the borders by comparing with the edges themselves.
template <typename T, typename F, bool kSkipNonFinite>
void count(Span<const T> values, const std::vector<F>& edges, std::vector<std::uint64_t>& counts) {
  const auto bins = static_cast<int>(counts.size());
  const F low = edges.front(), scale = static_cast<F>(bins) / (edges.back() - edges.front());
  // Tables of their own per lane: the same bin twice in a row must not wait for itself.
  constexpr std::size_t kLanes = 4, kBlock = 1024;
  std::vector<std::uint32_t> tables(kLanes * counts.size());
  std::array<std::int32_t, kBlock> guess;
  std::size_t since_emptied = 0;
  const auto empty_tables = [&] {
    for (std::size_t i = 0; i < tables.size(); ++i) counts[i % counts.size()] += tables[i];
    std::fill(tables.begin(), tables.end(), 0);
    since_emptied = 0;
  };
  for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
    const std::size_t size = std::min(kBlock, values.size() - begin);
    const T* const block = values.data() + begin;
    for (std::size_t i = 0; i < size; ++i) {
      F at = (static_cast<F>(block[i]) - low) * scale;
      at = at >= F{0} ? at : F{0};  // also NaN, which is not counted below
      at = at <= static_cast<F>(bins - 1) ? at : static_cast<F>(bins - 1);
      guess[i] = static_cast<std::int32_t>(at);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const F x = static_cast<F>(block[i]);
      if (kSkipNonFinite && !std::isfinite(x)) continue;
      auto bin = static_cast<std::size_t>(guess[i]);
      bin -= x < edges[bin] ? 1 : 0;
      bin += bin + 1 < counts.size() && x >= edges[bin + 1] ? 1 : 0;
      ++tables[(i % kLanes) * counts.size() + bin];
    }
    since_emptied += size;
    if (since_emptied > std::numeric_limits<std::uint32_t>::max() / 2) empty_tables();
  }
  empty_tables();
}

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
