#include "probe/sampler.h"

#include <algorithm>
#include <exception>

#include "base/clock.h"
#include "base/start_thread.h"
#include "base/try.h"
#include "fs/per_process.h"

namespace runstone::probe {

// Its thread may still be reading while the process ends.
Sampler& Sampler::of_this_process() {
  static fs::PerProcess<Sampler> samplers;
  return samplers.get();
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
    auto started = start_thread([this] { run(); });
    if (!started) {
      listeners_.pop_back();
      return fail(std::move(started).error());
    }
    started->detach();
    running_ = true;
  }
  wake_.notify_one();
  return listener->id;
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
