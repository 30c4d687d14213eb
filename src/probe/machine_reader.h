#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "probe/cpu.h"
#include "probe/disk.h"
#include "probe/gpus.h"
#include "probe/network.h"

namespace runstone::probe {

/// What one run wants to know of the machine.
struct MachineOptions {
  int pid = 0;                   ///< the process that is watched; 0: this one
  bool with_descendants = true;  ///< its children, too
  bool use_cgroup = true;        ///< percentages of what a container may use
  std::vector<std::string> disk_paths = {"/"};
  std::vector<int> gpu_indices;  ///< empty: all
  MachineRoots roots;
  /// Asked at the first reading, on the thread that reads.
  std::function<const Gpus&()> gpus = gpus_of_this_machine;
};

/// Every reading of one moment. What counts from the start counts from the first call. One thread
/// at a time.
class MachineReader {
 public:
  explicit MachineReader(MachineOptions options);
  Readings read(std::int64_t monotonic_us);

 private:
  MachineOptions options_;
  CpuReader cpu_;
  DiskReader disk_;
  NetworkReader network_;
};

}  // namespace runstone::probe
