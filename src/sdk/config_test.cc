#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/json.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing::HasSubstr;
using testing_support::Workplace;

InitOptions with_config(Workplace& place, Dict config) {
  InitOptions options = place.options();
  options.config = std::move(config);
  return options;
}

/// The config as a reader of the journal puts it together.
Dict recorded_config(const std::string& run_directory) {
  Dict config;
  for (const auto& record : testing_support::read_journal(run_directory).records) {
    const protocol::ConfigRecord* change = std::get_if<protocol::ConfigRecord>(&record.body);
    const auto* run = std::get_if<protocol::RunRecord>(&record.body);
    if (change == nullptr && run != nullptr) change = &run->config;
    if (change == nullptr) continue;
    for (const auto& item : change->update) {
      if (item.path.size() != 1 || item.path[0][0] == '_') continue;
      const auto* text = std::get_if<protocol::JsonText>(&item.value);
      if (text != nullptr) config.set(item.path[0], json::parse(text->text).value());
    }
  }
  return config;
}

TEST(ConfigOfARun, C1_AChangeNeedsPermissionAndFailsWhole) {
  Workplace place;
  auto run = place.start(with_config(place, {{"lr", 0.1}, {"n", {{"a", 1}}}}));
  auto config = run.config();
  EXPECT_EQ(config.get("absent"), std::nullopt);
  EXPECT_TRUE(config.set("lr", 0.1));  // equal
  EXPECT_TRUE(config.set("n", Dict{{"a", 1.0}}));
  const auto refused = config.update({{"fresh", 1}, {"lr", 0.2}});
  EXPECT_EQ(refused.error().code, ErrorCode::kConfigLocked);
  EXPECT_THAT(refused.error().message, HasSubstr("Attempted to change value of key"));
  EXPECT_EQ(config.get("fresh"), std::nullopt);
  EXPECT_TRUE(config.update({{"lr", 0.2}}, true));
  EXPECT_EQ(config.get("lr"), Value(0.2));
  EXPECT_TRUE(config.set_defaults({{"lr", 9}, {"d", 4}}));
  EXPECT_EQ(config.get("lr"), Value(0.2));
  EXPECT_EQ(config.get("d"), Value(4));
  EXPECT_TRUE(config.set("--dashed-", 7));
  EXPECT_EQ(config.get("dashed"), Value(7));
}

TEST(ConfigOfARun, C1_ALockedKeyIgnoresWritesWithAWarning) {
  Workplace place;
  auto run = place.start(with_config(place, {{"lr", 1}}));
  EXPECT_TRUE(run.config().update_locked({{"lr", 2}}, "sweep"));
  EXPECT_TRUE(run.config().set("lr", 3));
  EXPECT_TRUE(run.config().update({{"lr", 4}, {"other", 5}}, true));
  EXPECT_EQ(run.config().get("lr"), Value(2));
  EXPECT_EQ(run.config().get("other"), Value(5));
  EXPECT_THAT(place.all_lines(), HasSubstr("was locked by 'sweep'"));
}

TEST(ConfigOfARun, C1_IsReadAndNotWrittenOnceTheRunHasFinished) {
  Workplace place;
  auto run = place.start(with_config(place, {{"lr", 1}}));
  run.finish();
  EXPECT_EQ(run.config().get("lr"), Value(1));
  EXPECT_EQ(run.config().all(), (Dict{{"lr", 1}}));
  for (const auto& refused :
       {run.config().set("lr", 2), run.config().update({{"lr", 1}}), run.config().persist(),
        run.config().set_defaults({{"a", 1}}), run.config().update_locked({{"a", 1}}, "x")}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_THAT(refused.error().message, HasSubstr("is finished"));
  }
}

TEST(ConfigOfARun, C2_C3_NaNBecomesNullAndTheJournalHasTheLastValues) {
  Workplace place;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  auto run = place.start(with_config(place, {{"lr", 0.1}, {"odd", {{"list", List{nan, 1}}}}}));
  EXPECT_EQ(run.config().get("odd"), Value(Dict{{"list", List{nullptr, 1}}}));
  EXPECT_TRUE(run.config().update({{"lr", 0.2}, {"n", {{"a", 1}}}}, true));
  const std::string directory = run.sync_dir();
  run.finish();
  EXPECT_EQ(recorded_config(directory),
            (Dict{{"lr", 0.2}, {"odd", {{"list", List{nullptr, 1}}}}, {"n", {{"a", 1}}}}));
}

TEST(SummaryOfARun, S1_WhatIsSetByHandHoldsUntilItsKeyIsLoggedAgain) {
  Workplace place;
  auto run = place.start();
  EXPECT_TRUE(run.log({{"acc", 0.9}}));
  EXPECT_TRUE(run.log({{"acc", 0.7}}));
  EXPECT_TRUE(run.summary().set("best_acc", 0.9));
  EXPECT_EQ(run.summary().get("acc"), Value(0.7));
  EXPECT_EQ(run.summary().get("best_acc"), Value(0.9));
  EXPECT_TRUE(run.log({{"best_acc", 0.5}}));
  EXPECT_EQ(run.summary().get("best_acc"), Value(0.5));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(run.summary().update({{"none", nullptr}, {"nan", std::nan("")}, {"inf", infinity}}));
  EXPECT_EQ(run.summary().get("none"), std::nullopt);
  EXPECT_EQ(run.summary().get("nan"), std::nullopt);
  EXPECT_EQ(run.summary().get("inf"), Value(infinity));
}

TEST(SummaryOfARun, S2_NestedValuesAreSetMergedAndErased) {
  Workplace place;
  auto run = place.start();
  auto summary = run.summary();
  EXPECT_TRUE(summary.set("u", Dict{{"v", 1}}));
  EXPECT_TRUE(summary.set({"u", "w"}, 5));
  EXPECT_EQ(summary.get("u"), Value(Dict{{"v", 1}, {"w", 5}}));
  EXPECT_TRUE(summary.erase({"u", "v"}));
  EXPECT_TRUE(summary.erase({"u", "absent"}));
  EXPECT_EQ(summary.get("u"), Value(Dict{{"w", 5}}));
  EXPECT_TRUE(run.log(Dict{{"n", {{"a", 1}}}}));
  EXPECT_TRUE(run.log(Dict{{"n", {{"b", 2}}}}));
  EXPECT_EQ(summary.get("n"), Value(Dict{{"a", 1}, {"b", 2}}));
  const std::string directory = run.sync_dir();
  run.finish();
  EXPECT_EQ(summary.erase({"u"}).error().code, ErrorCode::kFailedPrecondition);
  const Dict recorded = testing_support::read_journal(directory).summary_of_records();
  EXPECT_EQ(*recorded.find("u"), Value(Dict{{"w", 5}}));
}

}  // namespace
}  // namespace runstone
