// X1: how a program ends, and what its run's journal says about it. Each case is a process.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::Journal;
using testing_support::read_journal;
using testing_support::Workplace;

/// What a child process that does `end` with its run leaves behind; the run has a row that is
/// written and one that is open.
Journal journal_after(Workplace& place, void (*end)(runstone::Run)) {
  const pid_t child = fork();
  if (child == 0) {
    runstone::Run run = place.start();
    if (!run.log({{"a", 1}}) || !run.log({{"open", 1}}, {std::nullopt, false})) _exit(9);
    try {
      end(std::move(run));
    } catch (const std::runtime_error&) {
      _exit(1);  // the program that the exception ended
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return read_journal(std::filesystem::canonical(place.path() + "/runstone/latest-run").string());
}

std::vector<int> exit_codes(const Journal& journal) {
  std::vector<int> codes;
  for (const auto& record : journal.all<protocol::ExitRecord>()) codes.push_back(record.exit_code);
  return codes;
}

struct End {
  const char* what;
  void (*end)(runstone::Run);
  std::vector<int> codes;
  const char* rows;
};
const char* const kBothRows = "0 {\"a\":1}\n1 {\"open\":1}\n";
const char* const kWrittenRow = "0 {\"a\":1}\n";

class Ends : public testing::TestWithParam<End> {};
TEST_P(Ends, X1TheExitRecordSaysHow) {
  Workplace place;
  const Journal journal = journal_after(place, GetParam().end);
  EXPECT_EQ(exit_codes(journal), GetParam().codes) << GetParam().what;
  EXPECT_EQ(journal.row_texts(), GetParam().rows) << GetParam().what;
}
INSTANTIATE_TEST_SUITE_P(
    Table, Ends,
    testing::Values(End{"finish()", [](runstone::Run run) { run.finish(); }, {0}, kBothRows},
                    End{"finish(3)", [](runstone::Run run) { run.finish(3); }, {3}, kBothRows},
                    End{"finish(3), finish(0)",
                        [](runstone::Run run) {
                          run.finish(3);
                          run.finish(0);
                        },
                        {3},
                        kBothRows},
                    End{"the end of its scope", [](runstone::Run) {}, {0}, kBothRows},
                    End{"an exception through its scope",
                        [](runstone::Run run) {
                          const runstone::Run inside = std::move(run);
                          throw std::runtime_error("the training failed");
                        },
                        {1},
                        kBothRows},
                    End{"killed", [](runstone::Run) { raise(SIGKILL); }, {}, kWrittenRow},
                    End{"_exit()", [](runstone::Run) { _exit(0); }, {}, kWrittenRow}));

}  // namespace
}  // namespace runstone
