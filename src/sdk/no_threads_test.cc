// A machine that gives no more threads, printers that throw, forks at awkward moments: what must
// not end, or hang, the training.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "base/no_threads.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing::HasSubstr;
using testing_support::read_journal;
using testing_support::read_text;
using testing_support::Workplace;

TEST(NoThreads, ARunIsRecordedWithoutAnyThreadOfItsOwn) {
  Workplace place;
  InitOptions options = place.options();
  ASSERT_TRUE(options.settings.set("console", "redirect"));
  const NoThreads none;
  auto run = runstone::Run::init(options);
  ASSERT_TRUE(run) << run.error().message;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(run->log({{"i", i}}));
  run->write_console(Run::Stream::kStdout, "printed\n");
  Artifact artifact = *Artifact::create("files", "dataset");
  ASSERT_TRUE(artifact.add_bytes("a.txt", "a"));
  ASSERT_TRUE(run->log_artifact(artifact));
  const std::string directory = run->sync_dir();
  const FinishReport report = run->finish();
  EXPECT_EQ(report.rows, 100u);
  EXPECT_EQ(report.lost_records, 0u);
  const auto journal = read_journal(directory);
  EXPECT_EQ(journal.rows.size(), 100u);
  EXPECT_EQ(*journal.summary_of_records().find("i"), Value(99));
  EXPECT_THAT(read_text(directory + "/files/output.log"), HasSubstr("printed"));
  EXPECT_THAT(place.all_lines(), HasSubstr("no thread"));
}

TEST(Printer, OneThatThrowsEndsNothing) {
  Workplace place;
  InitOptions options = place.options();
  options.printer = [](MessageLevel, const std::string&) {
    throw std::runtime_error("the window is gone");
  };
  testing::internal::CaptureStderr();
  runstone::Run run = place.start(options);
  ASSERT_TRUE(run.log({{"a", 1}}, {5}));
  ASSERT_TRUE(run.log({{"a", 2}}, {1}));  // has a warning
  run.finish();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("(the printer threw: the window is gone) WARNING Tried to log to step 1"));
  EXPECT_EQ(read_journal(run.sync_dir()).rows.size(), 1u);
}

// The lock of finish() may be held for as long as a server is slow.
TEST(Processes, AChildForkedWhileItsParentFinishesCanFinish) {
  Workplace place;
  std::binary_semaphore is_finishing{0}, may_go_on{0};
  std::atomic<bool> holds{false};
  InitOptions options = place.options();
  options.printer = [&](MessageLevel, const std::string&) {
    if (!holds.exchange(false)) return;
    is_finishing.release();
    may_go_on.acquire();
  };
  runstone::Run run = place.start(options);
  ASSERT_TRUE(run.log({{"a", 1}}));
  holds = true;
  std::thread finishing([&] { run.finish(); });
  is_finishing.acquire();
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // instead of for ever
    run.finish();
    _exit(run.is_child() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  may_go_on.release();
  finishing.join();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_journal(run.sync_dir()).rows.size(), 1u);
}

TEST(Processes, AChildThatOnlyEndsLeavesNothing) {
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.log({{"a", 1}}));
  const pid_t child = fork();
  if (child == 0) {
    const FinishReport report = run.finish();
    _exit(report.first_call && run.finished() && !run.log({{"a", 2}}) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(std::filesystem::exists(run.sync_dir() + "/children"));
  run.finish();
  EXPECT_EQ(read_journal(run.sync_dir()).rows.size(), 1u);
}

}  // namespace
}  // namespace runstone
