#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/json.h"
#include "base/try.h"
#include "store/sqlite/engine.h"

namespace runstone::store::sqlite {
namespace {

// ?1 and ?2 say whether config and summary are read; without them their pages are not touched.
#define RUNSTONE_RUN_SELECT(config, summary, more)                                             \
  "SELECT r.id,r.project_id,e.name,p.name,r.name,r.display_name,"                              \
  "CASE WHEN " config                                                                          \
  " THEN (SELECT json FROM run_configs WHERE run_id=r.id) ELSE '' END,"                        \
  "CASE WHEN " summary                                                                         \
  " THEN (SELECT json FROM run_summaries WHERE run_id=r.id) ELSE '' END,"                      \
  "r.tags,r.notes,r.description,r.\"group\",r.job_type,r.sweep,r.host,r.program,r.\"commit\"," \
  "r.repo,r.user_id,coalesce(u.name,''),r.state,r.exit_code,r.stop_requested,r.preempting,"    \
  "r.created_at_us,r.updated_at_us,r.heartbeat_at_us,r.finished_at_us,r.history_lines,"        \
  "r.event_lines,r.console_lines,r.gaps,r.last_step,r.keys_through_line,r.fork_of,"            \
  "r.fork_step" more                                                                           \
  " FROM runs r JOIN projects p ON p.id=r.project_id JOIN entities e ON e.id=p.entity_id "     \
  "LEFT JOIN users u ON u.id=r.user_id "
#define RUNSTONE_RUN_COLUMNS RUNSTONE_RUN_SELECT("?1", "?2", "")

std::string to_json(const std::vector<std::string>& tags) {
  List list;
  for (const auto& tag : tags) list.emplace_back(tag);
  return json::to_text(Value(std::move(list)));
}

std::vector<std::string> tags_from(std::string_view text) {
  std::vector<std::string> tags;
  if (text == "[]") return tags;
  const auto parsed = json::parse(text);
  if (!parsed || !parsed->is_list()) return tags;
  for (const Value& tag : *parsed->if_list()) tags.emplace_back(tag.string_or(""));
  return tags;
}

constexpr int kRunColumnCount = 36;

RunInfo read_run(const Query& row) {
  RunInfo run;
  int column = 0;
  const auto text = [&] { return row.text(column++); };
  const auto number = [&] { return row.number(column++); };
  run.id = static_cast<RunId>(number());
  run.project = static_cast<ProjectId>(number());
  run.entity_name = text();
  run.project_name = text();
  run.name = text();
  run.display_name = text();
  run.config_json = text();
  run.summary_json = text();
  run.tags = tags_from(text());
  run.notes = text();
  run.description = text();
  run.group = text();
  run.job_type = text();
  run.sweep = text();
  run.host = text();
  run.program = text();
  run.commit = text();
  run.repo = text();
  if (const auto user = row.optional_number(column++)) run.user = static_cast<UserId>(*user);
  run.user_name = text();
  run.state = static_cast<RunState>(number());
  if (const auto code = row.optional_number(column++)) run.exit_code = static_cast<int>(*code);
  run.stop_requested = number() != 0;
  run.preempting = number() != 0;
  run.created_at_us = number();
  run.updated_at_us = number();
  run.heartbeat_at_us = number();
  run.finished_at_us = row.optional_number(column++);
  run.history_lines = number();
  run.event_lines = number();
  run.console_lines = number();
  run.gaps = number();
  run.last_step = number();
  run.keys_through_line = number();
  if (const auto fork = row.optional_number(column++)) run.fork_of = static_cast<RunId>(*fork);
  run.fork_step = number();
  return run;
}

const char* list_sql(RunOrder order) {
  switch (order) {
    case RunOrder::kCreatedAscending:
      return RUNSTONE_RUN_COLUMNS
          "WHERE r.project_id=?3 AND (?4 IS NULL OR (r.created_at_us,r.id)>(?4,?5)) "
          "ORDER BY r.created_at_us,r.id LIMIT ?6";
    case RunOrder::kCreatedDescending:
      return RUNSTONE_RUN_COLUMNS
          "WHERE r.project_id=?3 AND (?4 IS NULL OR (r.created_at_us,r.id)<(?4,?5)) "
          "ORDER BY r.created_at_us DESC,r.id DESC LIMIT ?6";
    case RunOrder::kHeartbeatDescending:
      break;
  }
  return RUNSTONE_RUN_COLUMNS
      "WHERE r.project_id=?3 AND (?4 IS NULL OR (r.heartbeat_at_us,r.id)<(?4,?5)) "
      "ORDER BY r.heartbeat_at_us DESC,r.id DESC LIMIT ?6";
}

// What each request of a writer changes, apart from the rest: few columns, two of them in indexes.
bool only_counters(const RunUpdate& update) {
  return !update.display_name && !update.notes && !update.description && !update.group &&
         !update.job_type && !update.sweep && !update.host && !update.program && !update.commit &&
         !update.repo && !update.tags && !update.state && !update.exit_code &&
         !update.stop_requested && !update.preempting && !update.updated_at_us &&
         !update.finished_at_us && !update.fork_of && !update.fork_step;
}

}  // namespace

Result<void> SqliteStore::update_run(const RunUpdate& update) {
  if (update.config_json) {
    RUNSTONE_TRY(Query(*db_.writer, "INSERT OR REPLACE INTO run_configs (run_id,json) VALUES (?,?)",
                       update.run, *update.config_json)
                     .run());
  }
  if (update.summary_json) {
    RUNSTONE_TRY(Query(*db_.writer,
                       "INSERT OR REPLACE INTO run_summaries (run_id,json) VALUES (?,?)",
                       update.run, *update.summary_json)
                     .run());
  }
  RUNSTONE_TRY(const auto change, next_change());
  RUNSTONE_TRY(
      Query(*db_.writer,
            "UPDATE runs SET heartbeat_at_us=coalesce(?2,heartbeat_at_us),"
            "history_lines=coalesce(?3,history_lines),event_lines=coalesce(?4,event_lines),"
            "console_lines=coalesce(?5,console_lines),gaps=coalesce(?6,gaps),"
            "last_step=coalesce(?7,last_step),"
            "keys_through_line=coalesce(?8,keys_through_line),change=?9,"
            "config_change=CASE WHEN ?10 THEN ?9 ELSE config_change END,"
            "summary_change=CASE WHEN ?11 THEN ?9 ELSE summary_change END WHERE id=?1",
            update.run, update.heartbeat_at_us, update.history_lines, update.event_lines,
            update.console_lines, update.gaps, update.last_step, update.keys_through_line, change,
            update.config_json.has_value(), update.summary_json.has_value())
          .run());
  if (only_counters(update)) return {};
  const std::optional<std::string> tags =
      update.tags ? std::optional(to_json(*update.tags)) : std::nullopt;
  const auto exit_code = update.exit_code.value_or(std::nullopt);
  const auto finished = update.finished_at_us.value_or(std::nullopt);
  return Query(*db_.writer,
               "UPDATE runs SET display_name=coalesce(?2,display_name),notes=coalesce(?3,notes),"
               "description=coalesce(?4,description),\"group\"=coalesce(?5,\"group\"),"
               "job_type=coalesce(?6,job_type),sweep=coalesce(?7,sweep),host=coalesce(?8,host),"
               "program=coalesce(?9,program),\"commit\"=coalesce(?10,\"commit\"),"
               "repo=coalesce(?11,repo),tags=coalesce(?12,tags),state=coalesce(?13,state),"
               "stop_requested=coalesce(?14,stop_requested),preempting=coalesce(?15,preempting),"
               "updated_at_us=coalesce(?16,updated_at_us),"
               "exit_code=CASE WHEN ?17 THEN ?18 ELSE exit_code END,"
               "finished_at_us=CASE WHEN ?19 THEN ?20 ELSE finished_at_us END,"
               "fork_of=coalesce(?21,fork_of),fork_step=coalesce(?22,fork_step) WHERE id=?1",
               update.run, update.display_name, update.notes, update.description, update.group,
               update.job_type, update.sweep, update.host, update.program, update.commit,
               update.repo, tags, update.state, update.stop_requested, update.preempting,
               update.updated_at_us, update.exit_code.has_value(), exit_code,
               update.finished_at_us.has_value(), finished, update.fork_of, update.fork_step)
      .run();
}

Result<RunInfo> SqliteStore::create_run(const NewRun& run, const RunUpdate& first) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  {
    Query project(*db_.writer, "SELECT 1 FROM projects WHERE id=?", run.project);
    RUNSTONE_TRY(const bool found, project.next());
    if (!found) return missing("project");
  }
  if (run.user) {
    Query user(*db_.writer, "SELECT 1 FROM users WHERE id=?", *run.user);
    RUNSTONE_TRY(const bool found, user.next());
    if (!found) return missing("user");
  }
  auto inserted = Query(*db_.writer,
                        "INSERT INTO runs (project_id,name,display_name,user_id,state,"
                        "created_at_us,updated_at_us,heartbeat_at_us) VALUES (?,?,?,?,?,?,?,?)",
                        run.project, run.name, run.display_name, run.user, run.state,
                        run.created_at_us, run.created_at_us, run.created_at_us)
                      .run();
  if (!inserted && inserted.error().code == ErrorCode::kConflict) return taken("run", run.name);
  RUNSTONE_TRY(std::move(inserted));
  RunUpdate update = first;
  update.run = RunId{db_.writer->last_insert_id()};
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM deleted_names WHERE project_id=? AND name=?",
                     run.project, run.name)
                   .run());
  if (!update.config_json) update.config_json = "{}";
  if (!update.summary_json) update.summary_json = "{}";
  RUNSTONE_TRY(update_run(update));
  RunInfo made;
  {
    Query query(*db_.writer, RUNSTONE_RUN_COLUMNS "WHERE r.id=?3", true, true, update.run);
    RUNSTONE_TRY(made, read_one(query, "run", read_run));
  }
  RUNSTONE_TRY(transaction.commit());
  return made;
}

