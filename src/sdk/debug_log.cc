#include "sdk/debug_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

namespace runstone {

DebugLog::~DebugLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DebugLog::open(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

void DebugLog::note(std::string_view level, std::string_view text) const {
  if (descriptor_ < 0) return;
  std::string line = to_rfc3339(system_clock().now_us(), true) + " ";
  line.append(level).append(" ").append(std::to_string(::getpid())).append(" ").append(text);
  line += '\n';
  // A copy for people: the run has said it, too, and nobody is left to tell if the disk is full.
  [[maybe_unused]] const auto written = ::write(descriptor_, line.data(), line.size());
}

}  // namespace runstone
