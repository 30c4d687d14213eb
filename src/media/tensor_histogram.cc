#include "media/tensor_histogram.h"

#include <cmath>
#include <cstring>

#include "base/try.h"
#include "media/bins.h"

namespace runstone::media {
namespace {

/// Counts on a fine grid whose cells double in width whenever a value lies outside: the range need
/// not be known before the values are. It ends at most four times as wide as the range. Cells begin
/// at multiples of their width, a power of two: so zero, and every other value that is often there
/// exactly, lies where a cell begins.
class Grid {
 public:
  static constexpr std::size_t kCells = 1 << 14;

  /// Values of [low, high] can be added from now on; low < high at the first call.
  void cover(double low, double high) {
    if (!is_open()) open(low, high);
    while (low * scale_ < first_) double_width(kCells / 2);
    while (high * scale_ - first_ >= kCells + 1) double_width(0);
  }
  bool is_open() const { return scale_ != 0; }

  template <typename T>
  void add(Span<const T> values) {
    constexpr std::size_t kChunk = 512;
    std::array<std::int32_t, kChunk> at;
    const double first = first_, scale = scale_;
    for (std::size_t begin = 0; begin < values.size(); begin += kChunk) {
      const std::size_t size = std::min(kChunk, values.size() - begin);
      const T* const chunk = values.data() + begin;
      for (std::size_t i = 0; i < size; ++i) {
        at[i] = static_cast<std::int32_t>(static_cast<double>(chunk[i]) * scale - first);
      }
      for (std::size_t i = 0; i < size; ++i) ++cells_[static_cast<std::size_t>(at[i])];
    }
  }
  void add(double value, std::uint64_t count) {
    cells_[static_cast<std::size_t>(value * scale_ - first_)] += count;
  }

  /// A cell is counted in the bin in which it begins.
  std::vector<std::uint64_t> counts_between(const std::vector<double>& edges) const {
    std::vector<std::uint64_t> counts(edges.size() - 1);
    std::size_t cell = 0;
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
      const auto end = bin + 1 < counts.size()
                           ? static_cast<std::size_t>(std::ceil(edges[bin + 1] * scale_ - first_))
                           : cells_.size();
      while (cell < end) counts[bin] += cells_[cell++];
    }
    return counts;
  }

 private:
  void open(double low, double high) {
    int exponent = 0;
    std::frexp((high - low) / kCells, &exponent);
    scale_ = 1 / std::max(std::ldexp(1.0, exponent), std::numeric_limits<double>::min());
    first_ = std::floor(low * scale_);
  }

  /// Two cells become one. What was the first of them is behind `below` cells then.
  void double_width(std::size_t below) {
    const double half = std::floor(first_ / 2);
    const std::size_t odd = first_ == 2 * half ? 0 : 1;
    std::vector<std::uint64_t> cells(cells_.size());
    for (std::size_t i = 0; i < cells_.size(); ++i) cells[below + (i + odd) / 2] += cells_[i];
    cells_ = std::move(cells);
    first_ = half - static_cast<double>(below);
    scale_ /= 2;
  }

  double scale_ = 0;  // cells a unit
  double first_ = 0;  // number of the first cell, counted from zero; a whole number
  std::vector<std::uint64_t> cells_ = std::vector<std::uint64_t>(kCells + 1);
};

/// The arithmetic of numpy.linspace in the values' own type, unless that would overflow.
template <typename T>
std::vector<double> edges_of(double low, double high, int bins) {
  const T width = static_cast<T>(high) - static_cast<T>(low);
  if (std::isfinite(width)) {
    const auto edges = edges_between<T>(static_cast<T>(low), static_cast<T>(high), bins);
    return {edges.begin(), edges.end()};
  }
  return edges_between<double>(low, high, bins);
}

std::size_t bin_of(double value, const std::vector<double>& edges) {
  const auto bins = static_cast<double>(edges.size() - 1);
  const double guess = (value - edges.front()) / (edges.back() - edges.front()) * bins;
  return bin_near(static_cast<std::size_t>(std::min(guess, bins - 1)), value, edges);
}

Result<void> check_range(double low, double high) {
  if (high - low < std::numeric_limits<double>::max() / 8) return {};
  return fail(ErrorCode::kInvalidArgument, "the values lie too far apart for a histogram");
}

template <typename T>
Result<TensorHistogram> exact(Span<const T> values, int bins, std::uint64_t zeros) {
  TensorHistogram result;
  Range<T> range = range_of(values);
  if (!range.all_finite) range = finite_range_of(values);
  if (values.empty() || range.low > range.high) {
    result.left_out = values.size();
    return result;
  }
  const double low = zeros > 0 ? std::min<double>(range.low, 0) : range.low;
  const double high = zeros > 0 ? std::max<double>(range.high, 0) : range.high;
  if (low == high) {
    for (const T x : values) result.left_out += std::isfinite(x) ? 0 : 1;
    result.counts = {values.size() - result.left_out + zeros};
    result.edges = {low, high};
    return result;
  }
  RUNSTONE_TRY(check_range(low, high));
  result.counts.assign(static_cast<std::size_t>(bins), 0);
  result.edges = edges_of<T>(low, high, bins);
  if (range.all_finite) {
    count<T, double, false>(values, result.edges, result.counts);
  } else {
    count<T, double, true>(values, result.edges, result.counts);
    result.left_out = values.size();
    for (const auto one : result.counts) result.left_out -= one;
  }
  if (zeros > 0) result.counts[bin_of(0, result.edges)] += zeros;
  return result;
}

/// One look at the values, block by block.
template <typename T>
class OneRead {
 public:
  Result<void> add(Span<const T> block) {
    const Range<T> range = range_of(block);
    if (range.all_finite) return add_finite(block, range);
    finite_.clear();
    for (const T x : block) {
      if (std::isfinite(x)) finite_.push_back(x);
    }
    left_out_ += block.size() - finite_.size();
    if (finite_.empty()) return {};
    const Span<const T> finite(finite_);
    return add_finite(finite, range_of(finite));
  }

