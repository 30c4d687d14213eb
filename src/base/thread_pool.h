#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace runstone {

/// Where work runs. try_post() refuses instead of growing without bound.
class Executor {
 public:
  virtual ~Executor() = default;
  /// False if the queue is full or stopped; the work was not taken.
  virtual bool try_post(std::function<void()> work) = 0;
};

/// A fixed number of threads over one bounded queue, for work that blocks (SQL, Parquet, hashing).
class ThreadPool final : public Executor {
 public:
  ThreadPool(std::size_t thread_count, std::size_t queue_max);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  bool try_post(std::function<void()> work) override;
  /// Finishes what is queued and joins the threads; later posts are refused. Idempotent.
  void stop();

 private:
  void work();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace runstone
