#include "query/series_format.h"

#include <cstring>

#include <gtest/gtest.h>

#include "base/json.h"

namespace runstone::query {
namespace {

double column_at(const std::string& body, std::size_t index) {
  std::uint32_t header = 0;
  std::memcpy(&header, body.data(), 4);
  double value = 0;
  std::memcpy(&value, body.data() + 4 + header + index * 8, 8);
  return value;
}

TEST(SeriesFormat, WritesHeaderAndAlignedColumns) {
  SeriesAnswer plain{"e/p/r", "loss", {}, ""};
  plain.series.count = 2;
  plain.series.last_step = 7;
  plain.series.x = {1, 7};
  plain.series.mean = {0.5, 0.25};
  SeriesAnswer sampled = plain;
  sampled.series.sampled = true;
  sampled.series.min = {-1, -2};
  sampled.series.max = {3, 4};
  const SeriesAnswer failed{"e/p/x", "loss", {}, "no such run"};
  const auto body = encode_series({plain, sampled, failed});

  std::uint32_t length = 0;
  std::memcpy(&length, body.data(), 4);
  EXPECT_EQ((4 + length) % 8, 0u);
  EXPECT_EQ(body.size(), 4 + length + (4 + 8) * 8);
  const auto header = json::parse(body.substr(4, length));
  ASSERT_TRUE(header);
  const List& series = *header->get("series")->if_list();
  EXPECT_EQ(json::to_text(series[0]),
            R"({"run":"e/p/r","key":"loss","count":2,"points":2,"sampled":false,"last_step":7,)"
            R"("columns":["x","value"],"offset":0,"error":null})");
  EXPECT_EQ(series[1].get("offset")->int_or(-1), 32);
  EXPECT_EQ(json::to_text(*series[1].get("columns")), R"(["x","mean","min","max"])");
  EXPECT_EQ(series[2].get("error")->string_or(""), "no such run");
  EXPECT_EQ(column_at(body, 3), 0.25);
  EXPECT_EQ(column_at(body, 4 + 4), -1);
}

TEST(SeriesFormat, TakesARequestWithItsDefaults) {
  const auto queries = parse_series_request(
      R"({"queries":[{"run":"e/p/r","key":"a"},
                     {"run":"e/p/r","key":"b","x":"_runtime","min":1,"max":2.5,"points":10,"after":-1,"stream":"events"}]})");
  ASSERT_TRUE(queries) << queries.error().message;
  const auto& first = (*queries)[0].request;
  EXPECT_EQ(first.x, "_step");
  EXPECT_EQ(first.points, 1000);
  EXPECT_FALSE(first.min || first.max || first.after);
  const auto& second = (*queries)[1].request;
  EXPECT_EQ(second.max, 2.5);
  EXPECT_EQ(second.after, -1);
  EXPECT_EQ(second.stream, store::Stream::kEvents);
}

TEST(SeriesFormat, RefusesWhatTheRouteDoesNotAllow) {
  for (const char* body :
       {"", "[]", "{}", R"({"queries":{}})", R"({"queries":[1]})", R"({"queries":[{"run":"r"}]})",
        R"({"queries":[{"run":"r","key":"k","points":0}]})",
        R"({"queries":[{"run":"r","key":"k","points":10001}]})",
        R"({"queries":[{"run":"r","key":"k","min":"1"}]})",
        R"({"queries":[{"run":"r","key":"k","after":1.5}]})",
        R"({"queries":[{"run":"r","key":"k","stream":"console"}]})"}) {
    const auto queries = parse_series_request(body);
    ASSERT_FALSE(queries) << body;
    EXPECT_EQ(queries.error().code, ErrorCode::kInvalidArgument);
  }
  std::string many = R"({"queries":[)";
  for (int i = 0; i < 501; ++i)
    many += std::string(i == 0 ? "" : ",") + R"({"run":"r","key":"k","points":1})";
  EXPECT_FALSE(parse_series_request(many + "]}"));
  std::string wide = R"({"queries":[)";
  for (int i = 0; i < 201; ++i)
    wide += std::string(i == 0 ? "" : ",") + R"({"run":"r","key":"k","points":10000})";
  EXPECT_FALSE(parse_series_request(wide + "]}"));
}

}  // namespace
}  // namespace runstone::query
