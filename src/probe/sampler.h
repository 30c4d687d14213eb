#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "probe/machine_reader.h"
#include "runstone/result.h"

namespace runstone::probe {

/// Reads the machine at regular times on one thread of its own, for every run of the process. The
/// thread lives while somebody listens. A forked child has no sampler until it makes one.
class Sampler {
 public:
  /// Called on the sampler's thread; must neither block nor throw.
  using Deliver = std::function<void(std::int64_t timestamp_us, const Readings& readings)>;

  static Sampler& of_this_process();

  /// The first reading comes at once, then one each `interval_secs`. Errors: kResourceExhausted if
  /// the system gives no thread.
  Result<std::uint64_t> add(MachineOptions options, double interval_secs, Deliver deliver);
  /// On return, that `deliver` runs no more. A reading that hangs (a dead network disk) is not
  /// waited for. Unknown ids (those of a parent process, say) are ignored.
  void remove(std::uint64_t id);

 private:
  using Clock = std::chrono::steady_clock;
  struct Listener {
    std::uint64_t id = 0;
    MachineOptions options;
    std::unique_ptr<MachineReader> reader;  // of the sampler's thread: making it reads files
    Clock::duration interval;
    Clock::time_point due;
    Deliver deliver;
    bool removed = false;
  };
  void run();
  void sample(std::unique_lock<std::mutex>& lock, const std::shared_ptr<Listener>& listener);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Listener>> listeners_;  // shared with a reading that hangs
  std::uint64_t last_id_ = 0;
  bool running_ = false;
};

}  // namespace runstone::probe
