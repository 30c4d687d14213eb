// A program of its own, since it counts every allocation of the process.
#include <gtest/gtest.h>

#include "runstone.h"
#include "sdk/count_allocations.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::allocations_of_this_thread;

TEST(CApiAllocation, NumbersAndRowsAllocateNothingOnceTheirKeysAreKnown) {
  testing_support::Workplace place;
  const std::string directory = place.path();
  const runstone_field options[] = {runstone_text("mode", "offline"),
                                    runstone_text("dir", directory.c_str()),
                                    runstone_json("settings", "{\"silent\": true}")};
  runstone_run* run = nullptr;
  ASSERT_EQ(runstone_init(options, 3, &run), RUNSTONE_OK) << runstone_last_error();
  const char* const keys[] = {"loss", "learning rate"};
  const auto log_all = [&](double i) {
    const double values[] = {i, 0.1};
    EXPECT_EQ(runstone_log_numbers(run, keys, nullptr, values, 2), RUNSTONE_OK);
    const runstone_field row[] = {runstone_number("acc", i), runstone_int("epoch", 3),
                                  runstone_bool("ok", 1), runstone_text("phase", "warm up")};
    EXPECT_EQ(runstone_log(run, row, 4), RUNSTONE_OK);
  };
  for (int i = 0; i < 100; ++i) log_all(i);
  const std::uint64_t before = allocations_of_this_thread();
  for (int i = 0; i < 500; ++i) log_all(i);
  EXPECT_EQ(allocations_of_this_thread(), before);
  runstone_report report;
  EXPECT_EQ(runstone_finish(run, 0, &report), RUNSTONE_OK);
  EXPECT_EQ(report.rows, 1'200u);
  runstone_run_free(run);
}

}  // namespace
}  // namespace runstone
