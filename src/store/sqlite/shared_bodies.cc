#include "base/try.h"
#include "store/sqlite/engine.h"

namespace runstone::store::sqlite {

// Forks and shared mode: whose history a run began with, and what its writers sent last.
const char kRunSchema[] = R"sql(
ALTER TABLE runs ADD COLUMN fork_of INTEGER;
ALTER TABLE runs ADD COLUMN fork_step INTEGER NOT NULL DEFAULT -1;
CREATE TABLE shared_bodies (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, writer TEXT NOT NULL,
  hash TEXT NOT NULL, UNIQUE (run_id, writer, hash));
)sql";

Result<std::vector<SharedBody>> SqliteStore::shared_bodies(RunId run) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT run_id,writer,hash FROM shared_bodies WHERE run_id=? ORDER BY id",
              run);
  return read_all(query, [](const Query& row) {
    return SharedBody{row.id<RunId>(0), row.text(1), row.text(2)};
  });
}

}  // namespace runstone::store::sqlite
