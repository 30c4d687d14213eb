#include "runstone/result.h"

#include <gtest/gtest.h>

#include <string>

#include "base/try.h"

namespace runstone {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorCode::kInvalidArgument, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  RUNSTONE_TRY(const auto h, half(n));
  return half(h);
}
Result<void> check(int n) {
  RUNSTONE_TRY(half(n));
  return {};
}

TEST(ResultType, TryPassesValuesAndErrorsUp) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(check(2));
  EXPECT_FALSE(check(3));
}

TEST(ResultType, MonadicCallsChain) {
  EXPECT_EQ(*half(8).and_then(half).transform([](int n) { return std::to_string(n); }), "2");
  const auto failed =
      half(3).transform_error([](Error e) { return std::move(e).with_context("in a test"); });
  EXPECT_EQ(failed.error().message, "in a test: odd");
}

}  // namespace
}  // namespace runstone
