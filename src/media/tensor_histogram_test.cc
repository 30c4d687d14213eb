#include "media/tensor_histogram.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

#include "media/histogram.h"

namespace runstone::media {
namespace {

using testing::ElementsAre;

constexpr int kBins = 64;
const float kNan = std::nanf(""), kInfinity = std::numeric_limits<float>::infinity();

template <typename T>
TensorHistogram histogram_of(const std::vector<T>& values, std::uint64_t zeros = 0) {
  return *tensor_histogram(Span<const T>(values), kBins, zeros);
}

std::uint64_t total(const TensorHistogram& histogram) {
  return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
}

template <typename T>
std::vector<T> normal(std::size_t size, double mean, double deviation) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> distribution(mean, deviation);
  std::vector<T> values(size);
  for (T& x : values) x = static_cast<T>(distribution(random));
  return values;
}

/// Edges as numpy has them; counts as between inner edges that are up to 1/64 of a bin higher.
template <typename T>
void expect_close(const std::vector<T>& values, const TensorHistogram& found) {
  const auto exact = *histogram(Span<const T>(values), kBins, NonFinite::kLeaveOut);
  EXPECT_EQ(found.edges, exact.edges);
  EXPECT_EQ(total(found) + found.left_out, values.size());
  std::uint64_t below_found = 0, below_exact = 0;
  for (std::size_t bin = 0; bin + 1 < kBins; ++bin) {
    below_found += found.counts[bin];
    below_exact += exact.counts[bin];
    EXPECT_GE(below_found, below_exact) << "edge " << bin + 1;
    const double moved = found.edges[bin + 1] + (found.edges[1] - found.edges[0]) / 64;
    const auto below_moved =
        std::count_if(values.begin(), values.end(), [&](T x) { return x < moved; });
    EXPECT_LE(below_found, static_cast<std::uint64_t>(below_moved)) << "edge " << bin + 1;
  }
}

TEST(TensorHistogram, FewValuesAreCountedAsNumpyDoes) {
  const auto values = normal<float>(kExactMax, 0, 1);
  const auto exact = *histogram(Span<const float>(values), kBins, NonFinite::kRefuse);
  const auto found = histogram_of(values);
  EXPECT_EQ(found.counts, exact.counts);
  EXPECT_EQ(found.edges, exact.edges);
}

TEST(TensorHistogram, ManyValuesAreReadOnceAndNoneIsLost) {
  expect_close(normal<float>(500'000, 0, 1), histogram_of(normal<float>(500'000, 0, 1)));
  expect_close(normal<double>(500'000, 0, 1), histogram_of(normal<double>(500'000, 0, 1)));
}

