#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace runstone {
namespace {

std::string again(std::string_view text) {
  const auto value = json::parse(text);
  return value ? json::to_text(*value) : "error: " + value.error().message;
}

TEST(Json, RoundTripsWhatTheFormatsUse) {
  EXPECT_EQ(again(R"({"a":[1,2.5,-3e-7,"x\n\u00e9\u0001",true,null],"b":{}})"),
            "{\"a\":[1,2.5,-3e-07,\"x\\né\\u0001\",true,null],\"b\":{}}");
  EXPECT_EQ(again("[NaN,Infinity,-Infinity]"), "[NaN,Infinity,-Infinity]");
  EXPECT_EQ(again("NaN"), "NaN");
  EXPECT_EQ(again(R"({"loss":NaN,"n":{"x":-Infinity}})"), R"({"loss":NaN,"n":{"x":-Infinity}})");
  EXPECT_EQ(again("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(again("9223372036854775808"), "9223372036854775808");  // a double by now
  EXPECT_EQ(again("1.7954403085986836e+09"), "1795440308.5986836");
  EXPECT_EQ(again(R"({"k":1,"k":2})"), R"({"k":2})");
  EXPECT_TRUE(std::isinf(json::parse("1e999")->number_or(0)));
  EXPECT_EQ(json::parse("1e-999")->number_or(1), 0);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",    "{",    "[1,]", "nan", "Inf", "01",  "1 2", "{\"a\":}", "tru",  "nullx",
        "\"a", "[1]]", "1]",   "],[", "--1", "1.e", "+1",  "{a:1}",    "\xff", "\"\xff\""}) {
    EXPECT_FALSE(json::parse(text)) << text;
  }
  EXPECT_FALSE(json::parse(std::string(100'000, '[')));
}

}  // namespace
}  // namespace runstone
