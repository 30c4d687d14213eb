#pragma once

#include <string_view>

namespace runstone {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// One line on standard error: time, level, text. From any thread; a line is written whole.
/// The server's log; the SDK prints its own lines to users through sdk/terminal.h instead.
void log_line(LogLevel level, std::string_view text);
void set_log_level(LogLevel least);

inline void log_info(std::string_view text) { log_line(LogLevel::kInfo, text); }
inline void log_warning(std::string_view text) { log_line(LogLevel::kWarning, text); }
inline void log_error(std::string_view text) { log_line(LogLevel::kError, text); }

}  // namespace runstone
