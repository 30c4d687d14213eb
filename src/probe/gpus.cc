#include "probe/gpus.h"

#include <atomic>

#include "fs/fork_generation.h"

namespace runstone::probe {
namespace {

struct Opened {
  unsigned generation;
  Gpus gpus;
};

}  // namespace

const Gpus& gpus_of_this_machine() {
  // No lock, which a fork could copy while it is held: of two threads that open at once, one gives
  // its own up again.
  static std::atomic<Opened*> current{nullptr};
  Opened* known = current.load();
  if (known != nullptr && known->generation == fs::fork_generation()) return known->gpus;
  auto* const fresh = new Opened{fs::fork_generation(), {}};
  fresh->gpus.nvidia = NvidiaGpus::open();
  fresh->gpus.amd = AmdGpus::open(MachineRoots());
  if (current.compare_exchange_strong(known, fresh)) return fresh->gpus;
  delete fresh;
  return known->gpus;
}

}  // namespace runstone::probe
