#include "artifacts/expiry.h"

#include "base/log.h"

namespace runstone::artifacts {

Expiry::Expiry(Artifacts& artifacts, std::chrono::milliseconds interval)
    : artifacts_(artifacts), interval_(interval), thread_([this] { run(); }) {}

void Expiry::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Expiry::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    if (auto done = artifacts_.delete_expired(); !done) {
      log_warning("expired artifacts stay for now: " + done.error().message);
    }
    lock.lock();
  }
}

}  // namespace runstone::artifacts