TEST(TensorHistogram, ANarrowRangeFarFromZeroHasItsBins) {
  const auto values = normal<double>(200'000, 1, 1e-9);
  expect_close(values, histogram_of(values));
}

TEST(TensorHistogram, ARangeThatGrowsOnBothSidesKeepsItsCounts) {
  std::vector<float> values(300'000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float size = static_cast<float>(i) + 0.5F;
    values[i] = i % 3 == 0 ? -size : size;
  }
  expect_close(values, histogram_of(values));
  std::reverse(values.begin(), values.end());
  expect_close(values, histogram_of(values));
}

TEST(TensorHistogram, MostlyZerosAreInTheBinOfZero) {
  auto values = normal<float>(200'000, 0.1, 1);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= i % 10 == 0 ? 1.0F : 0.0F;
  for (const float most : {8.0F, 8.001F, 8.3F, 9.0F}) {  // zero is an edge, or anywhere in its bin
    values[0] = -8;
    values[1] = most;
    expect_close(values, histogram_of(values));
  }
}

TEST(TensorHistogram, TheLowestAndTheHighestAreInTheOuterBins) {
  auto values = normal<float>(200'000, 0, 1);
  values[123'456] = -100;
  values[0] = 100;
  const auto found = histogram_of(values);
  EXPECT_EQ(found.counts.front(), 1U);
  EXPECT_EQ(found.counts.back(), 1U);
}

TEST(TensorHistogram, EqualValuesHaveOneBin) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{10}, 3 * kExactMax}) {
    const auto found = histogram_of(std::vector<float>(size, 3.0F));
    EXPECT_THAT(found.counts, ElementsAre(size));
    EXPECT_THAT(found.edges, ElementsAre(3, 3));
  }
}

TEST(TensorHistogram, ManyEqualValuesBeforeTheSecondOneAreCounted) {
  std::vector<float> values(200'000, 0.0F);
  values.back() = 1;
  const auto found = histogram_of(values);
  EXPECT_EQ(found.counts.front(), 199'999U);
  EXPECT_EQ(found.counts.back(), 1U);
}

TEST(TensorHistogram, NanAndInfinitiesAreLeftOutAndCounted) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{200'000}}) {
    auto values = normal<float>(size, 0, 1);
    values[1] = kNan;
    values[size / 2] = kInfinity;
    values[size - 1] = -kInfinity;
    const auto found = histogram_of(values);
    EXPECT_EQ(found.left_out, 3U);
    expect_close(values, found);
    const auto none = histogram_of(std::vector<float>(size, kNan));
    EXPECT_TRUE(none.counts.empty());
    EXPECT_EQ(none.left_out, size);
  }
  EXPECT_TRUE(histogram_of(std::vector<float>()).counts.empty());
}

TEST(TensorHistogram, ZerosOfASparseTensorAreInTheRangeAndInItsBin) {
  for (const std::size_t size : {std::size_t{100}, std::size_t{100'000}}) {
    std::vector<float> values(size);
    for (std::size_t i = 0; i < size; ++i) {
      values[i] = 1 + static_cast<float>(i) / static_cast<float>(size - 1);
    }
    const auto found = histogram_of(values, 1000);
    EXPECT_EQ(found.edges.front(), 0);
    EXPECT_EQ(found.edges.back(), 2);
    EXPECT_EQ(found.counts.front(), 1000U);
    EXPECT_EQ(total(found), size + 1000);
    EXPECT_TRUE(histogram_of(std::vector<float>(size, kNan), 5).counts.empty());
  }
}

TEST(TensorHistogram, TheWholeRangeOfFloatsIsNoOverflow) {
  const float most = std::numeric_limits<float>::max();
  for (const std::size_t size : {std::size_t{100}, std::size_t{100'000}}) {
    std::vector<float> values(size, 0.0F);
    values[3] = most;
    values[7] = -most;
    const auto found = histogram_of(values);
    EXPECT_EQ(found.counts.front(), 1U);
    EXPECT_EQ(found.counts.back(), 1U);
    EXPECT_EQ(total(found), size);
  }
  const std::vector<double> apart = {-1e308, 1e308};
  EXPECT_EQ(tensor_histogram(Span<const double>(apart), kBins).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(TensorHistogram, ValuesOfTheSmallestFloatsAreCounted) {
  std::vector<float> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 64) * 1e-44F;
  EXPECT_EQ(total(histogram_of(values)), values.size());
}

std::uint16_t bfloat16_of(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::uint16_t>(bits >> 16);
}

TEST(TensorHistogram, HalvesAreCountedExactly) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{200'000}}) {
    std::vector<std::uint16_t> bits;
    std::vector<float> floats;
    for (const float x : normal<float>(size, 0, 1)) {
      bits.push_back(bfloat16_of(x));
      const std::uint32_t wide = std::uint32_t{bits.back()} << 16;
      std::memcpy(&floats.emplace_back(), &wide, sizeof wide);
    }
    bits[5] = 0x7fc0;  // NaN
    floats[5] = kNan;
    const auto exact = *histogram(Span<const float>(floats), kBins, NonFinite::kLeaveOut);
    const auto found =
        *tensor_histogram(Halves{bits.data(), bits.size(), HalfType::kBfloat16}, kBins);
    EXPECT_EQ(found.counts, exact.counts);
    EXPECT_EQ(found.edges, exact.edges);
    EXPECT_EQ(found.left_out, 1U);
  }
}

TEST(TensorHistogram, EveryHalfHasItsValue) {
  // 1, -2, the largest, the smallest, infinity: as IEEE 754 has them for 16 bits.
  const std::vector<std::uint16_t> bits = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00};
  const Halves halves{bits.data(), bits.size(), HalfType::kFloat16};
  const auto found = *tensor_histogram(halves, 1);
  EXPECT_THAT(found.edges, ElementsAre(-2, 65504));
  EXPECT_EQ(found.left_out, 1U);
  const Halves smallest{&bits[3], 1, HalfType::kFloat16};
  EXPECT_THAT(tensor_histogram(smallest, 1)->edges, ElementsAre(0x1p-24, 0x1p-24));
}

}  // namespace
}  // namespace runstone::media
