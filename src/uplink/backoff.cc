#include "uplink/backoff.h"

#include <algorithm>

namespace runstone::uplink {

Backoff::Backoff(std::int64_t first_us, std::int64_t max_us, std::uint32_t seed)
    : first_us_(first_us), max_us_(max_us), random_(seed) {}

std::int64_t Backoff::next_wait_us() {
  wait_us_ = wait_us_ == 0 ? first_us_ : std::min(wait_us_ * 2, max_us_);
  return wait_us_ + std::uniform_int_distribution<std::int64_t>(0, wait_us_ / 4)(random_);
}

}  // namespace runstone::uplink
