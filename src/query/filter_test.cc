#include "query/filter.h"

#include <source_location>

#include <gtest/gtest.h>

namespace runstone::query {
namespace {

store::RunInfo sample_run() {
  store::RunInfo run;
  run.name = "ab12cd34";
  run.display_name = "brisk-otter-1";
  run.state = store::RunState::kFinished;
  run.tags = {"baseline", "v2"};
  run.group = "g1";
  run.job_type = "train";
  run.sweep = "sw1";
  run.user_name = "alice";
  run.created_at_us = 1'795'440'607'000'000;  // 2026-11-23T13:30:07Z
  run.config_json =
      R"({"lr":{"value":0.1},"net":{"value":{"layers":3,"act":"relu"}},"a.b":{"value":5},
                        "flag":{"value":true},"none":{"value":null}})";
  run.summary_json = R"({"loss":0.25,"acc":{"max":0.9},"nan":NaN,"val/x":7})";
  return run;
}

void check(std::string_view filter, bool want,
           std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), filter);
  const auto parsed = Filter::parse(filter);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto run = sample_run();
  EXPECT_EQ(parsed->passes(RunFields(run)), want);
}

TEST(Filter, FindsFieldsByEveryName) {
  check(R"({"config.lr":0.1})", true);
  check(R"({"config.lr.value":0.1})", true);
  check(R"({"config.net.layers":3})", true);
  check(R"({"config.net.value.layers":3})", true);
  check(R"({"config.a.b":5})", true);
  check(R"({"summary_metrics.loss":0.25})", true);
  check(R"({"summaryMetrics.acc.max":{"$gt":0.8}})", true);
  check(R"({"summary_metrics.val/x":7})", true);
  check(R"({"displayName":"brisk-otter-1"})", true);
  check(R"({"display_name":"brisk-otter-1","jobType":"train","job_type":"train"})", true);
  check(R"({"name":"ab12cd34","username":"alice","group":"g1","sweep":"sw1","state":"finished"})",
        true);
  check(R"({"state":"running"})", false);
}

TEST(Filter, ComparesNumbersTextsAndTimes) {
  check(R"({"config.lr":{"$gt":0.05,"$lt":0.5}})", true);
  check(R"({"config.lr":{"$gte":0.1,"$lte":0.1}})", true);
  check(R"({"config.lr":{"$gt":0.1}})", false);
  check(R"({"config.lr":{"$gt":"0"}})", false);
  check(R"({"summary_metrics.nan":{"$lt":5}})", false);
  check(R"({"config.missing":{"$lt":5}})", false);
  check(R"({"display_name":{"$gt":"a"}})", true);
  check(R"({"created_at":{"$gt":"2026-11-23"}})", true);
  check(R"({"createdAt":{"$lt":"2026-11-23T13:30:08Z"}})", true);
  check(R"({"created_at":{"$gte":"2026-11-23T13:30:07.5Z"}})", false);
  check(R"({"created_at":{"$lt":"2026-11-23T15:30:08+02:00"}})", true);
  check(R"({"created_at":{"$lt":"2026-11-23T14:30:08+02:00"}})", false);
  check(R"({"created_at":{"$lt":1795440608}})", true);
}

TEST(Filter, TakesAListForAnyOfItsElements) {
  check(R"({"tags":"v2"})", true);
  check(R"({"tags":{"$in":["x","baseline"]}})", true);
  check(R"({"tags":{"$nin":["x","baseline"]}})", false);
  check(R"({"tags":{"$ne":"v2"}})", false);
  check(R"({"tags":{"$regex":"^base"}})", true);
}

TEST(Filter, JoinsAndNegates) {
  check(R"({"$and":[{"state":"finished"},{"config.lr":0.1}]})", true);
  check(R"({"$or":[{"state":"running"},{"config.lr":0.1}]})", true);
  check(R"({"$or":[{"state":"running"},{"config.lr":0.2}]})", false);
  check(R"({"$not":{"state":"running"}})", true);
  check(R"({"config.lr":{"$not":{"$gt":0.05}}})", false);
  check(R"({"$and":[],"$or":[{"$and":[{"state":{"$ne":"failed"}},{"tags":"v2"}]}]})", true);
  check("", true);
  check("{}", true);
}

TEST(Filter, KnowsWhatIsThere) {
  check(R"({"config.lr":{"$exists":true}})", true);
  check(R"({"config.missing":{"$exists":true}})", false);
  check(R"({"config.missing":{"$exists":false}})", true);
  check(R"({"config.missing":{"$ne":1}})", true);
  check(R"({"config.missing":null})", true);
  check(R"({"config.none":null})", true);
}

TEST(Filter, MatchesRegularExpressionsAnywhereInTheText) {
  check(R"({"display_name":{"$regex":"otter"}})", true);
  check(R"({"display_name":{"$regex":"^OTTER","$options":"i"}})", false);
  check(R"({"display_name":{"$regex":"OTTER-\\d$","$options":"i"}})", true);
  check(R"({"created_at":{"$regex":"^2026-11"}})", true);
  check(R"({"display_name":{"$regex":"^x|OTTER-\\d$","$options":"ims"}})", true);
}

TEST(Filter, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"[]", "x", R"({"$xor":[]})", R"({"a":{"$near":1}})", R"({"a":{"$in":1}})", R"({"$and":{}})",
        R"({"a":{"$regex":"("}})", R"({"a":{"$regex":1}})", R"({"created_at":{"$gt":"yesterday"}})",
        R"({"a":{"$exists":"yes"}})", R"({"config.a":{"$gt":1,"b":2}})",
        R"({"name":{"$regex":"a","$options":"q"}})", R"({"config.a":{"$gt":1,"$options":"i"}})"}) {
    const auto parsed = Filter::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument) << text;
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += R"({"$not":)";
  EXPECT_FALSE(Filter::parse(deep + "{}" + std::string(100, '}')));
}

TEST(Filter, SaysWhichFieldsThereAre) {
  const auto parsed = Filter::parse(R"({"loss":{"$lt":1}})");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find("no field \"loss\""), std::string::npos);
  EXPECT_NE(parsed.error().message.find("summary_metrics.<key>"), std::string::npos);
}

TEST(Filter, BoundsWhatItTakes) {
  std::string many = R"({"$or":[)";
  for (int i = 0; i < 1001; ++i) many += (i == 0 ? "" : ",") + std::string(R"({"state":"failed"})");
  EXPECT_FALSE(Filter::parse(many + "]}"));
  EXPECT_FALSE(Filter::parse(R"({"state":")" + std::string(5 << 20, 'x') + "\"}"));
}

TEST(Filter, FindsManyNamesInAList) {
  std::string names = R"({"name":{"$in":["ab12cd34")";
  for (int i = 0; i < 50'000; ++i) names += ",\"run" + std::to_string(i) + "\"";
  check(names + "]}}", true);
  check(R"({"name":{"$in":["x"]}})", false);
  check(R"({"name":{"$nin":["x", 5, null]}})", true);
  check(R"({"config.lr":{"$in":["x", 0.1]}})", true);
  check(R"({"config.missing":{"$in":["x", null]}})", true);
}

TEST(Filter, TakesWhatWasNeverSetForMissing) {
  check(R"({"notes":null})", true);
  check(R"({"notes":{"$exists":false}})", true);
  check(R"({"group":{"$exists":true}})", true);
}

}  // namespace
}  // namespace runstone::query
