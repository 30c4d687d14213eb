#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/try.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// For how long it is believed that no service hands anything out.
inline constexpr std::int64_t kNobodyThereUs = 600'000'000;

/// What a service handed out and takes back at a time.
template <typename Credentials>
struct Lasting {
  Credentials value;
  std::int64_t until_us = 0;
};

/// Credentials of the process, by where they came from: a download of a thousand objects must not
/// ask for a thousand tokens. Any thread; while one fetches, the others wait for what it gets.
template <typename Credentials>
class KeptCredentials {
 public:
  Result<Credentials> get(const std::string& source,
                          const std::function<Result<Lasting<Credentials>>()>& fetch) {
    const std::scoped_lock lock(mutex_);
    const auto found = kept_.find(source);
    if (found != kept_.end() && system_clock().now_us() + kMarginUs < found->second.until_us) {
      return found->second.value;
    }
    RUNSTONE_TRY(kept_[source], fetch());
    return kept_[source].value;
  }

 private:
  // Renewed so long before their end that a request which is under way then does not fail.
  static constexpr std::int64_t kMarginUs = 300'000'000;

  std::mutex mutex_;
  std::map<std::string, Lasting<Credentials>> kept_;
};

}  // namespace runstone::artifact
