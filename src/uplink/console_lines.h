#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "model/console_text.h"
#include "protocol/file_stream_writer.h"

namespace runstone::uplink {

/// Turns fragments of console output into the numbered lines of the output.log stream:
/// `[ERROR ]<local time> <text>`, as a terminal would show them (model/console_text.h). A line that
/// changes, as a progress bar does, is sent again under its number.
class ConsoleLines {
 public:
  ConsoleLines();

  /// Lines before this number have been delivered already: they are counted, but not sent.
  void skip_before(std::uint64_t number) { skip_before_ = number; }
  /// Number of the first line, before any is written: those before it are of earlier writers.
  void start_at(std::uint64_t number) { text_.start_at(number); }
  /// Put before each line: `[label] `, of one of several writers.
  void set_label(const std::string& label) { label_ = "[" + label + "] "; }
  void write(bool is_stderr, std::int64_t timestamp_us, std::string_view text);
  /// A line of a logging library, with or without its newline.
  void write_line(std::int64_t timestamp_us, std::string_view line);

  /// Moves changed lines that follow each other to `out`, up to about `bytes_max`; false if there
  /// is nothing to send. What is left comes with the next call.
  bool take_changes(protocol::JsonLines& out, std::size_t bytes_max);
  /// For a server that appends: lines that will not change any more, each once, in their order.
  /// With `ends`, the lines still open are ended.
  bool take_settled(protocol::JsonLines& out, std::size_t bytes_max, bool ends);
  bool has_settled(bool ends) const;
  bool has_changes() const;
  std::size_t changed_bytes() const { return changed_bytes_; }
  /// Lines before this number will not change any more.
  std::uint64_t settled_lines() const;
  std::uint64_t line_count() const { return text_.line_count(); }

 private:
  void note_changed(ConsoleLine&& line);

  std::string label_;
  std::uint64_t skip_before_ = 0, resume_at_ = 0;
  std::map<std::uint64_t, std::string> changed_;
  std::size_t changed_bytes_ = 0;
  ConsoleText text_;
};

/// "2026-11-23T13:26:40.096407", in the machine's time zone.
std::string to_local_time(std::int64_t time_us);

}  // namespace runstone::uplink
