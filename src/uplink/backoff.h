#pragma once

#include <cstdint>
#include <random>

namespace runstone::uplink {

/// Waits that double from try to try, with jitter, so that many clients do not return in step after
/// a server's restart.
class Backoff {
 public:
  Backoff(std::int64_t first_us, std::int64_t max_us, std::uint32_t seed);
  /// How long to wait after one more failure: the doubled wait, plus up to a quarter of it.
  std::int64_t next_wait_us();
  void reset() { wait_us_ = 0; }

 private:
  const std::int64_t first_us_, max_us_;
  std::int64_t wait_us_ = 0;
  std::minstd_rand random_;
};

}  // namespace runstone::uplink
