#pragma once

#include <vector>

#include "probe/cgroup.h"
#include "probe/process_tree.h"
#include "probe/reading.h"

namespace runstone::probe {

/// `memory_percent`, `proc.memory.availableMB`, `.rssMB`, `.percent` and `proc.cpu.threads`.
/// Percentages are of what the control group may use, or of the machine if that is less.
void read_memory(const MachineRoots& roots, const CgroupLimits& limits,
                 const std::vector<ProcessState>& processes, Readings& out);
/// Bytes of the machine's memory; 0 if that cannot be read.
double machine_memory_bytes(const MachineRoots& roots);

}  // namespace runstone::probe
