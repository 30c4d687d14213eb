#include "model/output_log.h"

#include <algorithm>

namespace runstone {

OutputLog::OutputLog(LateLines known)
    : known_(std::move(known)), text_([this](ConsoleLine&& line) { settle(std::move(line)); }) {}

void OutputLog::write(bool is_stderr, std::int64_t timestamp_us, std::string_view utf8) {
  text_.write(is_stderr, timestamp_us, utf8);
}

void OutputLog::write_line(std::int64_t timestamp_us, std::string_view line) {
  text_.write_line(timestamp_us, line);
}

void OutputLog::settle(ConsoleLine&& line) {
  if (line.number >= next_) {
    waiting_.emplace(line.number, std::move(line.text));
    return;
  }
  const auto placed = placed_open_.find(line.number);
  if (placed == placed_open_.end()) return;
  if (placed->second != line.text) late_lines_[line.number] = std::move(line.text);
  placed_open_.erase(placed);
}

void OutputLog::take(std::string& done, std::string& tail) {
  const std::uint64_t count = text_.line_count();
  const std::uint64_t old = count - std::min(count, ConsoleText::kRows);
  std::map<std::uint64_t, std::string> open;
  text_.each_open([&](ConsoleLine&& line) { open.emplace(line.number, std::move(line.text)); });
  for (const std::uint64_t limit = ended_ ? count : old; next_ < limit; ++next_) {
    if (const auto settled = waiting_.find(next_); settled != waiting_.end()) {
      done += settled->second;
      waiting_.erase(settled);
    } else {
      std::string text = open.count(next_) > 0 ? open[next_] : std::string();
      if (const auto known = known_.find(next_); known != known_.end()) text = known->second;
      done += text;
      placed_open_.emplace(next_, std::move(text));
    }
    done += '\n';
  }
  tail.clear();
  for (std::uint64_t number = next_; number < count; ++number) {
    const auto settled = waiting_.find(number);
    tail += settled != waiting_.end() ? settled->second : open[number];
    tail += '\n';
  }
}

void OutputLog::end() {
  text_.end();
  ended_ = true;
}

}  // namespace runstone
