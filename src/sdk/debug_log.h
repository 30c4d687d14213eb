#pragma once

#include <string>
#include <string_view>

namespace runstone {

/// A text file with one dated line for each thing that happened; for people who look for a reason.
/// Any thread; a line is one write, and a disk that refuses it costs only the line.
class DebugLog {
 public:
  DebugLog() = default;
  ~DebugLog();
  DebugLog(const DebugLog&) = delete;
  DebugLog& operator=(const DebugLog&) = delete;

  void open(const std::string& path);
  void note(std::string_view level, std::string_view text) const;

 private:
  int descriptor_ = -1;
};

}  // namespace runstone