Result<RunInfo> SqliteStore::find_run(std::string_view entity, std::string_view project,
                                      std::string_view run, RunColumns columns) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_RUN_COLUMNS "WHERE e.name=?3 AND p.name=?4 AND r.name=?5",
              columns.config, columns.summary, entity, project, run);
  return read_one(query, "run", read_run);
}

Result<RunInfo> SqliteStore::get_run(RunId id, RunColumns columns) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_RUN_COLUMNS "WHERE r.id=?3", columns.config, columns.summary, id);
  return read_one(query, "run", read_run);
}

Result<std::vector<RunInfo>> SqliteStore::get_runs(std::span<const RunId> ids,
                                                   RunColumns columns) const {
  const std::string list = json_list(ids);
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_RUN_COLUMNS "WHERE r.id IN (SELECT value FROM json_each(?3))",
              columns.config, columns.summary, list);
  RUNSTONE_TRY(auto found, read_all(query, read_run));
  std::unordered_map<std::int64_t, RunInfo*> by_id;
  for (RunInfo& run : found) by_id[to_number(run.id)] = &run;
  std::vector<RunInfo> ordered;
  ordered.reserve(found.size());
  for (const RunId id : ids) {
    if (const auto place = by_id.find(to_number(id)); place != by_id.end()) {
      ordered.push_back(*place->second);  // copied: an id may be asked for twice
    }
  }
  return ordered;
}

