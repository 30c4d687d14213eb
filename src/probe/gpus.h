#pragma once

#include <memory>

#include "probe/gpu_amd.h"
#include "probe/gpu_nvidia.h"

namespace runstone::probe {

/// The GPUs of the machine, whoever made them; nullptr for what is not there.
struct Gpus {
  std::unique_ptr<NvidiaGpus> nvidia;
  std::unique_ptr<AmdGpus> amd;
};
/// Opened at the first call, once for the process (and once more in a forked child: drivers do not
/// outlive a fork). Not on a thread that somebody waits for. Lives as long as the process.
const Gpus& gpus_of_this_machine();

}  // namespace runstone::probe
