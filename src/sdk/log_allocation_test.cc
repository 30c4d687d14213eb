// A program of its own, since it counts every allocation of the process.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "sdk/test_run.h"

namespace {
thread_local std::uint64_t allocations_of_this_thread = 0;
}

void* operator new(std::size_t size) {
  ++allocations_of_this_thread;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace runstone {
namespace {

TEST(LogAllocation, SteadyStateAllocatesNothingOnTheCallersThread) {
  testing_support::Workplace place;
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
  const std::uint64_t before = allocations_of_this_thread;
  // Fewer bytes than the journal's first window: mapping the next one is the keeper's work, but who
  // outruns it does it himself.
  for (int i = 0; i < 500; ++i) log_all(i);
  EXPECT_EQ(allocations_of_this_thread, before);
  EXPECT_EQ(run.row_count(), 1'200u);
}

}  // namespace
}  // namespace runstone
