#pragma once

#include <string>

#include "runstone/run.h"

namespace runstone {

/// What a run says to its user, as the settings silent, quiet and show_* allow it.
class Terminal {
 public:
  Terminal() = default;
  Terminal(const Settings& settings, Printer printer);

  void info(const std::string& line) const { say(MessageLevel::kInfo, line); }
  void warn(const std::string& line) const { say(MessageLevel::kWarning, line); }
  void error(const std::string& line) const { say(MessageLevel::kError, line); }

 private:
  void say(MessageLevel level, const std::string& line) const;
  bool show_info_ = true, show_warnings_ = true, show_errors_ = true;
  Printer printer_;
};

}  // namespace runstone