  Result<void> add_zeros(std::uint64_t count) {
    if (count == 0 || low_ > high_) return {};
    RUNSTONE_TRY(widen(0, 0));
    grid_.is_open() ? grid_.add(0, count) : void(same_ += count);
    return {};
  }

  TensorHistogram histogram(int bins) const {
    TensorHistogram result;
    result.left_out = left_out_;
    if (low_ > high_) return result;
    if (!grid_.is_open()) {
      result.counts = {same_};
      result.edges = {low_, high_};
      return result;
    }
    result.edges = edges_of<T>(low_, high_, bins);
    result.counts = grid_.counts_between(result.edges);
    return result;
  }

 private:
  Result<void> add_finite(Span<const T> block, const Range<T>& range) {
    RUNSTONE_TRY(widen(range.low, range.high));
    grid_.is_open() ? grid_.add(block) : void(same_ += block.size());
    return {};
  }

  // The grid opens at the second value: until then all are the same, and only their number matters.
  Result<void> widen(double low, double high) {
    const double before = low_;
    low_ = std::min(low_, low);
    high_ = std::max(high_, high);
    if (low_ == high_) return {};
    RUNSTONE_TRY(check_range(low_, high_));
    const bool opens = !grid_.is_open();
    grid_.cover(low_, high_);
    if (opens && same_ > 0) grid_.add(before, same_);
    return {};
  }

  Grid grid_;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
  std::uint64_t same_ = 0, left_out_ = 0;
  std::vector<T> finite_;
};

template <typename T>
Result<TensorHistogram> tensor_histogram_of(Span<const T> values, int bins, std::uint64_t zeros) {
  if (bins < 1) return fail(ErrorCode::kInvalidArgument, "a histogram needs at least one bin");
  if (values.size() <= kExactMax) return exact(values, bins, zeros);
  constexpr std::size_t kBlock = 2048;  // in the first cache for its range and its counts
  OneRead<T> read;
  for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
    const std::size_t size = std::min(kBlock, values.size() - begin);
    RUNSTONE_TRY(read.add(Span<const T>(values.data() + begin, size)));
  }
  RUNSTONE_TRY(read.add_zeros(zeros));
  return read.histogram(bins);
}

float float_of_bits(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float float_of(std::uint16_t half, HalfType type) {
  if (type == HalfType::kBfloat16) return float_of_bits(std::uint32_t{half} << 16);
  const std::uint32_t sign = half & 0x8000U, exponent = half >> 10 & 0x1fU,
                      fraction = half & 0x3ffU;
  if (exponent == 0x1f) return float_of_bits(sign << 16 | 0x7f800000U | fraction << 13);
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                   : std::ldexp(static_cast<float>(fraction | 0x400U),
                                                static_cast<int>(exponent) - 25);
  return sign != 0 ? -size : size;
}

}  // namespace

Result<TensorHistogram> tensor_histogram(Span<const float> values, int bins, std::uint64_t zeros) {
  return tensor_histogram_of(values, bins, zeros);
}

Result<TensorHistogram> tensor_histogram(Span<const double> values, int bins, std::uint64_t zeros) {
  return tensor_histogram_of(values, bins, zeros);
}

// There are only 65,536 of them: many are counted by their pattern, few are made floats.
Result<TensorHistogram> tensor_histogram(const Halves& values, int bins, std::uint64_t zeros) {
  if (values.size <= kExactMax) {
    std::vector<float> floats(values.size);
    for (std::size_t i = 0; i < values.size; ++i) floats[i] = float_of(values.data[i], values.type);
    return tensor_histogram(Span<const float>(floats), bins, zeros);
  }
  if (bins < 1) return fail(ErrorCode::kInvalidArgument, "a histogram needs at least one bin");
  std::vector<std::uint64_t> by_pattern(1 << 16);
  for (std::size_t i = 0; i < values.size; ++i) ++by_pattern[values.data[i]];
  by_pattern[0] += zeros;  // the pattern of 0
  std::vector<float> seen;
  std::vector<std::uint64_t> times;
  TensorHistogram result;
  for (std::size_t pattern = 0; pattern < by_pattern.size(); ++pattern) {
    if (by_pattern[pattern] == 0) continue;
    const float value = float_of(static_cast<std::uint16_t>(pattern), values.type);
    if (!std::isfinite(value)) {
      result.left_out += by_pattern[pattern];
      continue;
    }
    seen.push_back(value);
    times.push_back(by_pattern[pattern]);
  }
  if (result.left_out == values.size) return result;  // zeros alone are no gradient
  const auto range = range_of(Span<const float>(seen));
  const bool one_value = range.low == range.high;
  result.edges = one_value ? std::vector<double>{range.low, range.high}
                           : edges_of<float>(range.low, range.high, bins);
  result.counts.assign(result.edges.size() - 1, 0);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    result.counts[one_value ? 0 : bin_of(seen[i], result.edges)] += times[i];
  }
  return result;
}

}  // namespace runstone::media
