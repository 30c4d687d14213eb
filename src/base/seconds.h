#pragma once

#include <cstdint>

namespace runstone {

/// Seconds that a user may have given, as microseconds. What is past the clock's range, infinity
/// first of all, is some thousand years, which can be added to any time there is; NaN is 0.
inline std::int64_t us_of_seconds(double seconds) {
  constexpr double kMostUs = 1e17;
  const double us = seconds * 1e6;
  if (us >= kMostUs) return static_cast<std::int64_t>(kMostUs);
  if (us <= -kMostUs) return -static_cast<std::int64_t>(kMostUs);
  return us == us ? static_cast<std::int64_t>(us) : 0;
}

}  // namespace runstone
