#pragma once

#include <string>
#include <vector>

#include "probe/gpus.h"
#include "probe/machine_files.h"
#include "runstone/value.h"

namespace runstone::probe {

/// "Linux-6.1.0-13-amd64-x86_64-with-glibc2.36".
std::string os_text();

/// What wandb-metadata.json says of the machine, under its names: cpu_count, cpu_count_logical,
/// cpu, disk, memory, gpu, gpu_count, gpu_nvidia, gpu_amd, cudaVersion. 64-bit sizes are text. What
/// is not there or cannot be read is left out.
Dict host_facts(const MachineRoots& roots, const std::vector<std::string>& disk_paths,
                const Gpus& gpus);
/// The variables of the Slurm job that this process belongs to, without their prefix, in lower
/// case: SLURM_JOB_ID is "job_id". Empty outside of Slurm.
Dict slurm_facts();

}  // namespace runstone::probe
