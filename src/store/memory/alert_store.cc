#include "store/alert_store.h"

#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

class MemoryAlertStore final : public AlertStore {};

}  // namespace

std::unique_ptr<AlertStore> make_alert_store() { return std::make_unique<MemoryAlertStore>(); }

}  // namespace runstone::store::memory
