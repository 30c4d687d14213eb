#pragma once

#include <cstdint>
#include <vector>

#include "probe/machine_files.h"

namespace runstone::probe {

/// One process at one moment.
struct ProcessState {
  int pid = 0;
  std::uint64_t cpu_ticks = 0;         ///< user and system time of its own, since it began
  std::uint64_t started_at_ticks = 0;  ///< since boot; with `pid`, it names one process for good
  std::uint64_t threads = 0;
  std::uint64_t rss_bytes = 0;
};

/// The process and, with `with_descendants`, all below it, at most kMaxProcesses; those that end
/// meanwhile are left out. Empty if the process itself cannot be read.
constexpr std::size_t kMaxProcesses = 4096;
std::vector<ProcessState> read_process_tree(const MachineRoots& roots, int pid,
                                            bool with_descendants);

}  // namespace runstone::probe
