#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/thread_pool.h"

namespace runstone {

/// A coroutine that starts when it is awaited and gives one value. It names no event loop:
/// net/server starts it with start(), and it goes to other threads with resume_on() and Completion.
/// Our code has no exceptions, so one that reaches a Task's edge ends the process (a bug, see
/// base/assert.h).
template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> waiter = std::noop_coroutine();

    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct ResumeWaiter {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().waiter;
        }
        void await_resume() noexcept {}
      };
      return ResumeWaiter{};
    }
    template <typename U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
    void unhandled_exception() noexcept { std::terminate(); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
template <typename T>
Detached run_detached(Task<T> task, std::function<void(T)> done) {
  done(co_await task);
}
}  // namespace detail

/// Runs the task now, on this thread until it first suspends; `done` is called once, on whichever
/// thread it ends.
template <typename T>
void start(Task<T> task, std::function<void(T)> done) {
  detail::run_detached(std::move(task), std::move(done));
}

/// For tests and command line tools: starts the task and waits for its value.
template <typename T>
T wait_for(Task<T> task) {
  std::mutex mutex;
  std::condition_variable wake;
  std::optional<T> result;
  start<T>(std::move(task), [&](T value) {
    const std::scoped_lock lock(mutex);
    result.emplace(std::move(value));
    wake.notify_one();
  });
  std::unique_lock lock(mutex);
  wake.wait(lock, [&] { return result.has_value(); });
  return std::move(*result);
}

/// `co_await resume_on(pool)`: the rest of the coroutine runs there. False if the pool refused;
/// then it goes on where it was, and the caller answers kResourceExhausted.
inline auto resume_on(Executor& executor) {
  struct Awaiter {
    Executor& executor;
    bool taken = true;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> self) {
      // Once posted, another thread may resume and destroy this frame: nothing here is touched
      // after.
      if (executor.try_post([self] { self.resume(); })) return true;
      taken = false;
      return false;
    }
    bool await_resume() const noexcept { return taken; }
  };
  return Awaiter{executor};
}

/// A value that one thread gives once and one coroutine awaits. The coroutine goes on in set(), on
/// the giver's thread; where that thread must stay free, await resume_on() next.
template <typename T>
class Completion {
 public:
  /// Shared by the awaiting coroutine and the thread that will give the value.
  static std::shared_ptr<Completion> create() { return std::make_shared<Completion>(); }

  void set(T value) {
    std::coroutine_handle<> waiter;
    {
      const std::scoped_lock lock(mutex_);
      value_.emplace(std::move(value));
      waiter = std::exchange(waiter_, nullptr);
    }
    if (waiter) waiter.resume();
  }
  /// `co_await completion->wait()`, once; the coroutine keeps its shared_ptr meanwhile.
  auto wait() {
    struct Awaiter {
      Completion* completion;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> self) {
        const std::scoped_lock lock(completion->mutex_);
        if (completion->value_) return false;
        completion->waiter_ = self;
        return true;
      }
      T await_resume() { return std::move(*completion->value_); }
    };
    return Awaiter{this};
  }

 private:
  std::mutex mutex_;
  std::optional<T> value_;
  std::coroutine_handle<> waiter_;
};

}  // namespace runstone
