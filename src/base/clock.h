#pragma once

#include <cstdint>
#include <string>

namespace runstone {

/// Time, as a dependency, so that tests can turn it by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since 1970, UTC.
  virtual std::int64_t now_us() const = 0;
  /// Microseconds that never go back; only differences mean something.
  virtual std::int64_t monotonic_us() const = 0;
};

/// The machine's clock. One object for the process, without state.
const Clock& system_clock();

/// "2026-11-23T13:29:27Z" (seconds) or "2026-11-23T13:29:27.123456Z" (micros).
std::string to_rfc3339(std::int64_t time_us, bool micros = false);

}  // namespace runstone
