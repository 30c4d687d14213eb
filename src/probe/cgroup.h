#pragma once

#include <optional>

#include "probe/machine_files.h"

namespace runstone::probe {

/// How much of the machine this process's control group (a container, a Slurm job) may use.
/// Versions 1 and 2; the tightest limit of the group and the groups around it.
struct CgroupLimits {
  std::optional<double> cpus;               ///< processors: quota over period, or those of the set
  std::optional<double> memory_bytes;       ///< nothing if there is no limit
  std::optional<double> memory_used_bytes;  ///< of that group, without caches that can be dropped
};
CgroupLimits read_cgroup(const MachineRoots& roots);

}  // namespace runstone::probe
