#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "probe/machine_files.h"
#include "probe/reading.h"
#include "runstone/value.h"

namespace runstone::probe {

/// The machine's AMD GPUs, by the ROCm system management library. Any thread.
class AmdGpus {
 public:
  /// nullptr if the kernel has not loaded the driver, or there is no library or no GPU.
  static std::unique_ptr<AmdGpus> open(const MachineRoots& roots,
                                       const std::vector<std::string>& libraries = {
                                           "librocm_smi64.so", "librocm_smi64.so.7",
                                           "librocm_smi64.so.6", "librocm_smi64.so.5",
                                           "/opt/rocm/lib/librocm_smi64.so"});
  ~AmdGpus();

  std::size_t count() const { return count_; }
  /// `gpu.<first_index + i>.<what>`: gpu, memoryAllocated, memoryAllocatedBytes,
  /// memoryReadWriteActivity, temp, powerWatts, powerPercent. What a GPU cannot say is left out.
  void read(std::size_t first_index, const std::vector<int>& only, Readings& out) const;
  /// `gpu_amd` of wandb-metadata.json.
  List facts() const;

 private:
  struct Functions;
  AmdGpus(std::unique_ptr<Functions> functions, std::size_t count);
  std::unique_ptr<Functions> smi_;
  std::size_t count_;
};

}  // namespace runstone::probe
