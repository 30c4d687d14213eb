// The rules of rows, metrics, config and summary as a program sees them through its Run.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::Journal;
using testing_support::read_journal;
using testing_support::read_text;
using testing_support::Workplace;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string summary_text(const runstone::Run& run, const char* key) {
  const auto value = run.summary().get(key);
  return value ? json::to_text(*value) : "(nothing)";
}

MetricOptions ops(const char* summary, const char* goal = nullptr, bool overwrite = false) {
  MetricOptions options;
  options.summary = summary;
  if (goal != nullptr) options.goal = goal;
  options.overwrite = overwrite;
  return options;
}

class Rules : public testing::Test {
 protected:
  Journal finish() {
    run_.finish();
    return read_journal(run_.sync_dir());
  }
  void log_loss(std::initializer_list<double> values) {
    for (const double value : values) ASSERT_TRUE(run_.log({{"loss", value}}));
  }
  void refuse(const Result<Metric>& result, const char* words) {
    ASSERT_FALSE(result) << words;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
  }

  Workplace place_;
  runstone::Run run_ = place_.start();
};

// The three ways of A4.
TEST_F(Rules, L6ThreeWaysToLogTheSameRowsGiveTheSameRows) {
  const std::string want = "0 {\"loss\":0.2,\"acc\":0.8}\n1 {\"loss\":0.1,\"acc\":0.9}\n";
  runstone::Run plain = place_.start(), pieces = place_.start(), steps = place_.start();
  const double losses[] = {0.2, 0.1}, accs[] = {0.8, 0.9};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(plain.log({{"loss", losses[i]}, {"acc", accs[i]}}));
    ASSERT_TRUE(pieces.log({{"loss", losses[i]}}, {std::nullopt, false}));
    ASSERT_TRUE(pieces.log({{"acc", accs[i]}}));
    ASSERT_TRUE(steps.log({{"loss", losses[i]}}, {i, std::nullopt}));
    ASSERT_TRUE(steps.log({{"acc", accs[i]}}, {i, std::nullopt}));
  }
  for (runstone::Run* run : {&plain, &pieces, &steps}) {
    run->finish();
    EXPECT_EQ(read_journal(run->sync_dir()).row_texts(), want);
  }
}

