#include "store/alert_store.h"

#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kAlertSchema[] = R"sql(
)sql";

namespace {

class SqliteAlertStore final : public AlertStore {
 public:
  explicit SqliteAlertStore(Database& db) : db_(db) {}

 private:
  [[maybe_unused]] Database& db_;
};

}  // namespace

std::unique_ptr<AlertStore> make_alert_store(Database& db) {
  return std::make_unique<SqliteAlertStore>(db);
}

}  // namespace runstone::store::sqlite
