#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "probe/process_tree.h"
#include "probe/reading.h"

namespace runstone::probe {

/// `cpu`: what the processes used since the last call, of all the processors they may use, in
/// percent; `cpu.<i>.cpu_percent`: how busy each processor of the machine was. Differences, so the
/// first call gives none.
class CpuReader {
 public:
  explicit CpuReader(MachineRoots roots) : roots_(std::move(roots)) {}
  /// `cpus`: processors that the processes may use.
  void read(const std::vector<ProcessState>& processes, double cpus, std::int64_t monotonic_us,
            Readings& out);

 private:
  struct Core {
    double busy = 0, total = 0;
  };
  void read_cores(Readings& out);

  MachineRoots roots_;
  std::map<std::pair<int, std::uint64_t>, std::uint64_t> ticks_;  // (pid, start) to cpu time
  std::int64_t read_at_us_ = 0;
  std::map<int, Core> cores_;
};

/// Processors that are online.
double online_cpus();

}  // namespace runstone::probe
