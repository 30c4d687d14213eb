// What the public API reads and changes of a stored run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/run.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Dict;
using runstone::ErrorCode;
using runstone::Value;

constexpr int kRows = 1000;

double loss_at(std::int64_t step) { return 1.0 / static_cast<double>(step + 1); }

void log_rows() {
  runstone::Run run = start("r1");
  for (int i = 0; i < kRows; ++i) {
    must(run.log({{"loss", loss_at(i)}, {"i", i}}, {3 * i, true}));  // steps have gaps
    if (i % 100 == 0) must(run.log({{"rare", i}}, {3 * i + 1, true}));
  }
  finish(run);
}

TEST(History, PA1EveryRowIsScannedInOrderAndSamplesHaveTheEnds) {
  log_rows();
  const runstone::PublicRun run = stored("r1");
  runstone::ScanOptions scan;
  scan.keys = {"loss", "i"};
  scan.page_size = 300;
  const auto rows = must(must(run.scan_history(scan)).rest());
  ASSERT_EQ(rows.size(), 1000u) << "with keys only rows that have all of them";
  for (int i = 0; i < kRows; ++i) {
    const Dict want = {{"_step", 3 * i}, {"i", i}, {"loss", loss_at(i)}};
    ASSERT_TRUE(same_value(rows[static_cast<std::size_t>(i)], want)) << i;
  }
  EXPECT_EQ(must(must(run.scan_history()).rest()).size(), 1010u);
  scan.min_step = 30;
  scan.max_step = 60;
  EXPECT_EQ(must(must(run.scan_history(scan)).rest()).size(), 10u);

  runstone::HistoryOptions sampled;
  sampled.samples = 100;
  const auto sample = must(run.history(sampled));
  ASSERT_FALSE(sample.empty());
  EXPECT_LE(sample.size(), 100u);
  std::vector<std::int64_t> steps;
  for (const Dict& row : sample) steps.push_back(row.find("_step")->int_or(-1));
  EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end()));
  EXPECT_EQ(steps.front(), 0);
  EXPECT_EQ(steps.back(), 3 * (kRows - 1));
}

TEST(History, PA2AChangeOfTheSummaryPersists) {
  runstone::Run logged = start("r1");
  must(logged.log({{"loss", 0.5}, {"deep", Value(Dict{{"x", 1}})}}));
  finish(logged);
  must(stored("r1").summary().update({{"z", 1}}));
  EXPECT_EQ(summary_of(stored("r1"), {"z"}), Value(1));
  EXPECT_EQ(summary_of(stored("r1"), {"loss"}), Value(0.5));
  runstone::PublicSummary summary = stored("r1").summary();
  must(summary.set({"deep", "y"}, 2));
  must(summary.erase({"loss"}));
  EXPECT_EQ(summary_of(stored("r1"), {"deep", "y"}), Value()) << "nothing before update()";
  must(summary.update());
  EXPECT_EQ(summary_of(stored("r1"), {"deep"}), Value(Dict{{"x", 1}, {"y", 2}}));
  EXPECT_EQ(summary_of(stored("r1"), {"loss"}), Value());
  EXPECT_EQ(summary_of(stored("r1"), {"z"}), Value(1));
}

}  // namespace
}  // namespace native
