#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "model/terminal_row.h"

namespace runstone {

/// A line of a run's console as a terminal shows it.
struct ConsoleLine {
  std::uint64_t number = 0;  ///< from 0 on, in the order of their first characters
  bool is_stderr = false;
  std::int64_t timestamp_us = 0;  ///< of its first character
  bool is_new = true;             ///< it was not given before with this text
  std::string text;               ///< UTF-8 with colour escapes, each line complete in itself
};

/// Turns what a program writes to its standard output and standard error into numbered lines, as a
/// terminal would show them: `\r` and cursor movements write over what is there, erasing erases,
/// colours stay. Each stream has a terminal of its own, without a right edge, so that a progress
/// bar on one is not torn by lines on the other; they share the numbers.
///
/// A line is settled when nothing can change it any more: the cursor reaches kRows lines back, and
/// the line that it stands in stays open however long. Memory is bounded by kRows lines of at most
/// kMaxLineBytes a stream.
class ConsoleText {
 public:
  /// How far back a cursor can move.
  static constexpr std::uint64_t kRows = 64;
  /// A longer line goes on in the next one.
  static constexpr std::size_t kMaxLineBytes = 256 * 1024;
  /// A line longer than this cannot be written over: it is as if it had reached the right edge.
  static constexpr std::size_t kMaxEditableBytes = 4096;

  using Take = std::function<void(ConsoleLine&& line)>;
  /// `settled` is called with each line, in write() or end(), when it is settled; mostly, but not
  /// always, in the order of numbers.
  explicit ConsoleText(Take settled);
  ConsoleText(const ConsoleText&) = delete;
  ConsoleText& operator=(const ConsoleText&) = delete;
  /// Number of the first line, before any is written.
  void start_at(std::uint64_t number) { next_number_ = number; }

  /// Any fragment: characters must be whole, escape sequences need not.
  void write(bool is_stderr, std::int64_t timestamp_us, std::string_view utf8);
  /// Whole lines that no stream printed (of a logging library): settled at once. The last newline
  /// may be missing.
  void write_line(std::int64_t timestamp_us, std::string_view text);
  /// Gives the lines that are not settled and have changed since they were last given.
  void take_changed(const Take& take);
  /// Gives all lines that are not settled, by number.
  void each_open(const Take& take) const;
  bool has_changes() const;
  /// Settles every line; later text begins new ones.
  void end();

  std::uint64_t line_count() const { return next_number_; }
  /// Lines before this number are settled.
  std::uint64_t first_open() const;

 private:
  struct Row {
    TerminalRow text;
    bool has_number = false, changed = false;
    std::uint64_t number = 0;
    std::int64_t timestamp_us = 0;
  };
  class Terminal {
   public:
    Terminal(ConsoleText& owner, bool is_stderr) : owner_(owner), is_stderr_(is_stderr) {}
    void write(std::int64_t timestamp_us, std::string_view utf8);
    /// Settles the rows before the cursor's whose numbers are below `number`.
    void settle_before(std::uint64_t number);
    void settle_all();
    std::deque<Row>& rows() { return rows_; }
    const std::deque<Row>& rows() const { return rows_; }
    bool is_stderr() const { return is_stderr_; }

   private:
    enum class State { kText, kEscape, kSequence, kString, kStringEscape, kCharset };
    Row& row();
    void take_byte(char byte);
    void print(std::string_view text);
    void control(char byte);
    void end_sequence(char kind);
    void change_mode(char kind);
    void erase_display(int which);
    void erase_line(int which);
    void new_line();
    void wrap_long_row();
    void touch();
    void move_to(std::size_t row, std::size_t column);
    std::size_t column();
    void settle_front();
    int parameter(std::size_t index, int fallback) const;

    ConsoleText& owner_;
    bool is_stderr_;
    std::deque<Row> rows_;
    std::size_t cursor_row_ = 0;
    std::size_t cursor_column_ = 0;
    bool at_end_ = true;  // behind the last character of the row; its column is not counted
    std::int64_t now_us_ = 0;
    State state_ = State::kText;
    std::string sequence_;  // parameters of the escape sequence that is being read
    TerminalStyle style_, pending_from_;
    std::string pending_;     // sequences that led from pending_from_ to style_, not printed yet
    bool alternate_ = false;  // a full-screen program's page, which leaves nothing behind
    std::size_t saved_row_ = 0, saved_column_ = 0;
  };

  Take settled_;
  std::uint64_t next_number_ = 0;
  Terminal terminals_[2];
};

}  // namespace runstone
