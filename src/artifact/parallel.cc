#include "artifact/parallel.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace runstone::artifact {
namespace {

using Work = std::function<Result<void>(std::size_t, std::size_t)>;

/// What the threads of one call share.
class Round {
 public:
  Round(std::size_t count, const Work& work) : count_(count), work_(work) {}

  void run(std::size_t worker) {
    for (std::size_t index = 0; take(index);) {
      if (auto done = work_(index, worker); !done) stop(std::move(done).error());
    }
  }
  void run_and_tell(std::size_t worker) {
    run(worker);
    const std::scoped_lock lock(mutex_);
    ++ended_;
    ended_signal_.notify_all();
  }
  void watch(std::size_t workers, const std::function<Result<void>()>& look) {
    std::unique_lock lock(mutex_);
    while (!ended_signal_.wait_for(lock, std::chrono::milliseconds(100),
                                   [&] { return ended_ == workers; })) {
      lock.unlock();
      auto seen = look();
      lock.lock();
      if (!seen && result_) result_ = fail(std::move(seen).error());
    }
  }
  Result<void> take_result() { return std::move(result_); }

 private:
  bool take(std::size_t& index) {
    const std::scoped_lock lock(mutex_);
    if (!result_ || next_ == count_) return false;
    index = next_++;
    return true;
  }
  void stop(Error error) {
    const std::scoped_lock lock(mutex_);
    if (result_) result_ = fail(std::move(error));
  }

  const std::size_t count_;
  const Work& work_;
  std::mutex mutex_;
  std::condition_variable ended_signal_;
  std::size_t next_ = 0, ended_ = 0;
  Result<void> result_;
};

}  // namespace

Result<void> in_parallel(std::size_t count, std::size_t workers, const Work& work) {
  Round round(count, work);
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(count, workers); ++i) {
    threads.emplace_back([&round, i] { round.run(i); });
  }
  round.run(0);
  for (std::thread& thread : threads) thread.join();
  return round.take_result();
}

Result<void> in_parallel(std::size_t count, std::size_t workers, const Work& work,
                         const std::function<Result<void>()>& watch) {
  if (!watch) return in_parallel(count, workers, work);
  Round round(count, work);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(count, workers); ++i) {
    threads.emplace_back([&round, i] { round.run_and_tell(i); });
  }
  round.watch(threads.size(), watch);
  for (std::thread& thread : threads) thread.join();
  return round.take_result();
}

}  // namespace runstone::artifact
