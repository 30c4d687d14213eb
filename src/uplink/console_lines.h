#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "protocol/file_stream_writer.h"

namespace runstone::uplink {

/// Turns fragments of console output into numbered lines, in the form of the output.log stream:
/// `[ERROR ]<local time> <text>`. A `\r` restarts its line. Standard output and standard error each
/// have a line that is still open; a line keeps the number that it got with its first character, so
/// a progress bar is one line that is sent again when it changes.
class ConsoleLines {
 public:
  /// A longer line goes on in the next one.
  static constexpr std::size_t kMaxLineBytes = 256 * 1024;

  /// Lines before this number have been delivered already: they are counted, but not sent.
  void skip_before(std::uint64_t number) { skip_before_ = number; }
  /// Number of the first line, before any is written: those before it are of earlier writers.
  void start_at(std::uint64_t number) { next_number_ = number; }
  void write(bool is_stderr, std::int64_t timestamp_us, std::string_view text);

  /// Moves changed lines that follow each other to `out`, up to about `bytes_max`; false if there
  /// is nothing to send. What is left comes with the next call.
  bool take_changes(protocol::JsonLines& out, std::size_t bytes_max);
  bool has_changes() const;
  std::size_t changed_bytes() const { return changed_bytes_; }
  /// Lines before this number will not change any more.
  std::uint64_t settled_lines() const;
  std::uint64_t line_count() const { return next_number_; }

 private:
  struct OpenLine {
    bool has_number = false;
    bool changed = false;
    bool restart = false;  // a \r was seen: the next character, if not \n, starts the line anew
    std::uint64_t number = 0;
    std::string prefix, text;
  };
  void append(OpenLine& line, bool is_stderr, std::int64_t timestamp_us, std::string_view text);
  void give_number(OpenLine& line, bool is_stderr, std::int64_t timestamp_us);
  void end_line(OpenLine& line);
  void note_changed(std::uint64_t number, std::string text);

  std::uint64_t next_number_ = 0, skip_before_ = 0, resume_at_ = 0;
  OpenLine open_[2];  // 0 standard output, 1 standard error
  std::map<std::uint64_t, std::string> changed_;
  std::size_t changed_bytes_ = 0;
};

/// "2026-11-23T13:26:40.096407", in the machine's time zone.
std::string to_local_time(std::int64_t time_us);

}  // namespace runstone::uplink
