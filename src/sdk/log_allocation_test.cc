// What log() costs its caller after warm-up: no allocation, and no wait for the disk. A program of
// its own, since it counts every allocation of the process and stands in for calls of the C
// library.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "model/summary_table.h"
#include "sdk/count_allocations.h"
#include "sdk/stalled_disk.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::allocations_of_this_thread;
using testing_support::read_journal;
using testing_support::StalledDisk;
using testing_support::Workplace;

// Fewer bytes than the journal's first window: mapping the next one is the keeper's work, but who
// outruns it does it himself.
constexpr int kRows = 500;

TEST(LogAllocation, TheCounterCounts) {
  const std::uint64_t before = allocations_of_this_thread();
  const std::string text(100, 'x');
  EXPECT_EQ(allocations_of_this_thread(), before + 1);
}

TEST(LogAllocation, SteadyStateAllocatesNothingOnTheCallersThread) {
  Workplace place;
  runstone::Run run = place.start();
  Row row;
  const auto log_all = [&](double i) {
    discard(run.log({{"loss", i}, {"n", 7}, {"ok", true}, {"text", "some words"}}), "counted");
    row.clear();
    row.begin_dict("val");
    row.add("acc", i);
    row.end_dict();
    discard(run.log(row), "counted");
  };
  for (int i = 0; i < 100; ++i) log_all(i);
  const std::uint64_t before = allocations_of_this_thread();
  for (int i = 0; i < kRows; ++i) log_all(i);
  EXPECT_EQ(allocations_of_this_thread(), before);
  EXPECT_EQ(run.row_count(), 2u * (100 + kRows));
}

TEST(LogAllocation, NumbersInAnArrayAndRowsWithAStepAllocateNothing) {
  Workplace place;
  runstone::Run run = place.start();
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back("layer/" + std::to_string(i) + "/norm");
  const std::vector<std::string_view> keys(names.begin(), names.end());
  std::vector<double> values(keys.size());
  std::int64_t step = 0;
  const auto log_all = [&](double i) {
    values.assign(keys.size(), i);
    discard(run.log_numbers(keys, values), "counted");
    LogOptions options;
    options.step = step = run.step() + 1;  // a gap between the rows
    options.commit = true;
    discard(run.log({{"loss", i}}, options), "counted");
    options.commit = false;
    options.step.reset();
    discard(run.log({{"a piece", i}}, options), "counted");
    discard(run.log({{"the rest", i}}), "counted");
  };
  for (int i = 0; i < 100; ++i) log_all(i);
  const std::uint64_t before = allocations_of_this_thread();
  for (int i = 0; i < 100; ++i) log_all(i);
  EXPECT_EQ(allocations_of_this_thread(), before);
  EXPECT_EQ(run.row_count(), 600u);
}

TEST(LogAllocation, SeveralThreadsAllocateNothingOnceTheirKeysAreKnown) {
  constexpr int kThreads = 4, kRowsEach = 200;
  Workplace place;
  runstone::Run run = place.start();
  std::barrier all_warm(kThreads);
  std::atomic<std::uint64_t> allocations{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string mine = "thread/" + std::to_string(t);
      const std::string_view keys[] = {mine, "shared"};
      const auto log_all = [&](double i) {
        const double values[] = {i, 2 * i};
        discard(run.log_numbers(keys, values), "counted");
        discard(run.log({{mine, i}, {"n", t}}), "counted");
      };
      for (int i = 0; i < 100; ++i) log_all(i);
      all_warm.arrive_and_wait();
      const std::uint64_t before = allocations_of_this_thread();
      for (int i = 0; i < kRowsEach; ++i) log_all(i);
      allocations += allocations_of_this_thread() - before;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allocations, 0u);
  EXPECT_EQ(run.row_count(), 2u * kThreads * (100 + kRowsEach));
}

// What the keeper does each second with the run's lock held, for the curves that finish() draws.
TEST(LogAllocation, LookingAtTheMetricsAllocatesNothing) {
  SummaryTable summary;
  for (int i = 0; i < 70; ++i) {
    const std::string name = "a rather long name of a metric, number " + std::to_string(i);
    if (i % 10 == 9) {
      summary.observe(summary.slot({name}), ValueRef("text"));
    } else {
      summary.observe(summary.slot({name}), ValueRef(1.5 * i));
    }
  }
  SummaryTable::Number numbers[50];
  const std::uint64_t before = allocations_of_this_thread();
  const std::size_t count = summary.copy_numbers({numbers, 50});
  EXPECT_EQ(allocations_of_this_thread(), before);
  ASSERT_EQ(count, 50u);
  EXPECT_EQ(*numbers[9].name, "a rather long name of a metric, number 10");
  EXPECT_EQ(numbers[9].value, 15);
}

// The keeper hangs in fdatasync(). Whoever logs, defines, configures or asks must not notice: with
// a lock that the keeper held there, this test would never end.
TEST(StalledDisk, LogReturnsWhileTheDiskHangs) {
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.log({{"loss", 1.0}}));
  {
    StalledDisk disk;
    disk.wait_until_somebody_hangs();
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kRows; ++i) EXPECT_TRUE(run.log({{"loss", 0.5}, {"i", i}}));
      });
    }
    EXPECT_TRUE(run.config().set("lr", 0.1));
    EXPECT_TRUE(run.summary().set("best", 1));
    EXPECT_TRUE(run.define_metric("loss", [] {
      MetricOptions options;
      options.summary = "min";
      return options;
    }()));
    EXPECT_TRUE(run.set_name("while it hangs"));
    EXPECT_TRUE(run.alert("title", "text"));
    EXPECT_TRUE(run.add_file("f"));
    run.write_console(runstone::Run::Stream::kStdout, "a line\n");
    EXPECT_TRUE(run.status());
    EXPECT_TRUE(run.summary().get("best"));
    for (auto& thread : threads) thread.join();
    EXPECT_GE(disk.hanging_count(), 1) << "the disk did not hang all the time: this shows nothing";
    EXPECT_EQ(run.row_count(), 1u + 3 * kRows);
  }
  const FinishReport report = run.finish();
  EXPECT_EQ(report.lost_records, 0u);
  EXPECT_EQ(read_journal(run.sync_dir()).rows.size(), 1u + 3 * kRows);
}

}  // namespace
}  // namespace runstone
