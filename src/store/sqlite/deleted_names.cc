#include "base/try.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

// Names of runs that were deleted: their writers may not know it yet.
const char kDeletedNameSchema[] = R"sql(
CREATE TABLE deleted_names (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, name TEXT NOT NULL,
  UNIQUE (project_id, name));
)sql";

/// `runs` is a list of ids as JSON.
Result<void> SqliteStore::remember_deleted(std::string_view runs) {
  RUNSTONE_TRY(Query(*db_.writer,
                     "INSERT OR REPLACE INTO deleted_names (project_id,name) "
                     "SELECT project_id,name FROM runs "
                     "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                     runs)
                   .run());
  // The last ones are enough: a writer hears of it with its next request.
  return Query(*db_.writer,
               "DELETE FROM deleted_names WHERE id<=(SELECT max(id) FROM deleted_names)-100000")
      .run();
}

Result<bool> SqliteStore::was_run_deleted(std::string_view entity, std::string_view project,
                                          std::string_view run) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT 1 FROM entities e JOIN projects p ON p.entity_id=e.id "
              "JOIN deleted_names d ON d.project_id=p.id "
              "WHERE e.name=? AND p.name=? AND d.name=?",
              entity, project, run);
  return query.next();
}

}  // namespace runstone::store::sqlite
