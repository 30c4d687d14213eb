#include "runstone/value.h"

#include <gtest/gtest.h>

#include <cmath>

namespace runstone {
namespace {

TEST(DictType, KeepsOrderAndFindsInLargeOnes) {
  Dict dict;
  for (int i = 99; i >= 0; --i) dict.set("k" + std::to_string(i), i);
  EXPECT_EQ(dict.begin()->first, "k99");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(dict.find("k" + std::to_string(i))->int_or(-1), i);
  EXPECT_TRUE(dict.erase("k50"));
  EXPECT_EQ(dict.find("k50"), nullptr);
  EXPECT_EQ(dict.find("k51")->int_or(-1), 51);
}

TEST(ValueType, NestedInitialisersMakeDicts) {
  const Value value{{"lr", 0.1}, {"net", {{"layers", 3}}}};
  EXPECT_EQ(value.get("net")->get("layers")->int_or(0), 3);
  EXPECT_TRUE(Value(true).is_bool());
  EXPECT_TRUE(Value(1u).is_int());
  EXPECT_TRUE(Value(~0ULL).is_double());
}

TEST(ValueType, EqualityTellsIntFromDoubleAndSameValueDoesNot) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_TRUE(same_value(Value(1), Value(1.0)));
  EXPECT_EQ(Value(std::nan("")), Value(std::nan("")));
}

}  // namespace
}  // namespace runstone
