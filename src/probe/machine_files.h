#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runstone::probe {

/// Where the kernel's files are; tests show other machines.
struct MachineRoots {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

/// A file of the kernel, up to 1 MiB (its size says nothing, so it is read to its end). Nothing if
/// it cannot be read: such a file costs its own readings, never a sample.
std::optional<std::string> read_kernel_file(const std::string& path);
/// The words of a text, as the kernel separates them: by blanks, tabs and newlines.
std::vector<std::string_view> words_of(std::string_view text);
/// The whole text as a number; nothing for "max" and the like.
std::optional<double> number_of(std::string_view text);
/// Calls `line(std::string_view)` for each line.
template <typename Line>
void for_each_line(std::string_view text, const Line& line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    line(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace runstone::probe
