#include "base/seconds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/clock.h"

namespace runstone {
namespace {

TEST(UsOfSeconds, AreExactWhereAClockIs) {
  EXPECT_EQ(us_of_seconds(0), 0);
  EXPECT_EQ(us_of_seconds(1.5), 1'500'000);
  EXPECT_EQ(us_of_seconds(-2), -2'000'000);
  EXPECT_EQ(us_of_seconds(1764509963.25), 1'764'509'963'250'000);
}

TEST(UsOfSeconds, WhatNoClockHoldsIsAVeryLongTime) {
  constexpr std::int64_t kThousandYearsUs = std::int64_t{31'556'952} * 1000 * 1'000'000;
  for (const double much : {1e12, 1e30, 1e308, std::numeric_limits<double>::infinity()}) {
    EXPECT_GT(us_of_seconds(much), kThousandYearsUs) << much;
    EXPECT_LT(us_of_seconds(-much), -kThousandYearsUs) << much;
    EXPECT_GT(system_clock().now_us() + us_of_seconds(much), system_clock().now_us());
  }
  EXPECT_EQ(us_of_seconds(std::nan("")), 0);
}

}  // namespace
}  // namespace runstone
