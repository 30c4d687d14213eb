#include "model/console_text.h"
#include "base/utf8.h"

#include <algorithm>
#include <charconv>

namespace runstone {
namespace {

constexpr std::size_t kMaxSequenceBytes = 256;  // a longer escape sequence is none
constexpr std::size_t kTabColumns = 8;

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }

}  // namespace

ConsoleText::ConsoleText(Take settled)
    : settled_(std::move(settled)), terminals_{{*this, false}, {*this, true}} {}

void ConsoleText::write(bool is_stderr, std::int64_t timestamp_us, std::string_view utf8) {
  const std::uint64_t before = next_number_;
  terminals_[is_stderr ? 1 : 0].write(timestamp_us, utf8);
  // The other stream's lines get old, too.
  if (next_number_ != before && next_number_ > kRows) {
    terminals_[is_stderr ? 0 : 1].settle_before(next_number_ - kRows);
  }
}

void ConsoleText::write_line(std::int64_t timestamp_us, std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  while (true) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    const std::size_t size = whole_characters(text.substr(0, newline), kMaxLineBytes);
    settled_({next_number_++, false, timestamp_us, true, std::string(text.substr(0, size))});
    if (size == text.size()) break;
    text.remove_prefix(size == newline ? size + 1 : size);
  }
  if (next_number_ <= kRows) return;
  for (Terminal& terminal : terminals_) terminal.settle_before(next_number_ - kRows);
}

void ConsoleText::take_changed(const Take& take) {
  for (Terminal& terminal : terminals_) {
    for (Row& row : terminal.rows()) {
      if (!row.has_number || !row.changed) continue;
      row.changed = false;
      take({row.number, terminal.is_stderr(), row.timestamp_us, true, row.text.text()});
    }
  }
}

void ConsoleText::each_open(const Take& take) const {
  const auto& out = terminals_[0].rows();
  const auto& error = terminals_[1].rows();
  std::size_t i = 0, j = 0;
  const auto skip = [](const std::deque<Row>& rows, std::size_t& at) {
    while (at < rows.size() && !rows[at].has_number) ++at;
    return at < rows.size();
  };
  while (true) {
    const bool has_out = skip(out, i), has_error = skip(error, j);
    if (!has_out && !has_error) return;
    const bool is_stderr = !has_out || (has_error && error[j].number < out[i].number);
    const Row& row = is_stderr ? error[j++] : out[i++];
    take({row.number, is_stderr, row.timestamp_us, row.changed, row.text.text()});
  }
}

bool ConsoleText::has_changes() const {
  for (const Terminal& terminal : terminals_) {
    for (const Row& row : terminal.rows()) {
      if (row.has_number && row.changed) return true;
    }
  }
  return false;
}

void ConsoleText::end() {
  for (Terminal& terminal : terminals_) terminal.settle_all();
}

std::uint64_t ConsoleText::first_open() const {
  std::uint64_t first = next_number_;
  for (const Terminal& terminal : terminals_) {
    for (const Row& row : terminal.rows()) {
      if (row.has_number) first = std::min(first, row.number);
    }
  }
  return first;
}

// --- one stream ----------------------------------------------------------------------------------

void ConsoleText::Terminal::write(std::int64_t timestamp_us, std::string_view utf8) {
  now_us_ = timestamp_us;
  while (!utf8.empty()) {
    const bool in_sequence =
        state_ == State::kEscape || state_ == State::kSequence || state_ == State::kCharset;
    // No character beyond ASCII belongs to one: it ends the sequence, and is printed whole.
    if (in_sequence && (utf8[0] & 0x80) != 0) state_ = State::kText;
    if (state_ != State::kText || is_control(utf8[0])) {
      take_byte(utf8[0]);
      utf8.remove_prefix(1);
      continue;
    }
    std::size_t end = 1;
    while (end < utf8.size() && !is_control(utf8[end])) ++end;
    print(utf8.substr(0, end));
    utf8.remove_prefix(end);
  }
}

ConsoleText::Row& ConsoleText::Terminal::row() {
  while (rows_.size() <= cursor_row_) rows_.emplace_back();
  return rows_[cursor_row_];
}

// The row of the cursor is a line now, and so are the empty ones above it.
void ConsoleText::Terminal::touch() {
  row().changed = true;
  if (rows_[cursor_row_].has_number) return;
  for (std::size_t i = 0; i <= cursor_row_; ++i) {
    Row& row = rows_[i];
    if (row.has_number) continue;
    row.has_number = row.changed = true;
    row.number = owner_.next_number_++;
    row.timestamp_us = now_us_;
  }
}