Result<std::vector<RunInfo>> SqliteStore::list_runs(const ListRuns& request) const {
  std::optional<std::int64_t> after_time, after_id;
  if (request.after) {
    after_time = request.after->first;
    after_id = to_number(request.after->second);
  }
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, list_sql(request.order), request.columns.config, request.columns.summary,
              request.project, after_time, after_id, request.limit);
  return read_all(query, read_run);
}

Result<std::int64_t> SqliteStore::count_runs(ProjectId project) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT count(*) FROM runs WHERE project_id=?", project);
  return read_one(query, "count", [](const Query& row) { return row.number(0); });
}

// "sweep<>''" is in both, so that the partial index of sweeps serves them.
Result<std::vector<RunInfo>> SqliteStore::list_sweep_runs(ProjectId project, std::string_view sweep,
                                                          RunColumns columns) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_RUN_COLUMNS
              "WHERE r.project_id=?3 AND r.sweep=?4 AND r.sweep<>'' ORDER BY r.id",
              columns.config, columns.summary, project, sweep);
  return read_all(query, read_run);
}

Result<std::vector<std::pair<std::string, std::int64_t>>> SqliteStore::count_sweep_runs(
    ProjectId project) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT sweep,count(*) FROM runs WHERE project_id=? AND sweep<>'' GROUP BY sweep",
              project);
  return read_all(query, [](const Query& row) { return std::pair(row.text(0), row.number(1)); });
}

