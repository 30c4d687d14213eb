#include "uplink/console_lines.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace runstone::uplink {

std::string to_local_time(std::int64_t time_us) {
  const std::int64_t micros = ((time_us % 1'000'000) + 1'000'000) % 1'000'000;
  const time_t seconds = (time_us - micros) / 1'000'000;
  tm local{};
  localtime_r(&seconds, &local);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06d", local.tm_year + 1900,
                local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                static_cast<int>(micros));
  return text;
}

ConsoleLines::ConsoleLines()
    : text_([this](ConsoleLine&& line) {
        if (line.is_new) note_changed(std::move(line));
      }) {}

void ConsoleLines::write(bool is_stderr, std::int64_t timestamp_us, std::string_view text) {
  text_.write(is_stderr, timestamp_us, text);
}

void ConsoleLines::write_line(std::int64_t timestamp_us, std::string_view line) {
  text_.write_line(timestamp_us, line);
}

void ConsoleLines::note_changed(ConsoleLine&& line) {
  if (line.number < skip_before_) return;
  std::string& slot = changed_[line.number];
  changed_bytes_ -= slot.size();
  slot = (line.is_stderr ? "ERROR " : "") + to_local_time(line.timestamp_us) + " " + label_ +
         line.text;
  changed_bytes_ += slot.size();
}

bool ConsoleLines::has_changes() const { return !changed_.empty() || text_.has_changes(); }

bool ConsoleLines::take_changes(protocol::JsonLines& out, std::size_t bytes_max) {
  text_.take_changed([this](ConsoleLine&& line) { note_changed(std::move(line)); });
  if (changed_.empty()) return false;
  // Go on behind the last run sent, so that a progress bar far above cannot hold up new lines.
  auto first = changed_.lower_bound(resume_at_);
  if (first == changed_.end()) first = changed_.begin();
  out.begin(first->first);
  auto next = first;
  std::uint64_t number = first->first;
  for (; next != changed_.end() && next->first == number; ++next, ++number) {
    if (!out.empty() && out.size_bytes() + next->second.size() > bytes_max) break;
    out.add(next->second);
    changed_bytes_ -= next->second.size();
  }
  changed_.erase(first, next);
  resume_at_ = number;
  return true;
}

bool ConsoleLines::has_settled(bool ends) const {
  if (ends && text_.first_open() < text_.line_count()) return true;
  return !changed_.empty() && changed_.begin()->first < text_.first_open();
}

bool ConsoleLines::take_settled(protocol::JsonLines& out, std::size_t bytes_max, bool ends) {
  if (ends) text_.end();
  if (!has_settled(ends)) return false;
  const std::uint64_t end = text_.first_open();
  out.begin(changed_.begin()->first);
  while (!changed_.empty() && changed_.begin()->first < end) {
    const std::string& text = changed_.begin()->second;
    if (!out.empty() && out.size_bytes() + text.size() > bytes_max) break;
    out.add(text);
    changed_bytes_ -= text.size();
    changed_.erase(changed_.begin());
  }
  return true;
}

std::uint64_t ConsoleLines::settled_lines() const {
  std::uint64_t settled = text_.first_open();
  if (!changed_.empty()) settled = std::min(settled, changed_.begin()->first);
  return settled;
}

}  // namespace runstone::uplink
