#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "query/series.h"
#include "store/parts/overview.h"

namespace runstone::query {

/// What a chart says of the rows in one bucket. Rows may come in any order.
struct Bucket {
  std::int64_t rows = 0, numbers = 0, finite = 0;
  double x = 0, min = 0, max = 0, sum = 0;

  void add(double at, double value) {
    x = rows++ == 0 ? at : std::max(x, at);
    if (std::isnan(value)) return;
    min = numbers == 0 ? value : std::min(min, value);
    max = numbers == 0 ? value : std::max(max, value);
    ++numbers;
    if (std::isfinite(value)) {
      ++finite;
      sum += value;
    }
  }
  /// All rows of a block, whose last one is at `last_x`.
  void add(const parts::Block& block, double last_x) {
    x = rows == 0 ? last_x : std::max(x, last_x);
    rows += block.rows;
    if (block.numbers == 0) return;
    min = numbers == 0 ? block.min : std::min(min, block.min);
    max = numbers == 0 ? block.max : std::max(max, block.max);
    numbers += block.numbers;
    finite += block.numbers - block.infinities;
    sum += block.sum;
  }
  double mean() const {
    if (finite > 0) return sum / static_cast<double>(finite);
    // Only infinities, or nothing.
    return numbers > 0 && min == max ? min : std::numeric_limits<double>::quiet_NaN();
  }
  /// Nothing, if there are no rows.
  void give_to(Series& series) const {
    if (rows == 0) return;
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    series.x.push_back(x);
    series.mean.push_back(mean());
    series.min.push_back(numbers > 0 ? min : kNone);
    series.max.push_back(numbers > 0 ? max : kNone);
  }
};

/// `count` buckets of equal width over [low, high].
class Buckets {
 public:
  Buckets() = default;
  Buckets(double low, double high, std::int64_t count) : count_(count) {
    // An infinite x is no place on a screen; what lies there falls into the outermost buckets.
    low = std::max(low, std::numeric_limits<double>::lowest());
    high = std::min(high, std::numeric_limits<double>::max());
    width_ = high / static_cast<double>(count) - low / static_cast<double>(count);
    if (width_ > 0) first_ = low / width_;
  }
  std::int64_t index_of(double x) const {
    if (!(width_ > 0)) return 0;
    const double place = x / width_ - first_;
    return static_cast<std::int64_t>(std::clamp(place, 0.0, static_cast<double>(count_ - 1)));
  }
  /// Whether what is so wide is no wider than a bucket.
  bool fit(double width) const { return width <= width_ || !(width_ > 0); }

 private:
  std::int64_t count_ = 1;
  double width_ = 0, first_ = 0;
};

}  // namespace runstone::query