Result<std::int64_t> SqliteStore::changed_runs(
    ProjectId project, std::int64_t since, const std::function<void(ChangedRun&&)>& take) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  RUNSTONE_TRY(auto snapshot, Transaction::begin(*reader, /*write=*/false));
  std::int64_t count = 0;
  {
    Query query(*reader, "SELECT count(*) FROM runs WHERE project_id=?", project);
    RUNSTONE_TRY(count, read_one(query, "count", [](const Query& row) { return row.number(0); }));
  }
  {
    Query query(*reader,
                RUNSTONE_RUN_SELECT("r.config_change>?2", "r.summary_change>?2",
                                    ",r.change") "WHERE r.project_id=?1 AND r.change>?2",
                project, since);
    while (true) {
      RUNSTONE_TRY(const bool more, query.next());
      if (!more) break;
      take({read_run(query), query.number(kRunColumnCount)});
    }
  }
  RUNSTONE_TRY(snapshot.commit());
  return count;
}

Result<std::vector<RunId>> SqliteStore::list_run_ids(ProjectId project) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT id FROM runs WHERE project_id=? ORDER BY id", project);
  return read_all(query, [](const Query& row) { return row.id<RunId>(0); });
}

Result<std::vector<RunInfo>> SqliteStore::list_silent_runs(std::int64_t before_us) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_RUN_COLUMNS
              "WHERE r.state IN (0, 1, 6) AND r.heartbeat_at_us<?3 ORDER BY r.id",
              false, false, before_us);
  return read_all(query, read_run);
}

namespace {

// Whole literals: a connection knows its statements by their address.
#define RUNSTONE_DELETE_OF_RUNS(table) \
  "DELETE FROM " table " WHERE run_id IN (SELECT value FROM json_each(?))"
constexpr std::array kDeleteRowsOfRuns = {
    RUNSTONE_DELETE_OF_RUNS("run_configs"),   RUNSTONE_DELETE_OF_RUNS("run_summaries"),
    RUNSTONE_DELETE_OF_RUNS("run_keys"),      RUNSTONE_DELETE_OF_RUNS("run_files"),
    RUNSTONE_DELETE_OF_RUNS("shared_bodies"), RUNSTONE_DELETE_OF_RUNS("tail_chunks"),
    RUNSTONE_DELETE_OF_RUNS("parts"),
};
#undef RUNSTONE_DELETE_OF_RUNS

}  // namespace

Result<void> SqliteStore::delete_runs(const std::vector<DeletedRun>& runs) {
  std::vector<RunId> numbers;
  for (const auto& run : runs) numbers.push_back(run.run);
  const auto ids = json_list(numbers);
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(remember_deleted(ids));
  RUNSTONE_TRY(
      Query(writer, "DELETE FROM runs WHERE id IN (SELECT value FROM json_each(?))", ids).run());
  if (writer.changed_rows() != static_cast<std::int64_t>(runs.size())) return missing("run");
  for (const char* sql : kDeleteRowsOfRuns) RUNSTONE_TRY(Query(writer, sql, ids).run());
  Dict prefixes;
  for (const auto& run : runs) {
    prefixes.set(std::to_string(to_number(run.run)), run.object_prefix);
  }
  RUNSTONE_TRY(Query(writer,
                     "INSERT INTO deleted_runs (run_id,object_prefix) "
                     "SELECT CAST(key AS INTEGER),value FROM json_each(?)",
                     json::to_text(Value(std::move(prefixes))))
                   .run());
  RUNSTONE_TRY(transaction.commit());
  // The pages go back to the disk, not only to the free list.
  return writer.execute("PRAGMA incremental_vacuum");
}

Result<std::vector<DeletedRun>> SqliteStore::list_deleted_runs() const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT run_id,object_prefix FROM deleted_runs ORDER BY run_id");
  return read_all(query, [](const Query& row) {
    return DeletedRun{row.id<RunId>(0), row.text(1)};
  });
}

Result<void> SqliteStore::forget_deleted_runs(const std::vector<RunId>& runs) {
  const std::scoped_lock lock(db_.writer_mutex);
  return Query(*db_.writer,
               "DELETE FROM deleted_runs WHERE run_id IN (SELECT value FROM json_each(?))",
               json_list(runs))
      .run();
}

}  // namespace runstone::store::sqlite
