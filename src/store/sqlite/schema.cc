#include "store/sqlite/schema.h"

#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/try.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {
namespace {

constexpr const char* kFirst = R"sql(
CREATE TABLE users (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, email TEXT NOT NULL,
  display_name TEXT NOT NULL, admin INTEGER NOT NULL, created_at_us INTEGER NOT NULL);
CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  description TEXT NOT NULL, created_at_us INTEGER NOT NULL);
CREATE INDEX api_keys_of_user ON api_keys (user_id);
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY, user_id INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
  expires_at_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE signin_tokens (
  hash TEXT PRIMARY KEY, user_id INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
  expires_at_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE entities (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, user_id INTEGER,
  created_at_us INTEGER NOT NULL);
CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT, entity_id INTEGER NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '', created_at_us INTEGER NOT NULL,
  UNIQUE (entity_id, name));
-- Ids are not used again, since the objects of a deleted run may still be there.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, name TEXT NOT NULL,
  display_name TEXT NOT NULL, user_id INTEGER, state INTEGER NOT NULL, exit_code INTEGER,
  stop_requested INTEGER NOT NULL DEFAULT 0, preempting INTEGER NOT NULL DEFAULT 0,
  created_at_us INTEGER NOT NULL, updated_at_us INTEGER NOT NULL, heartbeat_at_us INTEGER NOT NULL,
  finished_at_us INTEGER, history_lines INTEGER NOT NULL DEFAULT 0,
  event_lines INTEGER NOT NULL DEFAULT 0, console_lines INTEGER NOT NULL DEFAULT 0,
  gaps INTEGER NOT NULL DEFAULT 0, last_step INTEGER NOT NULL DEFAULT -1,
  keys_through_line INTEGER NOT NULL DEFAULT 0, "group" TEXT NOT NULL DEFAULT '',
  job_type TEXT NOT NULL DEFAULT '', sweep TEXT NOT NULL DEFAULT '',
  host TEXT NOT NULL DEFAULT '', program TEXT NOT NULL DEFAULT '',
  "commit" TEXT NOT NULL DEFAULT '', repo TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '[]', description TEXT NOT NULL DEFAULT '',
  notes TEXT NOT NULL DEFAULT '', UNIQUE (project_id, name));
CREATE INDEX runs_by_created ON runs (project_id, created_at_us, id);
CREATE INDEX runs_by_heartbeat ON runs (project_id, heartbeat_at_us, id);
-- Pending, running, preempting: who must be looked at for silence.
CREATE INDEX runs_live ON runs (heartbeat_at_us) WHERE state IN (0, 1, 6);
-- Apart from runs: they may be large, and a counter's update would write them anew.
CREATE TABLE run_configs (run_id INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE run_summaries (run_id INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE run_keys (
  run_id INTEGER NOT NULL, name TEXT NOT NULL, numbers INTEGER NOT NULL, strings INTEGER NOT NULL,
  bools INTEGER NOT NULL, media INTEGER NOT NULL, others INTEGER NOT NULL,
  last_step INTEGER NOT NULL, PRIMARY KEY (run_id, name)) WITHOUT ROWID;
CREATE TABLE run_files (
  run_id INTEGER NOT NULL, name TEXT NOT NULL, object_key TEXT NOT NULL,
  size_bytes INTEGER NOT NULL, md5_base64 TEXT NOT NULL, mimetype TEXT NOT NULL,
  updated_at_us INTEGER NOT NULL, PRIMARY KEY (run_id, name)) WITHOUT ROWID;
-- The blob is last, so that the other columns are read without its overflow pages.
CREATE TABLE tail_chunks (
  run_id INTEGER NOT NULL, stream INTEGER NOT NULL, first_line INTEGER NOT NULL,
  line_count INTEGER NOT NULL, first_step INTEGER NOT NULL, last_step INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (run_id, stream, first_line));
CREATE TABLE parts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, stream INTEGER NOT NULL,
  object_key TEXT NOT NULL, overview_key TEXT NOT NULL, size_bytes INTEGER NOT NULL,
  row_count INTEGER NOT NULL, line_count INTEGER NOT NULL, first_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL, first_step INTEGER NOT NULL, last_step INTEGER NOT NULL,
  created_at_us INTEGER NOT NULL, overview BLOB NOT NULL, bytes BLOB NOT NULL);
CREATE INDEX parts_of_run ON parts (run_id, stream, first_line);
CREATE TABLE deleted_runs (run_id INTEGER PRIMARY KEY, object_prefix TEXT NOT NULL);
)sql";

// Each entry leads from the version before it to the next, by statements of one or more subjects;
// entries are never changed once released, only added. docs/format/store.md explains the tables.
const std::vector<std::vector<const char*>>& migrations() {
  static const std::vector<std::vector<const char*>> all = {
      {kFirst},
      {kRunChangeSchema, kRunSchema, kAccountSchema, kArtifactSchema, kSweepSchema, kAlertSchema,
       kViewSchema},
      {kDeletedNameSchema},
      {kRegistrySchema},
  };
  return all;
}

Result<std::int64_t> read_version(Connection& connection) {
  Query query(connection, "PRAGMA user_version");
  RUNSTONE_TRY(query.next());
  return query.number(0);
}

// A copy as of one moment, whole even while others read. A half copy of a start that was killed is
// of no use: the database is still of the old version then, so it is made anew.
Result<void> back_up(Connection& connection, const std::string& file, std::int64_t version) {
  const std::string copy = file + ".v" + std::to_string(version) + "-backup";
  std::error_code ignored;  // if it cannot go, the next statement says why
  std::filesystem::remove(copy, ignored);
  log_info("store: copying the database to " + copy + " before it is migrated");
  return Query(connection, "VACUUM INTO ?", copy).run();
}

}  // namespace

int newest_schema_version() { return static_cast<int>(migrations().size()); }

Result<void> check_version(Connection& connection) {
  RUNSTONE_TRY(const std::int64_t found, read_version(connection));
  if (found == newest_schema_version()) return {};
  return fail(ErrorCode::kFailedPrecondition,
              "the running server's database has schema version " + std::to_string(found) +
                  ", this Runstone works with " + std::to_string(newest_schema_version()) +
                  ": use the same version as the server");
}

Result<void> migrate(Connection& connection, const std::string& file, int to_version) {
  RUNSTONE_TRY(const std::int64_t found, read_version(connection));
  if (found > newest_schema_version()) {
    return fail(ErrorCode::kFailedPrecondition,
                "the database has schema version " + std::to_string(found) +
                    "; this Runstone knows " + std::to_string(newest_schema_version()) +
                    ": use a newer one");
  }
  if (found > 0 && found < to_version) RUNSTONE_TRY(back_up(connection, file, found));
  for (auto version = found; version < to_version; ++version) {
    RUNSTONE_TRY(auto transaction, Transaction::begin(connection));
    for (const auto* statements : migrations()[static_cast<std::size_t>(version)]) {
      RUNSTONE_TRY(connection.execute(statements));
    }
    const std::string mark = "PRAGMA user_version=" + std::to_string(version + 1);
    RUNSTONE_TRY(connection.execute(mark.c_str()));
    RUNSTONE_TRY(transaction.commit());
  }
  return {};
}

}  // namespace runstone::store::sqlite
