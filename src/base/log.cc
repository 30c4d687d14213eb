#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/clock.h"

namespace runstone {
namespace {

std::atomic<LogLevel> g_least{LogLevel::kInfo};

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

}  // namespace

void set_log_level(LogLevel least) { g_least = least; }

void log_line(LogLevel level, std::string_view text) {
  if (level < g_least.load(std::memory_order_relaxed)) return;
  std::string line = to_rfc3339(system_clock().now_us(), true);
  line.append(" ").append(name_of(level)).append(" ").append(text).push_back('\n');
  // One write, so that lines of several threads never mix; standard error has nowhere to report to.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace runstone
