// A disk that fills while a run records, with real files: the kernel lets no file of a process grow
// above RLIMIT_FSIZE.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::read_journal;
using testing_support::Workplace;

constexpr std::uint64_t kRows = 40;

struct Outcome {
  std::uint64_t rows = 0, lost_records = 0;
  bool every_log_returned_ok = true;
  bool message_tells = false;
  char directory[256] = {};
};

Outcome record_with_room_for(Workplace& place, rlim_t file_bytes_max) {
  signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit is an error then
  const rlimit limit{file_bytes_max, file_bytes_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  Outcome outcome;
  auto run = runstone::Run::init(place.options());
  if (!run) _exit(3);
  for (std::uint64_t i = 0; i < kRows; ++i) {
    if (!run->log({{"i", i}, {"text", "some words to fill the disk"}})) {
      outcome.every_log_returned_ok = false;
    }
  }
  const FinishReport report = run->finish();
  outcome.rows = report.rows;
  outcome.lost_records = report.lost_records;
  outcome.message_tells = report.message.find("are lost") != std::string::npos;
  run->sync_dir().copy(outcome.directory, sizeof outcome.directory - 1);
  return outcome;
}

TEST(DiskFull, AtAnySizeLogReturnsOkAndTheLossIsCounted) {
  Workplace place;
  setenv("TMPDIR", place.path().c_str(), 1);
  bool some_lost = false, none_lost = false;
  for (rlim_t room = 0; room < 9'000; room += room < 40 ? 7 : 311) {
    SCOPED_TRACE(testing::Message() << room << " bytes");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      const Outcome outcome = record_with_room_for(place, room);
      _exit(write(ends[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : 1);
    }
    close(ends[1]);
    Outcome outcome;
    ASSERT_EQ(read(ends[0], &outcome, sizeof outcome), static_cast<ssize_t>(sizeof outcome));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(outcome.every_log_returned_ok);
    EXPECT_EQ(outcome.message_tells, outcome.lost_records > 0);
    if (outcome.rows < kRows) {
      EXPECT_GE(outcome.lost_records, kRows - outcome.rows);
    }
    if (room >= 7) {
      const auto journal = read_journal(outcome.directory);
      ASSERT_EQ(journal.rows.size(), outcome.rows);
      for (std::uint64_t i = 0; i < outcome.rows; ++i) {
        EXPECT_EQ(*journal.rows[i].leaves.find("i"), Value(i));
      }
    }
    (outcome.lost_records > 0 ? some_lost : none_lost) = true;
  }
  unsetenv("TMPDIR");
  EXPECT_TRUE(some_lost && none_lost) << "the sizes do not reach from too small to enough";
}

}  // namespace
}  // namespace runstone
