#pragma once

#include <memory>
#include <string>
#include <vector>

#include "probe/machine_files.h"
#include "probe/process_tree.h"
#include "probe/reading.h"
#include "runstone/value.h"

namespace runstone::probe {

/// The machine's NVIDIA GPUs, by the driver's management library (NVML). Any thread.
class NvidiaGpus {
 public:
  /// nullptr if the machine has no such library or no such GPU. The first call of the driver may
  /// take seconds where no daemon keeps it awake.
  static std::unique_ptr<NvidiaGpus> open(const std::string& library = "libnvidia-ml.so.1");
  ~NvidiaGpus();

  std::size_t count() const;
  /// `gpu.<i>.<what>`, and the same once more as `gpu.process.<i>.<what>` for a GPU on which one of
  /// the processes computes. `only`: indices to read; empty: all. What a GPU cannot say is left
  /// out.
  void read(const std::vector<ProcessState>& processes, const std::vector<int>& only,
            Readings& out) const;
  /// `gpu_nvidia` of wandb-metadata.json: name, memoryTotal, cudaCores, architecture, uuid, ...
  List facts(const MachineRoots& roots) const;
  std::string cuda_version() const;  ///< "12.4"; empty if the driver does not say

 private:
  struct Functions;
  NvidiaGpus(std::unique_ptr<Functions> functions, std::vector<void*> devices);
  void read_device(void* device, Readings& out) const;
  bool computes_one_of(void* device, const std::vector<ProcessState>& processes) const;

  std::unique_ptr<Functions> nvml_;
  std::vector<void*> devices_;
};

}  // namespace runstone::probe
