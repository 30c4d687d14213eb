#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/terminal_style.h"

namespace runstone {

/// One row of a terminal: text that can be written over at any column. Text that only grows at its
/// end, which nearly all does, is kept as it came; the first write elsewhere makes cells of it.
class TerminalRow {
 public:
  /// Columns to which a cursor can be moved past the end of the text.
  static constexpr std::size_t kMaxGap = 4096;

  /// Adds printable UTF-8 (tabs, too) at the end. `sequence`: the escape sequence by which the
  /// style was reached, if that was from the style at the end of this row; else "".
  void append(std::string_view text, const TerminalStyle& style, std::string_view sequence);
  /// Writes over what is at `column`; gives the column behind the text.
  std::size_t write_at(std::size_t column, std::string_view text, const TerminalStyle& style);
  /// Erases columns [begin, end), or to the end of the row; what is at the very end goes.
  void erase(std::size_t begin, std::size_t end);
  void erase_from(std::size_t begin);
  /// Removes `count` columns, what is behind them moves left; or makes room for so many.
  void remove(std::size_t column, std::size_t count);
  void insert(std::size_t column, std::size_t count);
  void clear() { *this = TerminalRow(); }

  /// The columns of the text.
  std::size_t width();
  bool empty() const { return cells_.empty() && text_.empty(); }
  /// Bytes of the text, or columns once there are cells.
  std::size_t size() const { return has_cells_ ? cells_.size() : text_.size(); }
  /// Style at the end of the text.
  const TerminalStyle& tail() const { return tail_; }
  /// The text with its escape sequences; ends in the plain style.
  std::string text() const;

 private:
  struct Cell {
    std::string glyph;  // a character and what combines with it; "" behind a wide one
    TerminalStyle style;
  };
  void make_cells();
  void put(std::size_t column, std::string_view glyph, std::size_t width,
           const TerminalStyle& style);
  void pad_to(std::size_t column);
  void trim();

  std::string text_;  // as long as there are no cells
  TerminalStyle tail_;
  std::vector<Cell> cells_;
  bool has_cells_ = false;
};

/// Columns of a character on a terminal: 0 (it combines with the one before), 1 or 2.
int terminal_width(char32_t character);
/// Takes one character off the front of UTF-8; what is none is U+FFFD, byte by byte.
char32_t take_character(std::string_view& utf8);

}  // namespace runstone
