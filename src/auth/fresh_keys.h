#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/ids.h"

namespace runstone::auth {

/// The stock client makes a service account with one request and looks for its key in the next. The
/// key stays here for that: in memory, for a minute, for the one who made it, for one look.
class FreshKeys {
 public:
  static constexpr std::int64_t kLifetimeUs = 60'000'000;

  explicit FreshKeys(const Clock& clock) : clock_(clock) {}

  void put(store::UserId account, store::UserId maker, std::string key) {
    const std::scoped_lock lock(mutex_);
    const auto now = clock_.monotonic_us();
    std::erase_if(keys_, [now](const auto& item) { return item.second.until_us <= now; });
    keys_[account] = {maker, std::move(key), now + kLifetimeUs};
  }
  std::optional<std::string> take(store::UserId account, store::UserId asking) {
    const std::scoped_lock lock(mutex_);
    const auto found = keys_.find(account);
    if (found == keys_.end() || found->second.maker != asking) return std::nullopt;
    auto kept = std::move(found->second);
    keys_.erase(found);
    if (kept.until_us <= clock_.monotonic_us()) return std::nullopt;
    return std::move(kept.key);
  }

 private:
  struct Kept {
    store::UserId maker{};
    std::string key;
    std::int64_t until_us = 0;
  };
  const Clock& clock_;
  std::mutex mutex_;
  std::map<store::UserId, Kept> keys_;
};

}  // namespace runstone::auth
