#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "model/console_text.h"

namespace runstone {

/// The text of output.log: a run's console lines by number, each with its newline. Given in pieces:
/// what stands for good, and after it the end of the file, which is written anew each time.
///
/// A line in which the cursor has stood while very many others were printed (a progress bar) gets
/// its place with the text it has then. If it changes after that, `is_exact()` turns false, and a
/// second reading of the same text, made with `late_lines()` of the first, has it right.
class OutputLog {
 public:
  using LateLines = std::map<std::uint64_t, std::string>;
  explicit OutputLog(LateLines known = {});

  void write(bool is_stderr, std::int64_t timestamp_us, std::string_view utf8);
  /// Whole lines of their own.
  void write_line(std::int64_t timestamp_us, std::string_view line);
  /// Appends to `done` what follows the pieces before it for good, and sets `tail` to the rest.
  void take(std::string& done, std::string& tail);
  /// Nothing more will be written: then all is `done`.
  void end();

  bool is_exact() const { return late_lines_.empty(); }
  /// Lines that have changed after they had got their place, as they became.
  const LateLines& late_lines() const { return late_lines_; }

 private:
  void settle(ConsoleLine&& line);

  std::map<std::uint64_t, std::string> waiting_;  // settled, not placed yet
  std::uint64_t next_ = 0;                        // the line that gets its place next
  LateLines known_, placed_open_, late_lines_;
  bool ended_ = false;
  ConsoleText text_;
};

}  // namespace runstone