void ConsoleText::Terminal::print(std::string_view text) {
  if (alternate_) return;
  while (!text.empty()) {
    if (!at_end_) wrap_long_row();
    touch();
    TerminalRow& here = row().text;
    if (!at_end_) {
      std::string_view part = text.substr(0, kMaxEditableBytes);
      while (part.size() < text.size() && continues_character(text[part.size()])) {
        part = text.substr(0, part.size() + 1);  // a character stays whole
      }
      cursor_column_ = here.write_at(cursor_column_, part, style_);
      at_end_ = cursor_column_ >= here.width();
      text.remove_prefix(part.size());
      continue;
    }
    const std::size_t size =
        whole_characters(text, kMaxLineBytes - std::min(here.size(), kMaxLineBytes));
    if (size > 0) {
      here.append(text.substr(0, size), style_, here.tail() == pending_from_ ? pending_ : "");
      pending_.clear();
      pending_from_ = style_;
      text.remove_prefix(size);
    }
    if (!text.empty()) new_line();
  }
}

// A row that a terminal of any width would have wrapped: what comes is its next row.
void ConsoleText::Terminal::wrap_long_row() {
  if (row().text.size() > kMaxEditableBytes) new_line();
}

std::size_t ConsoleText::Terminal::column() {
  wrap_long_row();
  if (at_end_) {
    cursor_column_ = row().text.width();
    at_end_ = false;
  }
  return cursor_column_;
}

void ConsoleText::Terminal::move_to(std::size_t to_row, std::size_t to_column) {
  cursor_row_ = std::min<std::size_t>(to_row, kRows - 1);
  cursor_column_ = std::min(to_column, TerminalRow::kMaxGap);
  at_end_ = false;
  row();
}

void ConsoleText::Terminal::new_line() {
  Row& here = row();
  // An empty line is a line; one that is passed again is none that is new.
  if (!here.has_number) touch();
  // What ends the colours of a line belongs to it.
  if (at_end_ && style_.is_plain() && !here.text.empty() && !here.text.tail().is_plain()) {
    here.text.append("", style_, here.text.tail() == pending_from_ ? pending_ : "");
    here.changed = true;
    pending_.clear();
    pending_from_ = style_;
  }
  ++cursor_row_;
  cursor_column_ = 0;
  at_end_ = row().text.empty();
  if (owner_.next_number_ > kRows) settle_before(owner_.next_number_ - kRows);
  while (cursor_row_ >= kRows) settle_front();
}

void ConsoleText::Terminal::settle_front() {
  Row& front = rows_.front();
  if (front.has_number) {
    owner_.settled_(
        {front.number, is_stderr_, front.timestamp_us, front.changed, front.text.text()});
  }
  rows_.pop_front();
  if (cursor_row_ > 0) --cursor_row_;
  if (saved_row_ > 0) --saved_row_;
}

void ConsoleText::Terminal::settle_before(std::uint64_t number) {
  while (cursor_row_ > 0 && (!rows_.front().has_number || rows_.front().number < number)) {
    settle_front();
  }
}

void ConsoleText::Terminal::settle_all() {
  while (!rows_.empty()) settle_front();
  cursor_row_ = cursor_column_ = saved_row_ = saved_column_ = 0;
  at_end_ = true;
}

// --- control characters and escape sequences (ECMA-48, as xterm reads it) ------------------------

void ConsoleText::Terminal::take_byte(char byte) {
  switch (state_) {
    case State::kText:
      if (byte == '\x1b') {
        state_ = State::kEscape;
      } else {
        control(byte);
      }
      return;
    case State::kEscape:
      sequence_.clear();
      state_ = State::kText;
      if (byte == '[') {
        state_ = State::kSequence;
      } else if (byte == ']' || byte == 'P' || byte == '_' || byte == '^' || byte == 'X') {
        state_ = State::kString;  // titles, links, pictures: nothing that is text
      } else if (byte == '(' || byte == ')' || byte == '*' || byte == '+' || byte == '#') {
        state_ = State::kCharset;
      } else if (!alternate_) {
        if (byte == 'M') move_to(cursor_row_ > 0 ? cursor_row_ - 1 : 0, column());
        if (byte == 'D' || byte == 'E') control('\n');
        if (byte == 'c') settle_all();
        if (byte == '7') saved_row_ = cursor_row_, saved_column_ = column();
        if (byte == '8') move_to(saved_row_, saved_column_);
      }
      return;
    case State::kSequence:
      if (byte >= 0x40 && byte <= 0x7e) {
        state_ = State::kText;
        end_sequence(byte);
      } else if (byte == '\x1b') {
        state_ = State::kEscape;
      } else if (is_control(byte)) {
        control(byte);  // terminals obey these in the middle of a sequence
      } else if (sequence_.size() < kMaxSequenceBytes) {
        sequence_ += byte;
      } else {
        state_ = State::kText;
      }
      return;
    case State::kString:
      if (byte == '\a') state_ = State::kText;
      if (byte == '\x1b') state_ = State::kStringEscape;
      return;
    case State::kStringEscape:
      state_ = byte == '\\' ? State::kText : State::kString;
      return;
    case State::kCharset:
      state_ = State::kText;
      return;
  }
}

