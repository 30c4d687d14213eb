#pragma once

#include <string>

#include "runstone/run.h"
#include "sdk/debug_log.h"

namespace runstone {

/// What a run says to its user, as the settings silent, quiet and show_* allow it.
class Terminal {
 public:
  Terminal() = default;
  Terminal(const Settings& settings, Printer printer);

  /// Every line from now on goes to this log as well, also those that the settings hide.
  void keep_in(const DebugLog* log) { log_ = log; }
  bool shows_info() const { return show_info_; }

  void info(const std::string& line) const { say(MessageLevel::kInfo, line); }
  void warn(const std::string& line) const { say(MessageLevel::kWarning, line); }
  void error(const std::string& line) const { say(MessageLevel::kError, line); }

 private:
  void say(MessageLevel level, const std::string& line) const;
  bool show_info_ = true, show_warnings_ = true, show_errors_ = true;
  Printer printer_;
  const DebugLog* log_ = nullptr;  // borrowed
};

}  // namespace runstone
