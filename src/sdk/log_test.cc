#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::Journal;
using testing_support::read_journal;
using testing_support::Workplace;

LogOptions at_step(std::int64_t step) { return {step, std::nullopt}; }
LogOptions keep_open() { return {std::nullopt, false}; }

class Log : public testing::Test {
 protected:
  Journal finish() {
    run_.finish();
    return read_journal(run_.sync_dir());
  }
  Workplace place_;
  runstone::Run run_ = place_.start();
};

TEST_F(Log, L1RowsMergeByStepAndThePastIsIgnored) {
  ASSERT_TRUE(run_.log({{"loss", 0.2}}, keep_open()));
  ASSERT_TRUE(run_.log({{"acc", 0.8}}));
  ASSERT_TRUE(run_.log({{"loss", 0.1}}, at_step(5)));
  ASSERT_TRUE(run_.log({{"acc", 0.9}}, at_step(5)));
  ASSERT_TRUE(run_.log({{"late", 1}}, at_step(3)));
  ASSERT_TRUE(run_.log({{"x", 1}}));
  EXPECT_EQ(run_.step(), 6);
  EXPECT_NE(place_.all_lines().find("less than the current step"), std::string::npos);
  EXPECT_NE(place_.all_lines().find("ignored"), std::string::npos);
  EXPECT_EQ(finish().row_texts(),
            "0 {\"loss\":0.2,\"acc\":0.8}\n5 {\"loss\":0.1,\"acc\":0.9,\"x\":1}\n");
}

// The short road for rows of equal keys, and everything that must leave it.
TEST_F(Log, RowsOfEqualKeysAreRowsAsAnyOther) {
  std::string want;
  const auto log = [&](std::initializer_list<Field> fields, const char* text) {
    want += std::to_string(run_.step()) + " " + text + "\n";
    ASSERT_TRUE(run_.log(fields));
  };
  const std::string long_key(40, 'k');
  for (int round = 0; round < 3; ++round) {
    log({{"a", 0.5}, {"bc", 1}, {long_key, 2.5}},
        ("{\"a\":0.5,\"bc\":1,\"" + long_key + "\":2.5}").c_str());
    log({{"a", 1}, {"bc", 1.5}, {long_key, -3}},
        ("{\"a\":1,\"bc\":1.5,\"" + long_key + "\":-3}").c_str());
  }
  log({{"a", 0.5}, {"bd", 1}, {long_key, 2.5}},
      ("{\"a\":0.5,\"bd\":1,\"" + long_key + "\":2.5}").c_str());
  log({{"a", 2.5}, {"bc", "text"}, {long_key, true}},
      ("{\"a\":2.5,\"bc\":\"text\",\"" + long_key + "\":true}").c_str());
  for (int round = 0; round < 3; ++round) {
    log({{"d.e", 1}, {"d.e", 2, true}, {"d", 3}}, "{\"d\\\\.e\":1,\"d\":3}");
    log({{"a", 1}, {"a", 2}}, "{\"a\":2}");
    log({{"_step", 99}, {"a", 1}}, "{\"a\":1}");
  }
  const std::string_view keys[] = {"a", "bc"};
  for (int round = 0; round < 3; ++round) {
    want += std::to_string(run_.step()) + " {\"a\":0.25,\"bc\":4.5}\n";
    ASSERT_TRUE(run_.log_numbers(keys, std::vector<double>{0.25, 4.5}));
  }
  EXPECT_EQ(*run_.summary().get("bc"), Value(4.5));
  EXPECT_EQ(finish().row_texts(), want);
}

struct StepCase {
  std::optional<std::int64_t> step;
  std::optional<bool> commit;
  std::int64_t next;
  const char* rows;  // with an open row 7 that holds a=1, then log({b:2}), then finish
};
class LogStep : public testing::TestWithParam<StepCase> {};

TEST_P(LogStep, L2FromAnOpenRowSeven) {
  const StepCase& c = GetParam();
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.log({{"a", 1}}, at_step(7)));
  ASSERT_TRUE(run.log({{"b", 2}}, {c.step, c.commit}));
  EXPECT_EQ(run.step(), c.next);
  run.finish();
  EXPECT_EQ(read_journal(run.sync_dir()).row_texts(), c.rows);
}
INSTANTIATE_TEST_SUITE_P(Table, LogStep,
                         testing::Values(StepCase{{}, {}, 8, "7 {\"a\":1,\"b\":2}\n"},
                                         StepCase{{}, true, 8, "7 {\"a\":1,\"b\":2}\n"},
                                         StepCase{{}, false, 7, "7 {\"a\":1,\"b\":2}\n"},
                                         StepCase{9, {}, 9, "7 {\"a\":1}\n9 {\"b\":2}\n"},
                                         StepCase{9, false, 9, "7 {\"a\":1}\n9 {\"b\":2}\n"},
                                         StepCase{9, true, 10, "7 {\"a\":1}\n9 {\"b\":2}\n"},
                                         StepCase{7, {}, 7, "7 {\"a\":1,\"b\":2}\n"},
                                         StepCase{7, false, 7, "7 {\"a\":1,\"b\":2}\n"},
                                         StepCase{7, true, 8, "7 {\"a\":1,\"b\":2}\n"},
                                         StepCase{6, true, 7, "7 {\"a\":1}\n"},
                                         StepCase{-1, {}, 7, "7 {\"a\":1}\n"}));

