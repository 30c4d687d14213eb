// One run used by many threads at once, in every way. Made for the thread and the address
// sanitizer: what it checks by itself is that nothing is lost and every row is whole.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::read_journal;
using testing_support::Workplace;

constexpr int kRounds = 40;

TEST(Threads, RowsMediaConfigSummaryAndFactsAtOnce) {
  Workplace place;
  InitOptions options = place.options();
  options.allow_val_change = true;
  runstone::Run run = place.start(options);
  const std::vector<std::uint8_t> pixels(8 * 8 * 3, 100);
  const Image shared_image = *Image::from_rgb(pixels, 8, 8);
  Artifact shared_draft = *Artifact::create("shared", "dataset");

  const std::function<void(int)> ways[] = {
      [&](int i) {
        EXPECT_TRUE(run.log({{"numbers", i}, {"loss", 0.5 * i}}));
      },
      [&](int i) {
        const std::string_view keys[] = {"array/a", "array/b"};
        const double values[] = {1.0 * i, 2.0 * i};
        EXPECT_TRUE(run.log_numbers(keys, values));
      },
      [&](int i) {
        EXPECT_TRUE(run.log({{"image", Image::from_rgb(pixels, 8, 8)}, {"of image", i}}));
      },
      [&](int i) {  // one medium that several threads log for the first time
        EXPECT_TRUE(run.log({{"shared image", shared_image}, {"i", i}}));
        EXPECT_TRUE(run.log({{"shared image", shared_image}}));
      },
      [&](int i) {
        const float values[] = {1.0f, 2.0f, 1.0f * static_cast<float>(i)};
        EXPECT_TRUE(run.log({{"histogram", Histogram::of(values)}, {"text", std::to_string(i)}}));
      },
      [&](int i) {
        EXPECT_TRUE(run.config().set("key " + std::to_string(i % 5), i));
        EXPECT_TRUE(run.config().update({{"shared", {{"i", i}}}}));
        EXPECT_GE(run.config().all().size(), 1u);
      },
      [&](int i) {
        EXPECT_TRUE(run.summary().set({"by hand", "deep"}, i));
        EXPECT_TRUE(run.summary().erase("nothing"));
        EXPECT_GE(run.summary().all().size(), 1u);
      },
      [&](int i) {
        MetricOptions metric;
        metric.summary = i % 2 == 0 ? "min" : "max";
        EXPECT_TRUE(run.define_metric("array/*", metric));
        EXPECT_TRUE(run.alert("title", std::to_string(i)));
        run.write_console(runstone::Run::Stream::kStdout, "a line\n");
      },
      [&](int i) {
        EXPECT_TRUE(shared_draft.add_bytes("f" + std::to_string(i), "x", true));
        Artifact own = *Artifact::create("own", "dataset");
        EXPECT_TRUE(own.add_bytes("f", std::to_string(i)));
        EXPECT_TRUE(run.log_artifact(own));
      },
      [&](int i) {
        EXPECT_TRUE(run.set_name("name " + std::to_string(i)) && run.set_tags({"t"}));
        EXPECT_FALSE(run.path().empty() || run.settings().all().empty() || run.finished());
        EXPECT_TRUE(run.status() && run.step() >= 0 && run.name());
      },
  };
  std::barrier start(static_cast<std::ptrdiff_t>(std::size(ways)));
  std::vector<std::thread> threads;
  for (const auto& way : ways) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) way(i);
    });
  }
  for (auto& thread : threads) thread.join();

  constexpr std::size_t kRows = 6 * kRounds;
  EXPECT_EQ(run.row_count(), kRows);
  const FinishReport report = run.finish();
  EXPECT_EQ(report.lost_records + report.lost_media, 0u);
  const auto journal = read_journal(run.sync_dir());
  ASSERT_EQ(journal.rows.size(), kRows);
  std::set<std::int64_t> steps;
  std::size_t pairs = 0;
  for (const auto& row : journal.rows) {
    steps.insert(row.step);
    const Value* a = row.leaves.find("array/a");
    if (a == nullptr) continue;
    ++pairs;
    EXPECT_EQ(row.leaves.find("array/b")->number_or(-1), 2 * a->number_or(0)) << "a torn row";
  }
  EXPECT_EQ(steps.size(), kRows);
  EXPECT_EQ(pairs, static_cast<std::size_t>(kRounds));
  EXPECT_EQ(shared_draft.entries()->size(), static_cast<std::size_t>(kRounds));
}

// finish() comes while others log: each log() is stored whole or refused, and nothing comes behind
// the exit record.
TEST(Threads, FinishWhileOthersLog) {
  Workplace place;
  runstone::Run run = place.start();
  std::atomic<std::uint64_t> stored{0};
  std::barrier start(5);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      while (true) {
        const auto logged = run.log({{"a", 1}, {"h", Histogram::of(std::vector<double>{1, 2})}});
        if (!logged) {
          EXPECT_EQ(logged.error().code, ErrorCode::kFailedPrecondition);
          return;
        }
        ++stored;
      }
    });
  }
  start.arrive_and_wait();
  while (run.row_count() < 20) std::this_thread::yield();
  const FinishReport report = run.finish();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(report.rows, stored);
  const auto journal = read_journal(run.sync_dir());
  EXPECT_EQ(journal.rows.size(), stored);
  EXPECT_TRUE(std::holds_alternative<protocol::ExitRecord>(journal.records.back().body));
}

}  // namespace
}  // namespace runstone