void ConsoleText::Terminal::control(char byte) {
  if (alternate_) return;
  if (byte == '\n' || byte == '\v' || byte == '\f') {
    new_line();
  } else if (byte == '\r') {
    cursor_column_ = 0;
    at_end_ = row().text.empty();
  } else if (byte == '\b') {
    const std::size_t at = column();
    if (at > 0) cursor_column_ = at - 1;
  } else if (byte == '\t') {
    if (at_end_) return print("\t");
    cursor_column_ =
        std::min((cursor_column_ / kTabColumns + 1) * kTabColumns, TerminalRow::kMaxGap);
  }
}

int ConsoleText::Terminal::parameter(std::size_t index, int fallback) const {
  std::string_view rest = sequence_;
  for (; index > 0; --index) {
    const std::size_t semicolon = rest.find(';');
    if (semicolon == rest.npos) return fallback;
    rest.remove_prefix(semicolon + 1);
  }
  int number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return error != std::errc() || number <= 0 ? fallback : std::min(number, 100'000);
}

void ConsoleText::Terminal::end_sequence(char kind) {
  if (kind == 'h' || kind == 'l') return change_mode(kind);
  if (alternate_ || (!sequence_.empty() && sequence_[0] >= '<' && sequence_[0] <= '?')) return;
  if (kind == 'm') {
    if (pending_.empty()) pending_from_ = style_;
    if (pending_.size() < kMaxSequenceBytes) pending_ += "\x1b[" + sequence_ + "m";
    style_.apply(sequence_);
    return;
  }
  const auto count = static_cast<std::size_t>(parameter(0, 1));
  const std::size_t at = column();
  Row& here = row();
  switch (kind) {
    case 'A':
      return move_to(cursor_row_ - std::min(cursor_row_, count), at);
    case 'B':
    case 'e':
      return move_to(cursor_row_ + count, at);
    case 'C':
    case 'a':
      return move_to(cursor_row_, at + count);
    case 'D':
      return move_to(cursor_row_, at - std::min(at, count));
    case 'E':
      return move_to(cursor_row_ + count, 0);
    case 'F':
      return move_to(cursor_row_ - std::min(cursor_row_, count), 0);
    case 'G':
    case '`':
      return move_to(cursor_row_, count - 1);
    case 'd':
      return move_to(count - 1, at);
    case 'H':
    case 'f':
      return move_to(count - 1, static_cast<std::size_t>(parameter(1, 1)) - 1);
    case 'J':
      return erase_display(parameter(0, 0));
    case 'K':
      return erase_line(parameter(0, 0));
    case 'X':
      here.text.erase(at, at + count);
      here.changed = true;
      return;
    case 'P':
      here.text.remove(at, count);
      here.changed = true;
      return;
    case '@':
      here.text.insert(at, count);
      here.changed = true;
      return;
    case 's':
      saved_row_ = cursor_row_;
      saved_column_ = at;
      return;
    case 'u':
      return move_to(saved_row_, saved_column_);
    default:
      return;  // nothing that shows
  }
}

void ConsoleText::Terminal::change_mode(char kind) {
  if (sequence_ != "?1049" && sequence_ != "?1047" && sequence_ != "?47") return;
  alternate_ = kind == 'h';
}

void ConsoleText::Terminal::erase_display(int which) {
  if (which >= 2)
    return settle_all();  // what was there has scrolled away, as in a window with a bar
  erase_line(which);
  const std::size_t begin = which == 0 ? cursor_row_ + 1 : 0;
  const std::size_t end = which == 0 ? rows_.size() : cursor_row_;
  for (std::size_t i = begin; i < end; ++i) {
    rows_[i].text.clear();
    rows_[i].changed = true;
  }
}

void ConsoleText::Terminal::erase_line(int which) {
  Row& here = row();
  here.changed = true;
  if (which == 0) here.text.erase_from(cursor_column_);
  if (which == 1) here.text.erase(0, cursor_column_ + 1);
  if (which == 2) here.text.erase_from(0);
}

}  // namespace runstone
