#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace runstone::auth {

/// Makes guessing of passwords slow. An attempt counts as wrong until it succeeded, so that many at
/// once count, too. Wrong ones are counted three times, each with its own number that is free:
/// under name and address together (5), under the address (50), under the name (100); past that one
/// waits 1, 2, 4, ... seconds, at most kWaitSecsMax. An hour without any forgives all. In memory: a
/// restart forgets it. Any thread.
class SigninThrottle {
 public:
  static constexpr std::int64_t kWaitSecsMax = 300;
  /// How many names and addresses are remembered; the oldest are forgotten past that.
  static constexpr std::size_t kEntriesMax = 10'000;

  explicit SigninThrottle(const Clock& clock) : clock_(clock) {}

  /// Counts an attempt, or says for how many seconds none is taken.
  std::int64_t begin(std::string_view name, std::string_view peer);
  void succeeded(std::string_view name, std::string_view peer);
  /// What begin() would say, without counting.
  std::int64_t wait_secs(std::string_view name, std::string_view peer) const;

 private:
  struct Entry {
    int wrong = 0;
    std::int64_t last_at_us = 0;
  };
  std::int64_t wait_locked(std::string_view name, std::string_view peer) const;
  void forget_old_locked();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace runstone::auth
