// What the program printed.
#include "sdk/run_state.h"

namespace runstone {
namespace {
constexpr std::size_t kMaxPendingConsoleBytes = std::size_t{4} << 20;
}

void RunState::write_console(Run::Stream stream, std::string_view text) {
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled || life_ != Life::kRecording || text.empty()) return;
  if (was_forked()) become_child();
  append_record(protocol::OutputRawRecord{stream == Run::Stream::kStderr, system_clock().now_us(),
                                          std::string(text)});
  if (child_) return;
  // The journal has it all; the file is only a copy for people, so a flood is cut there.
  if (console_pending_.size() < kMaxPendingConsoleBytes) console_pending_.append(text);
  if (console_pending_.size() > kMaxPendingConsoleBytes / 2) wake_keeper();
}

void RunState::write_logger_line(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled || life_ != Life::kRecording) return;
  if (was_forked()) become_child();
  append_record(protocol::OutputLoggerRecord{std::string(line)});
  if (child_) return;
  console_pending_.append(line);
  console_pending_.push_back('\n');
}

}  // namespace runstone
