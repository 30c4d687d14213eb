// The acceptance programs of plain rows: A1 to A5 and A16.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/run.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Dict;
using runstone::PublicRun;
using runstone::Value;
using testing::ElementsAre;

constexpr runstone::LogOptions kKeepOpen = {std::nullopt, false};

TEST(Acceptance, A1OneRow) {
  in_both_modes({[](runstone::Run& run) {
                   must(run.log({{"accuracy", 0.9}, {"loss", 0.1}}));
                 },
                 [](const PublicRun& run) {
                   EXPECT_THAT(rows_of(run), ElementsAre(Dict{{"accuracy", 0.9}, {"loss", 0.1}}));
                 }});
}

TEST(Acceptance, A1TheEndOfABlockFinishesTheRun) {
  { must(start("a").log({{"accuracy", 0.9}, {"loss", 0.1}})); }
  EXPECT_EQ(stored("a").state(), "finished");
  EXPECT_EQ(rows_of(stored("a")).size(), 1u);
}

TEST(Acceptance, A2TwoSectionsInOneCall) {
  in_both_modes({[](runstone::Run& run) {
                   must(run.log({{"train/accuracy", 0.9},
                                 {"train/loss", 0.1},
                                 {"validate/accuracy", 0.8},
                                 {"validate/loss", 0.2}}));
                 },
                 [](const PublicRun& run) {
                   const std::vector<Dict> rows = rows_of(run);
                   ASSERT_EQ(rows.size(), 1u);
                   std::multiset<std::string> sections;
                   for (const auto& [key, value] : rows[0]) {
                     sections.insert(key.substr(0, key.rfind('/')));
                   }
                   EXPECT_THAT(sections, ElementsAre("train", "train", "validate", "validate"));
                   EXPECT_EQ(*rows[0].find("validate/accuracy"), Value(0.8));
                 }});
}

TEST(Acceptance, A3AMetricAsXAxis) {
  in_both_modes({[](runstone::Run& run) {
                   must(run.log({{"epoch", 39}, {"train-loss", 0.6}}));
                   must(run.log({{"epoch", 40}, {"train-loss", 0.5}}));
                 },
                 [](const PublicRun& run) {
                   runstone::HistoryOptions over_epochs;
                   over_epochs.x_axis = "epoch";
                   over_epochs.keys = {"train-loss"};
                   const Dict want[] = {{{"epoch", 39}, {"train-loss", 0.6}},
                                        {{"epoch", 40}, {"train-loss", 0.5}}};
                   EXPECT_THAT(must(run.history(over_epochs)), testing::ElementsAreArray(want));
                   EXPECT_THAT(rows_of(run), testing::ElementsAreArray(want));
                 }});
}

TEST(Acceptance, A4TwoRowsThreeWays) {
  struct Pair {
    double accuracy, loss;
  };
  static constexpr Pair kPairs[] = {{0.8, 0.3}, {0.9, 0.2}};
  const auto check = [](const PublicRun& run) {
    EXPECT_THAT(rows_of(run), ElementsAre(Dict{{"accuracy", 0.8}, {"loss", 0.3}},
                                          Dict{{"accuracy", 0.9}, {"loss", 0.2}}));
    EXPECT_THAT(steps_of(run), ElementsAre(0, 1));
    EXPECT_EQ(summary_of(run, {"accuracy"}), Value(0.9));
  };
  const auto plain = [](runstone::Run& run) {
    for (const Pair& pair : kPairs) {
      must(run.log({{"accuracy", pair.accuracy}, {"loss", pair.loss}}));
    }
  };
  const auto in_two_parts = [](runstone::Run& run) {
    for (const Pair& pair : kPairs) {
      must(run.log({{"accuracy", pair.accuracy}}, kKeepOpen));
      must(run.log({{"loss", pair.loss}}));
    }
  };
  const auto by_step = [](runstone::Run& run) {
    std::int64_t step = 0;
    for (const Pair& pair : kPairs) {
      must(run.log({{"accuracy", pair.accuracy}}, {step, std::nullopt}));
      must(run.log({{"loss", pair.loss}}, {step, std::nullopt}));
      ++step;
    }
  };
  const char* ids[] = {"plain", "parts", "steps"};
  const std::function<void(runstone::Run&)> programs[] = {plain, in_two_parts, by_step};
  for (int way = 0; way < 3; ++way) {
    SCOPED_TRACE(ids[way]);
    in_both_modes({programs[way], check}, ids[way]);
  }
}

TEST(Acceptance, A5OneRowByTwoCalls) {
  in_both_modes({[](runstone::Run& run) {
                   must(run.log({{"loss", 0.2}}, kKeepOpen));
                   must(run.log({{"accuracy", 0.8}}));
                 },
                 [](const PublicRun& run) {
                   EXPECT_THAT(rows_of(run), ElementsAre(Dict{{"loss", 0.2}, {"accuracy", 0.8}}));
                 }});
}

void train_with_defined_metrics(runstone::Run& run) {
  const auto define = [&run](const char* name, const char* step, const char* summary) {
    runstone::MetricOptions options;
    if (step != nullptr) options.step_metric = step;
    if (summary != nullptr) options.summary = summary;
    return must(run.define_metric(name, options));
  };
  define("custom_step", nullptr, nullptr);
  const runstone::Metric loss = define("validation_loss", "custom_step", "min");
  EXPECT_EQ(loss.step_metric, "custom_step");
  EXPECT_TRUE(loss.step_sync) << "where a step metric is given";
  define("train/*", "train/step", nullptr);
  define("acc", nullptr, "max,mean,last");
  for (int i = 0; i < 10; ++i) {
    must(run.log({{"train/step", i},
                  {"train/loss", 1.0 / (i + 1)},
                  {"acc", i / 8.0},
                  {"custom_step", i * i},
                  {"validation_loss", std::abs(i - 5)}}));
  }
  must(run.log({{"validation_loss", 3}, {"train/loss", 0.05}}));  // their steps are added
}

TEST(Acceptance, A16MetricsWithAnAxisAndASummary) {
  in_both_modes({train_with_defined_metrics, [](const PublicRun& run) {
                   const std::vector<Dict> rows = rows_of(run);
                   ASSERT_EQ(rows.size(), 11u);
                   EXPECT_EQ(rows[9].find("custom_step")->int_or(-1), 81);
                   EXPECT_EQ(rows[10], (Dict{{"validation_loss", 3},
                                             {"train/loss", 0.05},
                                             {"custom_step", 81},
                                             {"train/step", 9}}));
                   EXPECT_EQ(summary_of(run, {"validation_loss"}), Value(Dict{{"min", 0}}));
                   EXPECT_TRUE(same_value(summary_of(run, {"acc"}),
                                          Dict{{"max", 1.125}, {"mean", 0.5625}, {"last", 1.125}}));
                   EXPECT_EQ(summary_of(run, {"train/loss"}), Value(0.05));
                 }});
}

}  // namespace
}  // namespace native