TEST_F(Rules, L3WhatCannotBeLoggedIsRefusedAndUsesNoStep) {
  const std::string_view keys[] = {"a", "b"};
  const double values[] = {1};
  EXPECT_EQ(run_.log_numbers(keys, values).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(run_.log({{"empty", Media()}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(run_.log({{"made", Histogram::of(std::vector<double>{kNan})}}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(run_.step(), 0);
  ASSERT_TRUE(run_.log({{"a", 1}}));
  EXPECT_EQ(finish().row_texts(), "0 {\"a\":1}\n");
}

TEST_F(Rules, DM2EveryOperationThroughARun) {
  ASSERT_TRUE(run_.define_metric("loss", ops("min,max,mean,last,first")));
  log_loss({3, 1, 2, 5});
  EXPECT_EQ(summary_text(run_, "loss"),
            "{\"min\":1,\"max\":5,\"mean\":2.75,\"last\":5,\"first\":3}");
}

TEST_F(Rules, DM3BestFollowsItsGoal) {
  ASSERT_TRUE(run_.define_metric("loss", ops("best", "minimize")));
  ASSERT_TRUE(run_.define_metric("acc", ops("best", "maximize")));
  for (const int value : {1, 3, 2}) ASSERT_TRUE(run_.log({{"loss", value}, {"acc", value}}));
  EXPECT_EQ(summary_text(run_, "loss") + summary_text(run_, "acc"), "{\"best\":1}{\"best\":3}");
}

TEST_F(Rules, DM4DefinitionsAddUpUnlessTheyOverwrite) {
  ASSERT_TRUE(run_.define_metric("loss", ops("min")));
  EXPECT_EQ(run_.define_metric("loss", ops("max"))->summary.size(), 2u);
  log_loss({1, 2});
  EXPECT_EQ(summary_text(run_, "loss"), "{\"min\":1,\"max\":2}");
  const auto replaced = run_.define_metric("loss", ops("max", nullptr, true));
  EXPECT_EQ(replaced->summary, std::vector<std::string>{"max"});
  log_loss({0});
  EXPECT_EQ(summary_text(run_, "loss"), "{\"max\":2}");
}

TEST_F(Rules, DM5WrongDefinitionsAreRefused) {
  refuse(run_.define_metric(""), "non-empty name");
  refuse(run_.define_metric("a*b"), "glob suffixes only");
  refuse(run_.define_metric("*a"), "glob suffixes only");
  refuse(run_.define_metric("a", ops("median")), "summary op");
  refuse(run_.define_metric("a", ops("min", "sideways")), "goal");
  EXPECT_TRUE(finish().all<protocol::MetricRecord>().empty());
}

TEST_F(Rules, DM6AValueLoggedBeforeTheDefinitionCounts) {
  log_loss({3});
  ASSERT_TRUE(run_.define_metric("loss", ops("max")));
  log_loss({1});
  EXPECT_EQ(summary_text(run_, "loss"), "{\"max\":3}");
}

TEST_F(Rules, C1EachWayToWriteTheConfig) {
  Config config = run_.config();
  ASSERT_TRUE(config.set("lr", 0.1));
  EXPECT_TRUE(config.set("lr", 0.1)) << "an equal value changes nothing";
  EXPECT_EQ(config.set("lr", 0.2).error().code, ErrorCode::kConfigLocked);
  EXPECT_NE(config.set("lr", 0.2).error().message.find("Attempted to change value of key"),
            std::string::npos);
  EXPECT_FALSE(config.update({{"new", 1}, {"lr", 0.2}}));
  EXPECT_FALSE(config.get("new")) << "all or nothing";
  ASSERT_TRUE(config.update({{"lr", 0.2}}, true));
  ASSERT_TRUE(config.set_defaults({{"lr", 9}, {"seed", 7}}));
  ASSERT_TRUE(config.update_locked({{"depth", 3}}, "sweep"));
  EXPECT_TRUE(config.update({{"depth", 4}}, true));
  EXPECT_NE(place_.all_lines().find("was locked by"), std::string::npos);
  ASSERT_TRUE(config.update({{"net", {{"a", 1}, {"b", 2}}}}));
  ASSERT_TRUE(config.update({{"net", {{"a", 5}}}}, true));
  EXPECT_EQ(config.all(), (Dict{{"lr", 0.2}, {"seed", 7}, {"depth", 3}, {"net", {{"a", 5}}}}));
  finish();
  EXPECT_EQ(config.set("late", 1).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(*config.get("seed"), 7);
}

TEST_F(Rules, C2ConfigValuesAreKeptAsJsonCanSayThem) {
  ASSERT_TRUE(run_.config().update({{"--nan-", kNan},
                                    {"list", List{1, "a", nullptr, kNan}},
                                    {"deep", {{"er", {{"x", 1.5}}}}},
                                    {"big", std::numeric_limits<std::uint64_t>::max()},
                                    {"none", nullptr},
                                    {"yes", true}}));
  EXPECT_EQ(json::to_text(Value(run_.config().all())),
            "{\"nan\":null,\"list\":[1,\"a\",null,null],\"deep\":{\"er\":{\"x\":1.5}},"
            "\"big\":18446744073709551616,\"none\":null,\"yes\":true}");
}

TEST_F(Rules, S1ALaterValueReplacesWhatWasSetByHand) {
  ASSERT_TRUE(run_.log({{"acc", 0.9}}));
  ASSERT_TRUE(run_.log({{"acc", 0.7}}));
  ASSERT_TRUE(run_.summary().set("best_acc", 0.9));
  EXPECT_EQ(summary_text(run_, "acc") + summary_text(run_, "best_acc"), "0.70.9");
  ASSERT_TRUE(run_.summary().set("acc", "by hand"));
  EXPECT_EQ(summary_text(run_, "acc"), "\"by hand\"");
  ASSERT_TRUE(run_.log({{"acc", 0.8}}, {std::nullopt, false}));
  EXPECT_EQ(summary_text(run_, "acc"), "\"by hand\"") << "the open row does not show yet";
  ASSERT_TRUE(run_.log({{"more", 1}}));
  EXPECT_EQ(summary_text(run_, "acc"), "0.8");
  ASSERT_TRUE(run_.summary().set("acc", nullptr));
  EXPECT_EQ(summary_text(run_, "acc"), "(nothing)");
  ASSERT_TRUE(run_.summary().set("inf", HUGE_VAL));
  EXPECT_EQ(summary_text(run_, "inf"), "Infinity");
}

TEST_F(Rules, S2APathIsSetInsideOfWhatIsThere) {
  ASSERT_TRUE(run_.summary().set("u", {{"v", 1}}));
  ASSERT_TRUE(run_.summary().set({"u", "w"}, 5));
  EXPECT_EQ(summary_text(run_, "u"), "{\"v\":1,\"w\":5}");
  ASSERT_TRUE(run_.summary().erase({"u", "v"}));
  ASSERT_TRUE(run_.summary().erase("nothing of the kind"));
  EXPECT_EQ(summary_text(run_, "u"), "{\"w\":5}");
}

TEST_F(Rules, S3TheSummaryFileIsWhatTheRunSays) {
  ASSERT_TRUE(run_.define_metric("loss", ops("min")));
  log_loss({2, 1, 3});
  ASSERT_TRUE(run_.summary().set("note", "w"));
  finish();
  const auto file = json::parse(read_text(run_.dir() + "/wandb-summary.json"));
  ASSERT_TRUE(file);
  EXPECT_EQ(json::to_text(*file->get("loss")), "{\"min\":1}");
  EXPECT_EQ(*file->get("note"), "w");
  EXPECT_EQ(*file->get("_step"), 2);
  EXPECT_TRUE(file->get("_wandb")->get("runtime")->is_int());
}

TEST_F(Rules, ARunWithoutRowsSaysInItsSummaryHowLongItTook) {
  ASSERT_TRUE(run_.summary().set("note", "w"));
  finish();
  const auto file = json::parse(read_text(run_.dir() + "/wandb-summary.json"));
  ASSERT_TRUE(file && file->get("_runtime"));
  EXPECT_TRUE(file->get("_runtime")->is_int());
  EXPECT_EQ(file->get("_timestamp"), nullptr);
  EXPECT_EQ(summary_text(run_, "_runtime"), json::to_text(*file->get("_runtime")));
}

TEST_F(Rules, AR3ADraftKnowsNothingOfAServer) {
  Artifact draft = *Artifact::create("ds", "dataset");
  ASSERT_TRUE(draft.add_bytes("f", "hello\n"));
  EXPECT_EQ(draft.name() + " " + draft.type(), "ds dataset");
  EXPECT_TRUE(draft.id().empty() && !draft.is_sent() && !draft.is_final() && !draft.ttl_secs());
  EXPECT_EQ(draft.wait(1).error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(run_.log_artifact(draft));
  EXPECT_EQ(draft.wait(1).error().code, ErrorCode::kFailedPrecondition) << "the run is offline";
  EXPECT_EQ(draft.add_bytes("g", "x").error().code, ErrorCode::kFailedPrecondition);
}

}  // namespace
}  // namespace runstone
