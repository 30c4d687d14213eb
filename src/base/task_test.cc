#include "base/task.h"

#include <gtest/gtest.h>

#include <thread>

namespace runstone {
namespace {

Task<int> one() { co_return 1; }
Task<int> sum_on(Executor& pool) {
  int total = co_await one();
  const bool taken = co_await resume_on(pool);
  total += taken ? co_await one() : 100;
  co_return total;
}
Task<int> from(std::shared_ptr<Completion<int>> completion) {
  co_return co_await completion->wait();
}

TEST(TaskType, CrossesThreadsAndGivesItsValue) {
  ThreadPool pool(2, 10);
  EXPECT_EQ(wait_for(sum_on(pool)), 2);
}

TEST(TaskType, AStoppedPoolIsToldToTheCoroutine) {
  ThreadPool pool(1, 10);
  pool.stop();
  EXPECT_EQ(wait_for(sum_on(pool)), 101);
}

TEST(TaskType, CompletionMayComeBeforeOrAfterTheAwait) {
  auto before = Completion<int>::create();
  before->set(7);
  EXPECT_EQ(wait_for(from(before)), 7);
  auto after = Completion<int>::create();
  std::thread giver([after] { after->set(8); });
  EXPECT_EQ(wait_for(from(after)), 8);
  giver.join();
}

}  // namespace
}  // namespace runstone
