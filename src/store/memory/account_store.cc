#include "store/account_store.h"

#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

class MemoryAccountStore final : public AccountStore {};

}  // namespace

std::unique_ptr<AccountStore> make_account_store() {
  return std::make_unique<MemoryAccountStore>();
}

}  // namespace runstone::store::memory
