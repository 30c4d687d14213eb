#include "store/view_store.h"

#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kViewSchema[] = R"sql(
)sql";

namespace {

class SqliteViewStore final : public ViewStore {
 public:
  explicit SqliteViewStore(Database& db) : db_(db) {}

 private:
  [[maybe_unused]] Database& db_;
};

}  // namespace

std::unique_ptr<ViewStore> make_view_store(Database& db) {
  return std::make_unique<SqliteViewStore>(db);
}

}  // namespace runstone::store::sqlite
