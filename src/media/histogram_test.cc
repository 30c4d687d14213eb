#include "media/histogram.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace runstone::media {
namespace {

using testing::ElementsAre;

TEST(Histogram, CountsAsNumpyDoes) {
  const std::vector<double> values = {1, 2, 3, 4};
  const auto counts = *histogram(Span<const double>(values), 4, NonFinite::kRefuse);
  EXPECT_THAT(counts.counts, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(counts.edges, ElementsAre(1, 1.75, 2.5, 3.25, 4));
}

TEST(Histogram, AValueOnAnEdgeBelongsToTheBinThatBeginsThere) {
  // 0.3 / 0.1 is below 3 in doubles, and 0.1 * 3 above 0.3: only the edges themselves can tell.
  std::vector<double> values = {0, 1};
  for (int i = 1; i < 10; ++i) values.push_back(static_cast<double>(i) * (1.0 / 10));
  const auto counts = *histogram(Span<const double>(values), 10, NonFinite::kRefuse);
  for (std::size_t bin = 0; bin < 10; ++bin) {
    std::uint64_t expected = 0;
    for (const double x : values) {
      const bool is_last = bin == 9;
      expected +=
          x >= counts.edges[bin] && (x < counts.edges[bin + 1] || (is_last && x <= 1)) ? 1 : 0;
    }
    EXPECT_EQ(counts.counts[bin], expected) << bin;
  }
}

TEST(Histogram, OneValueHasARangeOfOne) {
  const std::vector<float> values(7, 3.0F);
  const auto counts = *histogram(Span<const float>(values), 2, NonFinite::kRefuse);
  EXPECT_THAT(counts.counts, ElementsAre(0, 7));
  EXPECT_THAT(counts.edges, ElementsAre(2.5, 3.0, 3.5));
}

TEST(Histogram, NoValueIsZerosOverZeroToOne) {
  const auto counts = *histogram(Span<const double>(), 2, NonFinite::kRefuse);
  EXPECT_THAT(counts.counts, ElementsAre(0, 0));
  EXPECT_THAT(counts.edges, ElementsAre(0, 0.5, 1));
}

TEST(Histogram, NonFiniteValuesAreRefusedOrLeftOut) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity}) {
    std::vector<double> values(100, 1.0);
    values[37] = 2.0;
    values[64] = bad;
    EXPECT_EQ(histogram(Span<const double>(values), 4, NonFinite::kRefuse).error().code,
              ErrorCode::kInvalidArgument);
    const auto counts = *histogram(Span<const double>(values), 4, NonFinite::kLeaveOut);
    EXPECT_THAT(counts.counts, ElementsAre(98, 0, 0, 1));
  }
  const std::vector<double> none(5, nan);
  EXPECT_TRUE(histogram(Span<const double>(none), 4, NonFinite::kLeaveOut)->counts.empty());
}

TEST(Histogram, LosesNoneOfManyValues) {
  std::vector<std::int64_t> values(100'003);
  std::iota(values.begin(), values.end(), -50'000);
  const auto counts = *histogram(Span<const std::int64_t>(values), 64, NonFinite::kRefuse);
  EXPECT_EQ(std::accumulate(counts.counts.begin(), counts.counts.end(), std::uint64_t{0}),
            values.size());
}

}  // namespace
}  // namespace runstone::media
