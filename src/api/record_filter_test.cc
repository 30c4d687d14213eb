#include "api/record_filter.h"

#include <gtest/gtest.h>

#include <source_location>

namespace runstone::api {
namespace {

// A version with two tags, no description.
std::optional<Value> version_field(std::string_view name) {
  if (name == "name") return Value("ds");
  if (name == "version") return Value(List{Value(3), Value("v3")});
  if (name == "size") return Value(10.0);
  if (name == "tag") return Value(List{Value("a"), Value("prod")});
  if (name == "description") return Value();
  return std::nullopt;
}

void check(std::string_view json, bool want,
           std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), json);
  const auto filter = RecordFilter::parse(json);
  ASSERT_TRUE(filter);
  const auto passed = filter->passes(version_field);
  ASSERT_TRUE(passed);
  EXPECT_EQ(*passed, want);
}

TEST(RecordFilter, PassesWhatTheOperatorsSay) {
  check("", true);
  check("{}", true);
  check("null", true);
  check(R"({"name": "ds"})", true);
  check(R"({"name": {"$ne": "ds"}})", false);
  check(R"({"name": {"$regex": "^d"}})", true);
  check(R"({"size": {"$gt": 9, "$lte": 10}})", true);
  check(R"({"size": {"$gt": "9"}})", false);
  check(R"({"name": {"$in": ["x", "ds"]}})", true);
  check(R"({"name": {"$nin": ["x", "ds"]}})", false);
  check(R"({"name": {"$not": {"$eq": "ds"}}})", false);
  check(R"({"$or": [{"name": "x"}, {"size": 10}]})", true);
  check(R"({"$nor": [{"name": "x"}, {"size": 10}]})", false);
  check(R"({"$and": [{"name": "ds"}, {"$not": {"size": 10}}]})", false);
  check(R"({"description": {"$exists": true}})", false);
  check(R"({"description": null})", true);
}

TEST(RecordFilter, AListStandsForAnyOfItsElements) {
  check(R"({"tag": "prod"})", true);
  check(R"({"tag": {"$ne": "prod"}})", false);
  check(R"({"tag": {"$in": ["x", "a"]}})", true);
  check(R"({"tag": {"$exists": true}})", true);
  check(R"({"version": 3})", true);
  check(R"({"version": "v3"})", true);
  check(R"({"version": {"$gte": 4}})", false);
}

TEST(RecordFilter, RefusesWhatCannotBeMeant) {
  for (const char* json : {"[", "1", R"({"$where": 1})", R"({"name": {"$regex": "("}})",
                           R"({"name": {"$in": 1}})", R"({"$and": {}})", R"({"name": {"x": 1}})"}) {
    EXPECT_FALSE(RecordFilter::parse(json)) << json;
  }
  std::string deep = "{}";
  for (int i = 0; i < 100; ++i) deep = R"({"$not": )" + deep + "}";
  EXPECT_FALSE(RecordFilter::parse(deep));
  const auto unknown = RecordFilter::parse(R"({"colour": 1})");
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(unknown->passes(version_field));
}

TEST(RecordOrder, HasASignAndAKnownField) {
  const auto order = parse_order("-createdAt", {"name", "created_at"});
  ASSERT_TRUE(order && *order);
  EXPECT_EQ((*order)->field, "created_at");
  EXPECT_TRUE((*order)->descending);
  EXPECT_FALSE(*parse_order("", {"name"}));
  EXPECT_FALSE(parse_order("+colour", {"name"}));
}

}  // namespace
}  // namespace runstone::api
