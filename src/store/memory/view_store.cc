#include "store/view_store.h"

#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

class MemoryViewStore final : public ViewStore {};

}  // namespace

std::unique_ptr<ViewStore> make_view_store() { return std::make_unique<MemoryViewStore>(); }

}  // namespace runstone::store::memory
