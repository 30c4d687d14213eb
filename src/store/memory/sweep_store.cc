#include "store/sweep_store.h"

#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

class MemorySweepStore final : public SweepStore {};

}  // namespace

std::unique_ptr<SweepStore> make_sweep_store() { return std::make_unique<MemorySweepStore>(); }

}  // namespace runstone::store::memory