// The stock client's sync looks nowhere else, and counts rows without the item.
TEST_F(Log, ARowWhoseStepIsNotItsPlaceInTheFileSaysItInAnItem) {
  ASSERT_TRUE(run_.log({{"a", 1}}));
  ASSERT_TRUE(run_.log({{"a", 2}}));
  ASSERT_TRUE(run_.log({{"a", 3}}, {20, true}));
  ASSERT_TRUE(run_.log({{"a", 4}}));
  const Journal journal = finish();
  for (const std::size_t early : {0u, 1u}) {
    EXPECT_FALSE(journal.rows[early].leaves.contains("_step"));
  }
  EXPECT_EQ(*journal.rows[2].leaves.find("_step"), Value(20));
  EXPECT_EQ(*journal.rows[3].leaves.find("_step"), Value(21));
}

TEST_F(Log, EmptyRowUsesUpAStep) {
  ASSERT_TRUE(run_.log(Span<const Field>()));
  ASSERT_TRUE(run_.log({{"a", 1}}));
  const Journal journal = finish();
  EXPECT_EQ(journal.row_texts(), "0 {}\n1 {\"a\":1}\n");
  EXPECT_TRUE(journal.rows[0].leaves.contains("_timestamp"));
  EXPECT_TRUE(journal.rows[0].leaves.contains("_runtime"));
}

TEST_F(Log, L4ValuesKeepTheirTypes) {
  const std::string long_key(5000, 'k');
  ASSERT_TRUE(run_.log({{"int", std::numeric_limits<std::int64_t>::min()},
                        {"uint", std::numeric_limits<std::uint64_t>::max()},
                        {"double", 0.1},
                        {"bool", true},
                        {"text", "ä\n\"x\""},
                        {"null", nullptr},
                        {"json", ValueRef::json("[1,NaN]")},
                        {"a.b", 1},
                        {"emoji 🙂/x", 2},
                        {"", 3}}));
  const Value nested = {{"x", 1}, {"d.t", List{1, "b"}}, {"empty", Dict()}};
  ASSERT_TRUE(run_.log({{"n", nested}}));
  ASSERT_TRUE(run_.log({{long_key, 4}}));
  const Journal journal = finish();
  EXPECT_EQ(journal.rows[0].text(),
            "{\"int\":-9223372036854775808,\"uint\":18446744073709551616,\"double\":0.1,"
            "\"bool\":true,\"text\":\"ä\\n\\\"x\\\"\",\"null\":null,\"json\":[1,NaN],"
            "\"a\\\\.b\":1,\"emoji 🙂/x\":2}");
  EXPECT_EQ(journal.rows[1].text(), "{\"n.x\":1,\"n.d\\\\.t\":[1,\"b\"]}");
  EXPECT_TRUE(journal.rows[2].leaves.contains(long_key));
  EXPECT_FALSE(run_.summary().get("null"));
}

TEST_F(Log, L5NanAndInfinityRoundTrip) {
  const double inf = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(run_.log({{"nan", std::nan("")}, {"inf", inf}, {"minus", -inf}}));
  EXPECT_EQ(finish().rows[0].text(), "{\"nan\":NaN,\"inf\":Infinity,\"minus\":-Infinity}");
}

TEST_F(Log, UserTimestampIsKeptStepAndRuntimeAreNot) {
  ASSERT_TRUE(run_.log({{"_timestamp", 12.5}, {"_step", 99}, {"_runtime", 1e9}, {"a", 1}}));
  const Journal journal = finish();
  EXPECT_EQ(journal.rows[0].step, 0);
  EXPECT_EQ(*journal.rows[0].leaves.find("_timestamp"), Value(12.5));
  EXPECT_LT(journal.rows[0].leaves.find("_runtime")->number_or(1e9), 1e6);
}

TEST_F(Log, LaterLeafWinsOverADictAndADictOverALeaf) {
  ASSERT_TRUE(run_.log({{"a", 1}}, keep_open()));
  ASSERT_TRUE(run_.log({{"a", Value({{"b", 2}})}}, keep_open()));
  ASSERT_TRUE(run_.log({{"c", Value({{"d", 2}})}}, keep_open()));
  ASSERT_TRUE(run_.log({{"c", 3}}));
  EXPECT_EQ(finish().row_texts(), "0 {\"a.b\":2,\"c\":3}\n");
}

TEST_F(Log, SameKeyTwiceInARowCountsOnce) {
  ASSERT_TRUE(run_.log({{"a", 1}, {"a", 2}}));
  EXPECT_EQ(finish().row_texts(), "0 {\"a\":2}\n");
}

