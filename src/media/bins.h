// What counting values into bins of equal width is made of; the rules are numpy.histogram's.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "runstone/span.h"

namespace runstone::media {

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

/// The bin of a value between the first and the last edge: `guess`, which division gave, put right
/// at the borders by comparing with the edges themselves.
template <typename F>
std::size_t bin_near(std::size_t guess, F x, const std::vector<F>& edges) {
  guess -= x < edges[guess] ? 1 : 0;
  return guess + (guess + 2 < edges.size() && x >= edges[guess + 1] ? 1 : 0);
}

// Adds each value to the counts of its bin.
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
      const std::size_t bin = bin_near(static_cast<std::size_t>(guess[i]), x, edges);
      ++tables[(i % kLanes) * counts.size() + bin];
    }
    since_emptied += size;
    if (since_emptied > std::numeric_limits<std::uint32_t>::max() / 2) empty_tables();
  }
  empty_tables();
}

}  // namespace runstone::media
