#include "base/json.h"
#include "base/try.h"
#include "store/sqlite/engine.h"

namespace runstone::store::sqlite {

// The last change of a run's row, of its config, of its summary, numbered over all runs: what a
// cache of a project asks for is a range of an index.
const char kRunChangeSchema[] = R"sql(
ALTER TABLE runs ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN config_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN summary_change INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET change=id, config_change=id, summary_change=id;
CREATE INDEX runs_by_change ON runs (project_id, change);
)sql";

std::string json_list(std::span<const RunId> ids) {
  std::string list = "[";
  for (const RunId id : ids) {
    if (list.size() > 1) list += ',';
    json::append_int(list, to_number(id));
  }
  list += ']';
  return list;
}

// Only this process writes runs (the data folder is locked), one transaction at a time: numbers
// become visible in the order in which they are given.
Result<std::int64_t> SqliteStore::next_change() {
  if (last_change_ < 0) {
    Query query(*db_.writer,
                "SELECT coalesce(max((SELECT max(change) FROM runs WHERE project_id=p.id)),0) "
                "FROM projects p");
    RUNSTONE_TRY(last_change_,
                 read_one(query, "change", [](const Query& row) { return row.number(0); }));
  }
  return ++last_change_;
}

Result<void> SqliteStore::move_runs(const std::vector<RunId>& runs, ProjectId project,
                                    std::int64_t now_us) {
  const auto ids = json_list(runs);
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  {
    Query found(*db_.writer, "SELECT 1 FROM projects WHERE id=?", project);
    RUNSTONE_TRY(const bool there, found.next());
    if (!there) return missing("project");
  }
  {
    Query same(*db_.writer,
               "SELECT r.name FROM runs r JOIN runs o ON o.project_id=?2 AND o.name=r.name AND "
               "o.id<>r.id WHERE r.id IN (SELECT value FROM json_each(?1)) LIMIT 1",
               ids, project);
    RUNSTONE_TRY(const bool there, same.next());
    if (there) return taken("run", same.text(0));
  }
  RUNSTONE_TRY(const auto change, next_change());
  auto moved = Query(*db_.writer,
                     "UPDATE runs SET project_id=?2,updated_at_us=CASE WHEN project_id=?2 THEN "
                     "updated_at_us ELSE ?3 END,change=?4,config_change=?4,summary_change=?4 "
                     "WHERE id IN (SELECT value FROM json_each(?1))",
                     ids, project, now_us, change)
                   .run();
  if (!moved && moved.error().code == ErrorCode::kConflict) {
    return fail(ErrorCode::kConflict, "two of the runs have the same name");
  }
  RUNSTONE_TRY(std::move(moved));
  if (db_.writer->changed_rows() != static_cast<std::int64_t>(runs.size())) return missing("run");
  return transaction.commit();
}

}  // namespace runstone::store::sqlite
