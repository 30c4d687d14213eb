#include "store/account_store.h"

#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kAccountSchema[] = R"sql(
)sql";

namespace {

class SqliteAccountStore final : public AccountStore {
 public:
  explicit SqliteAccountStore(Database& db) : db_(db) {}

 private:
  [[maybe_unused]] Database& db_;
};

}  // namespace

std::unique_ptr<AccountStore> make_account_store(Database& db) {
  return std::make_unique<SqliteAccountStore>(db);
}

}  // namespace runstone::store::sqlite
