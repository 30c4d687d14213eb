#include "probe/machine_reader.h"

#include <unistd.h>

#include <algorithm>

#include "probe/memory.h"

namespace runstone::probe {

MachineReader::MachineReader(MachineOptions options)
    : options_(std::move(options)),
      cpu_(options_.roots),
      disk_(options_.roots, options_.disk_paths),
      network_(options_.roots) {
  if (options_.pid == 0) options_.pid = getpid();
}

Readings MachineReader::read(std::int64_t monotonic_us) {
  Readings readings;
  const auto processes = read_process_tree(options_.roots, options_.pid, options_.with_descendants);
  const CgroupLimits limits = options_.use_cgroup ? read_cgroup(options_.roots) : CgroupLimits();
  const double online = online_cpus();
  cpu_.read(processes, std::min(limits.cpus.value_or(online), online), monotonic_us, readings);
  read_memory(options_.roots, limits, processes, readings);
  disk_.read(readings);
  network_.read(readings);
  const Gpus& gpus = options_.gpus();
  if (gpus.nvidia) gpus.nvidia->read(processes, options_.gpu_indices, readings);
  const std::size_t first_amd = gpus.nvidia ? gpus.nvidia->count() : 0;
  if (gpus.amd) gpus.amd->read(first_amd, options_.gpu_indices, readings);
  return readings;
}

}  // namespace runstone::probe
