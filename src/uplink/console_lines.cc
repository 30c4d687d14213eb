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

void ConsoleLines::write(bool is_stderr, std::int64_t timestamp_us, std::string_view text) {
  OpenLine& line = open_[is_stderr ? 1 : 0];
  while (!text.empty()) {
    const auto stop = std::min(text.find_first_of("\r\n"), text.size());
    if (stop > 0) append(line, is_stderr, timestamp_us, text.substr(0, stop));
    if (stop == text.size()) break;
    if (text[stop] == '\r') {
      line.restart = true;  // "\r\n" is a plain end of line: what follows decides
    } else {
      give_number(line, is_stderr, timestamp_us);  // an empty line is a line
      end_line(line);
    }
    text.remove_prefix(stop + 1);
  }
}

void ConsoleLines::append(OpenLine& line, bool is_stderr, std::int64_t timestamp_us,
                          std::string_view text) {
  if (line.restart) {
    line.restart = false;
    line.text.clear();
  }
  while (!text.empty()) {
    give_number(line, is_stderr, timestamp_us);
    auto part = std::min(text.size(), kMaxLineBytes - line.text.size());
    // A character of several bytes stays whole: the cut goes before its first byte.
    while (part < text.size() && part > 0 && (text[part] & 0xc0) == 0x80) --part;
    line.text.append(text.substr(0, part));
    line.changed = true;
    text.remove_prefix(part);
    if (!text.empty()) end_line(line);
  }
}

void ConsoleLines::give_number(OpenLine& line, bool is_stderr, std::int64_t timestamp_us) {
  if (line.has_number) return;
  line.has_number = true;
  line.number = next_number_++;
  line.prefix = (is_stderr ? "ERROR " : "") + to_local_time(timestamp_us) + " ";
}

void ConsoleLines::end_line(OpenLine& line) {
  note_changed(line.number, line.prefix + line.text);
  line = OpenLine{};
}

void ConsoleLines::note_changed(std::uint64_t number, std::string text) {
  if (number < skip_before_) return;
  std::string& slot = changed_[number];
  changed_bytes_ += text.size();
  changed_bytes_ -= slot.size();
  slot = std::move(text);
}

bool ConsoleLines::has_changes() const {
  return !changed_.empty() || open_[0].changed || open_[1].changed;
}

bool ConsoleLines::take_changes(protocol::JsonLines& out, std::size_t bytes_max) {
  for (OpenLine& line : open_) {
    if (line.changed) note_changed(line.number, line.prefix + line.text);
    line.changed = false;
  }
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

std::uint64_t ConsoleLines::settled_lines() const {
  std::uint64_t settled = next_number_;
  for (const OpenLine& line : open_) {
    if (line.has_number) settled = std::min(settled, line.number);
  }
  if (!changed_.empty()) settled = std::min(settled, changed_.begin()->first);
  return settled;
}

}  // namespace runstone::uplink
