#include "probe/sampler.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

#include "base/clock.h"
#include "base/try.h"
#include "fs/fork_generation.h"

namespace runstone::probe {

// Never destroyed: its thread may still be reading while the process ends.
Sampler& Sampler::of_this_process() {
  struct OfProcess {
    unsigned generation = fs::fork_generation();
    Sampler sampler;
  };
  static std::atomic<OfProcess*> current{nullptr};
  OfProcess* known = current.load();
  if (known != nullptr && known->generation == fs::fork_generation()) return known->sampler;
  auto* const fresh = new OfProcess;
  if (current.compare_exchange_strong(known, fresh)) return fresh->sampler;
  delete fresh;  // another thread was first; nothing runs in this one yet
  return known->sampler;
}

Result<std::uint64_t> Sampler::add(MachineOptions options, double interval_secs, Deliver deliver) {
  auto listener = std::make_shared<Listener>();
  listener->options = std::move(options);
  listener->interval = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(std::clamp(interval_secs, 0.1, 1e6)));
  listener->due = Clock::now();
  listener->deliver = std::move(deliver);
  const std::scoped_lock lock(mutex_);
  listener->id = ++last_id_;
  listeners_.push_back(listener);
  if (!running_) {
    if (auto started = start_thread(); !started) {
      listeners_.pop_back();
      return fail(std::move(started).error());
    }
  }
  wake_.notify_one();
  return listener->id;
}

// Signals are for the program's own threads: one that is delivered here would not wake its main
// thread up.
Result<void> Sampler::start_thread() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<void> started;
  try {
    std::thread([this] { run(); }).detach();
    running_ = true;
  } catch (const std::system_error& error) {
    started = fail(ErrorCode::kResourceExhausted, std::string("no thread: ") + error.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void Sampler::remove(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                  [id](const auto& listener) { return listener->id == id; });
  if (found == listeners_.end()) return;
  (*found)->removed = true;
  listeners_.erase(found);
  wake_.notify_one();
}

void Sampler::run() {
  std::unique_lock lock(mutex_);
  while (!listeners_.empty()) {
    const auto next =
        *std::min_element(listeners_.begin(), listeners_.end(),
                          [](const auto& a, const auto& b) { return a->due < b->due; });
    if (Clock::now() < next->due) {
      const auto due = next->due;
      wake_.wait_until(lock, due);
      continue;
    }
    sample(lock, next);
    // A machine that slept, or a reading that hung, is not made up for.
    next->due = std::max(next->due + next->interval, Clock::now());
  }
  running_ = false;
}

void Sampler::sample(std::unique_lock<std::mutex>& lock,
                     const std::shared_ptr<Listener>& listener) {
  lock.unlock();
  Readings readings;
  try {
    if (!listener->reader) {
      listener->reader = std::make_unique<MachineReader>(listener->options);
    }
    readings = listener->reader->read(system_clock().monotonic_us());
  } catch (const std::exception&) {
    readings.clear();  // no memory: this moment is not recorded, the next may be
  }
  lock.lock();
  if (!listener->removed && !readings.empty()) {
    listener->deliver(system_clock().now_us(), readings);
  }
}

}  // namespace runstone::probe
