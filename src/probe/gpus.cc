#include "probe/gpus.h"

#include "fs/per_process.h"

namespace runstone::probe {

const Gpus& gpus_of_this_machine() {
  static fs::PerProcess<const Gpus> gpus;
  return gpus.get([] {
    auto opened = std::make_unique<Gpus>();
    opened->nvidia = NvidiaGpus::open();
    opened->amd = AmdGpus::open(MachineRoots());
    return std::unique_ptr<const Gpus>(std::move(opened));
  });
}

}  // namespace runstone::probe
