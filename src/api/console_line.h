#pragma once

#include <string_view>

namespace runstone::api {

/// A console line of the wire, `[ERROR ]2026-11-23T13:26:40.096407 text`, as views into it.
struct ConsoleLineParts {
  std::string_view timestamp;  ///< "" if the line has none
  std::string_view level;      ///< "error" for standard error, else ""
  std::string_view text;
};
/// A line that is not of this form is all text.
ConsoleLineParts split_console_line(std::string_view line);

/// The writer that said a line of a shared run, `[node0] text`: takes it off `text`. "" if none
/// did. Of other runs such a line is what the program printed.
std::string_view take_label(std::string_view& text);

}  // namespace runstone::api
