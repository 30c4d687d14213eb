#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace runstone {

/// Colours and attributes of a terminal's text (ECMA-48 "select graphic rendition").
struct TerminalStyle {
  std::uint16_t attributes = 0;        ///< bit n: attribute n (1 bold, 3 italic, 4 underlined, ...)
  std::string foreground, background;  ///< parameters as they came: "31", "38;5;208"; "": default

  bool is_plain() const { return attributes == 0 && foreground.empty() && background.empty(); }
  /// Takes the parameters between `ESC [` and `m`.
  void apply(std::string_view parameters);
  friend bool operator==(const TerminalStyle&, const TerminalStyle&) = default;
};

/// The escape sequence that leads from one style to another; "" if they are equal.
std::string style_change(const TerminalStyle& from, const TerminalStyle& to);

}  // namespace runstone
