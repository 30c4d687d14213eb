#include "base/clock.h"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace runstone {
namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t now_us() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::int64_t monotonic_us() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

const Clock& system_clock() {
  // Never destroyed: threads that outlive main() read it, too.
  static const auto& clock = *new SystemClock;
  return clock;
}

std::string to_rfc3339(std::int64_t time_us, bool micros) {
  std::int64_t secs = time_us / 1'000'000;
  std::int64_t rest = time_us % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    secs -= 1;
  }
  const auto time = static_cast<std::time_t>(secs);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string out(text, length);
  if (micros) {
    std::snprintf(text, sizeof text, ".%06d", static_cast<int>(rest));
    out += text;
  }
  return out + "Z";
}

}  // namespace runstone