TEST_F(Log, RowBuilderNestsAndCopies) {
  Row row;
  for (int i = 0; i < 3; ++i) {
    row.clear();
    row.begin_dict("v.1");
    row.add("acc", i);
    row.begin_dict("x");
    row.add("", row.copy(std::string("text") + std::to_string(i)));
    row.end_dict();
    row.end_dict();
    row.add("top", 0.5);
    ASSERT_TRUE(run_.log(row));
  }
  EXPECT_EQ(finish().rows[2].text(), "{\"v\\\\.1.acc\":2,\"v\\\\.1.x.\":\"text2\",\"top\":0.5}");
}

TEST_F(Log, AlternatingRowsKeepTheirKeysApart) {
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(run_.log({{"a", i}, {"b", i}}));
    ASSERT_TRUE(run_.log({{"b", i}, {"c", i}, {"a", i}}));
  }
  const Journal journal = finish();
  EXPECT_EQ(journal.rows[6].text(), "{\"a\":3,\"b\":3}");
  EXPECT_EQ(journal.rows[7].text(), "{\"b\":3,\"c\":3,\"a\":3}");
}

TEST_F(Log, TwentyThousandKeysInARow) {
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back("k" + std::to_string(i));
  std::vector<Field> row;
  for (const auto& name : names) row.emplace_back(name, 1.0);
  ASSERT_TRUE(run_.log({row.data(), row.size()}));
  EXPECT_EQ(finish().rows[0].leaves.size(), 20'002u);
}

TEST_F(Log, L3AStepPastWhichNothingCanBeCountedIsRefused) {
  constexpr std::int64_t kLast = std::int64_t{1} << 62;
  const std::vector<std::string_view> keys = {"n"};
  const std::vector<double> values = {1};
  for (const std::int64_t step : {kLast + 1, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(run_.log({{"a", 1}}, {step, std::nullopt}).error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(run_.log_numbers(keys, values, {step, std::nullopt}));
  }
  EXPECT_EQ(run_.step(), 0);
  ASSERT_TRUE(run_.log({{"a", 1}}, {kLast, true}));
  EXPECT_EQ(run_.step(), kLast + 1);
  ASSERT_TRUE(run_.log({{"a", 2}}));
  EXPECT_EQ(run_.step(), kLast + 2);
}

TEST_F(Log, L3FinishedRunRefuses) {
  run_.finish();
  const auto done = run_.log({{"a", 1}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(done.error().message.find("is finished"), std::string::npos);
}

TEST_F(Log, FourThreadsGiveEveryRowAStepOfItsOwn) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) discard(run_.log({{"t", t}, {"i", i}}), "counted below");
    });
  }
  for (auto& thread : threads) thread.join();
  const Journal journal = finish();
  ASSERT_EQ(journal.rows.size(), 400u);
  std::set<std::int64_t> steps;
  for (const auto& row : journal.rows) steps.insert(row.step);
  EXPECT_EQ(steps.size(), 400u);
}

TEST_F(Log, DM1StepSyncAddsTheLatestStepMetric) {
  ASSERT_TRUE(run_.define_metric("epoch"));
  MetricOptions options;
  options.step_metric = "epoch";
  options.summary = "max";
  ASSERT_TRUE(run_.define_metric("val/*", options));
  ASSERT_TRUE(run_.log({{"epoch", 1}, {"val/acc", 0.5}}));
  ASSERT_TRUE(run_.log({{"val/acc", 0.4}}));
  EXPECT_EQ(json::to_text(*run_.summary().get("val/acc")), "{\"max\":0.5}");
  EXPECT_EQ(finish().row_texts(),
            "0 {\"epoch\":1,\"val/acc\":0.5}\n1 {\"val/acc\":0.4,\"epoch\":1}\n");
}

TEST_F(Log, StepMetricNeverLoggedIsZero) {
  MetricOptions options;
  options.step_metric = "epoch";
  ASSERT_TRUE(run_.define_metric("a", options));
  ASSERT_TRUE(run_.log({{"a", 1}}));
  EXPECT_EQ(finish().row_texts(), "0 {\"a\":1,\"epoch\":0}\n");
}

TEST_F(Log, S1SummaryHasTheLastValuesAndWhatWasSet) {
  ASSERT_TRUE(run_.log({{"acc", 0.9}}));
  ASSERT_TRUE(run_.log({{"acc", 0.7}}));
  ASSERT_TRUE(run_.summary().set("best_acc", 0.9));
  EXPECT_EQ(*run_.summary().get("acc"), Value(0.7));
  EXPECT_EQ(*run_.summary().get("best_acc"), Value(0.9));
  ASSERT_TRUE(run_.log({{"open", 1}}, keep_open()));
  EXPECT_FALSE(run_.summary().get("open"));  // not written yet
  const Dict shown = finish().summary_of_records();
  EXPECT_EQ(*shown.find("acc"), Value(0.7));
  EXPECT_EQ(*shown.find("best_acc"), Value(0.9));
  EXPECT_EQ(*shown.find("open"), Value(1));
  EXPECT_EQ(*shown.find("_step"), Value(2));
  EXPECT_NE(Value(shown).get("_wandb")->get("runtime"), nullptr);
}

}  // namespace
}  // namespace runstone
