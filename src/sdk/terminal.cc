#include "sdk/terminal.h"

#include <unistd.h>

#include <exception>
#include <utility>

namespace runstone {

Terminal::Terminal(const Settings& settings, Printer printer) : printer_(std::move(printer)) {
  const bool silent = settings.flag("silent");
  show_info_ = !silent && !settings.flag("quiet") && settings.flag("show_info");
  show_warnings_ = !silent && settings.flag("show_warnings");
  show_errors_ = !silent && settings.flag("show_errors");
}

void Terminal::say(MessageLevel level, const std::string& line) const {
  if (log_ != nullptr) {
    log_->note(level == MessageLevel::kInfo      ? "INFO"
               : level == MessageLevel::kWarning ? "WARNING"
                                                 : "ERROR",
               line);
  }
  if (level == MessageLevel::kInfo && !show_info_) return;
  if (level == MessageLevel::kWarning && !show_warnings_) return;
  if (level == MessageLevel::kError && !show_errors_) return;
  std::string text = "runstone: ";
  if (printer_) {
    // It may be called on threads of the run, where what it throws would end the program.
    try {
      return printer_(level, line);
    } catch (const std::exception& error) {
      text += std::string("(the printer threw: ") + error.what() + ") ";
    }
  }
  if (level == MessageLevel::kWarning) text += "WARNING ";
  if (level == MessageLevel::kError) text += "ERROR ";
  text += line + "\n";
  // One write, so that lines of several threads do not mix; nobody is left to tell if it fails.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace runstone
