#include "model/terminal_row.h"

#include <algorithm>
#include <iterator>

namespace runstone {
namespace {

constexpr std::size_t kTabColumns = 8;
constexpr char32_t kReplacement = 0xFFFD;

struct Range {
  char32_t first, last;
};
// Unicode 15, East Asian Width W and F.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x23F0, 0x23F0},   {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},
    {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27B0, 0x27B0},   {0x27BF, 0x27BF},
    {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1AFF0, 0x1B2FF},
    {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F200, 0x1F265}, {0x1F300, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C},
    {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0},
    {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E}, {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC},
    {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A},
    {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5},
    {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6D7}, {0x1F6DC, 0x1F6DF},
    {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC}, {0x1F7E0, 0x1F7EB}, {0x1F7F0, 0x1F7F0},
    {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF},
    {0x20000, 0x3FFFD}};
// Marks that combine with the character before, of the scripts that programs print most.
constexpr Range kZero[] = {{0x0300, 0x036F},  {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
                           {0x064B, 0x065F},  {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948},
                           {0x094D, 0x094D},  {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
                           {0x1AB0, 0x1AFF},  {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF},
                           {0x3099, 0x309A},  {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
                           {0xE0100, 0xE01EF}};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], char32_t character) {
  const auto* at = std::upper_bound(std::begin(ranges), std::end(ranges), character,
                                    [](char32_t c, const Range& range) { return c < range.first; });
  return at != std::begin(ranges) && character <= (at - 1)->last;
}

}  // namespace

int terminal_width(char32_t character) {
  if (character < 0x300) return 1;
  if (is_in(kZero, character)) return 0;
  return is_in(kWide, character) ? 2 : 1;
}

char32_t take_character(std::string_view& utf8) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 1;
  char32_t character = first;
  if (first >= 0xF0 && first < 0xF8) {
    length = 4;
    character = first & 0x07u;
  } else if (first >= 0xE0) {
    length = 3;
    character = first & 0x0Fu;
  } else if (first >= 0xC0) {
    length = 2;
    character = first & 0x1Fu;
  }
  bool valid = first < 0x80 || (first >= 0xC0 && first < 0xF8 && length <= utf8.size());
  for (std::size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xC0) == 0x80;
    character = (character << 6) | (byte(i) & 0x3Fu);
  }
  utf8.remove_prefix(valid ? length : 1);
  return valid ? character : kReplacement;
}

void TerminalRow::append(std::string_view text, const TerminalStyle& style,
                         std::string_view sequence) {
  if (has_cells_) {
    write_at(cells_.size(), text, style);
    return;
  }
  if (!(style == tail_)) {
    text_ += sequence.empty() ? style_change(tail_, style) : sequence;
    tail_ = style;
  }
  text_ += text;
}

std::size_t TerminalRow::write_at(std::size_t column, std::string_view text,
                                  const TerminalStyle& style) {
  make_cells();
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take_character(text);
    if (character == '\t') {  // moves on, and leaves what is there
      column = (column / kTabColumns + 1) * kTabColumns;
      if (column > cells_.size()) pad_to(column);
      continue;
    }
    std::string_view glyph = before.substr(0, before.size() - text.size());
    if (character == kReplacement) glyph = "\xEF\xBF\xBD";
    const int width = terminal_width(character);
    if (width > 0) {
      put(column, glyph, static_cast<std::size_t>(width), style);
      column += static_cast<std::size_t>(width);
    } else if (column > 0 && column <= cells_.size()) {
      std::size_t base = column - 1;
      if (cells_[base].glyph.empty() && base > 0) --base;
      cells_[base].glyph += glyph;
    }
  }
  tail_ = cells_.empty() ? TerminalStyle() : cells_.back().style;
  return column;
}

void TerminalRow::put(std::size_t column, std::string_view glyph, std::size_t width,
                      const TerminalStyle& style) {
  pad_to(column + width);
  // Half of a wide character that is written over is a blank.
  if (cells_[column].glyph.empty() && column > 0) cells_[column - 1].glyph = " ";
  if (column + width < cells_.size() && cells_[column + width].glyph.empty()) {
    cells_[column + width].glyph = " ";
  }
  cells_[column] = {std::string(glyph), style};
  if (width == 2) cells_[column + 1] = {std::string(), style};
}

void TerminalRow::pad_to(std::size_t column) {
  while (cells_.size() < column) cells_.push_back({" ", {}});
}

void TerminalRow::erase_from(std::size_t begin) {
  make_cells();
  if (begin >= cells_.size()) return;
  if (begin > 0 && cells_[begin].glyph.empty()) cells_[begin - 1].glyph = " ";
  cells_.resize(begin);
  trim();
}

void TerminalRow::erase(std::size_t begin, std::size_t end) {
  make_cells();
  if (end >= cells_.size()) return erase_from(begin);
  for (std::size_t i = begin; i < end; ++i) cells_[i] = {" ", {}};
  if (begin > 0 && begin < end && cells_[begin - 1].glyph.empty()) cells_[begin - 1].glyph = " ";
  if (cells_[end].glyph.empty()) cells_[end].glyph = " ";
}

void TerminalRow::remove(std::size_t column, std::size_t count) {
  make_cells();
  if (column >= cells_.size()) return;
  const std::size_t end = std::min(column + count, cells_.size());
  cells_.erase(cells_.begin() + static_cast<std::ptrdiff_t>(column),
               cells_.begin() + static_cast<std::ptrdiff_t>(end));
  trim();
}

void TerminalRow::insert(std::size_t column, std::size_t count) {
  make_cells();
  if (column >= cells_.size()) return;
  cells_.insert(cells_.begin() + static_cast<std::ptrdiff_t>(column), std::min(count, kMaxGap),
                {" ", {}});
}

// What padded the row up to text that is gone now.
void TerminalRow::trim() { tail_ = cells_.empty() ? TerminalStyle() : cells_.back().style; }

std::size_t TerminalRow::width() {
  make_cells();
  return cells_.size();
}

void TerminalRow::make_cells() {
  if (has_cells_) return;
  has_cells_ = true;
  const std::string text = std::move(text_);
  text_.clear();
  TerminalStyle style;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t escape = std::min(text.find('\x1b', at), text.size());
    column = write_at(column, std::string_view(text).substr(at, escape - at), style);
    if (escape == text.size()) break;
    const std::size_t end = text.find('m', escape);  // append() keeps no other sequences
    style.apply(std::string_view(text).substr(escape + 2, end - escape - 2));
    at = end + 1;
  }
}

std::string TerminalRow::text() const {
  if (!has_cells_) return tail_.is_plain() ? text_ : text_ + "\x1b[0m";
  std::string text;
  TerminalStyle style;
  for (const Cell& cell : cells_) {
    if (!(cell.style == style)) text += style_change(style, cell.style);
    style = cell.style;
    text += cell.glyph;
  }
  return text + style_change(style, {});
}

}  // namespace runstone
