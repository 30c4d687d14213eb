#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "artifacts/artifacts.h"

namespace runstone::artifacts {

/// Deletes versions whose time to live is over, and pending ones that were given up, once a minute,
/// on a thread of its own. A failure is logged and tried again with the next turn. Borrows the
/// service; ends with stop() or when destroyed.
class Expiry {
 public:
  explicit Expiry(Artifacts& artifacts,
                  std::chrono::milliseconds interval = std::chrono::minutes(1));
  ~Expiry() { stop(); }
  Expiry(const Expiry&) = delete;
  Expiry& operator=(const Expiry&) = delete;

  void stop();

 private:
  void run();

  Artifacts& artifacts_;
  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace runstone::artifacts
