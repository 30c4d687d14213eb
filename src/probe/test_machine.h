#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "probe/machine_files.h"
#include "probe/reading.h"

namespace runstone::probe {

/// A machine made of files: what a test puts below `proc` and `sys` is all that readers see.
class TestMachine {
 public:
  TestMachine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "probe-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    roots_ = {root_ + "/proc", root_ + "/sys"};
  }
  ~TestMachine() {
    std::error_code error;
    std::filesystem::remove_all(root_, error);
  }
  void put(const std::string& path, std::string_view text) {
    const std::filesystem::path at = root_ + "/" + path;
    std::filesystem::create_directories(at.parent_path());
    std::ofstream(at, std::ios::binary) << text;
  }
  /// A process with one thread: /proc/<pid>/stat and its list of children.
  void put_process(int pid, int parent, std::uint64_t ticks, std::uint64_t rss_pages,
                   std::uint64_t threads, const std::string& children) {
    const std::string dir = "proc/" + std::to_string(pid);
    // Fields 3 to 24 of proc(5); the name holds what breaks a parser that looks for blanks.
    put(dir + "/stat", std::to_string(pid) + " (a) b (c) S " + std::to_string(parent) +
                           " 1 1 0 -1 4194304 100 0 0 0 " + std::to_string(ticks) + " 0 0 0 20 0 " +
                           std::to_string(threads) + " 0 " + std::to_string(1000 + pid) + " 9999 " +
                           std::to_string(rss_pages) + " 0\n");
    put(dir + "/task/" + std::to_string(pid) + "/children", children);
  }
  const MachineRoots& roots() const { return roots_; }
  const std::string& path() const { return root_; }

 private:
  std::string root_;
  MachineRoots roots_;
};

inline std::optional<double> value_of(const Readings& readings, std::string_view key) {
  for (const Reading& reading : readings) {
    if (reading.key == key) return reading.value;
  }
  return std::nullopt;
}

}  // namespace runstone::probe
