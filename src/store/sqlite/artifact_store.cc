#include "store/artifact_store.h"

#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kArtifactSchema[] = R"sql(
)sql";

namespace {

class SqliteArtifactStore final : public ArtifactStore {
 public:
  explicit SqliteArtifactStore(Database& db) : db_(db) {}

 private:
  [[maybe_unused]] Database& db_;
};

}  // namespace

std::unique_ptr<ArtifactStore> make_artifact_store(Database& db) {
  return std::make_unique<SqliteArtifactStore>(db);
}

}  // namespace runstone::store::sqlite
