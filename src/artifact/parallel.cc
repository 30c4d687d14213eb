#include "artifact/parallel.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/start_thread.h"

namespace runstone::artifact {
namespace {

using Work = std::function<Result<void>(std::size_t, std::size_t)>;

/// What the threads of one call share.
class Round {
 public:
  Round(std::size_t count, const Work& work) : count_(count), work_(work) {}

  void run(std::size_t worker) {
    for (std::size_t index = 0; take(index);) {
      if (auto done = work_one(index, worker); !done) stop(std::move(done).error());
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
  /// What is thrown on a thread would end the program.
  Result<void> work_one(std::size_t index, std::size_t worker) const {
    try {
      return work_(index, worker);
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::kResourceExhausted, "no memory");
    } catch (const std::exception& error) {
      return fail(ErrorCode::kInternal, error.what());
    }
  }
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

/// As many threads as the system gives: the work is done by fewer, too.
std::vector<std::thread> start(std::size_t first, std::size_t end,
                               const std::function<void(std::size_t)>& run) {
  std::vector<std::thread> threads;
  for (std::size_t i = first; i < end; ++i) {
    auto thread = start_thread([run, i] { run(i); });
    if (!thread) break;
    threads.push_back(*std::move(thread));
  }
  return threads;
}

}  // namespace

Result<void> in_parallel(std::size_t count, std::size_t workers, const Work& work) {
  Round round(count, work);
  auto threads = start(1, std::min(count, workers), [&](std::size_t i) { round.run(i); });
  round.run(0);
  for (std::thread& thread : threads) thread.join();
  return round.take_result();
}

Result<void> in_parallel(std::size_t count, std::size_t workers, const Work& work,
                         const std::function<Result<void>()>& watch) {
  if (!watch) return in_parallel(count, workers, work);
  Round round(count, work);
  auto threads = start(0, std::min(count, workers), [&](std::size_t i) { round.run_and_tell(i); });
  if (threads.empty()) round.run(0);  // without a look meanwhile
  round.watch(threads.size(), watch);
  for (std::thread& thread : threads) thread.join();
  return round.take_result();
}

}  // namespace runstone::artifact
