#include "store/sweep_store.h"

#include "base/try.h"
#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kSweepSchema[] = R"sql(
CREATE TABLE sweeps (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, name TEXT NOT NULL,
  display_name TEXT NOT NULL, description TEXT NOT NULL, state INTEGER NOT NULL,
  method TEXT NOT NULL, config_yaml TEXT NOT NULL, controller_json TEXT NOT NULL,
  scheduler_json TEXT NOT NULL, runs_expected INTEGER, best_loss REAL, seed INTEGER NOT NULL,
  suggestions INTEGER NOT NULL, user_id INTEGER, created_at_us INTEGER NOT NULL,
  updated_at_us INTEGER NOT NULL, heartbeat_at_us INTEGER NOT NULL, UNIQUE (project_id, name));
CREATE TABLE sweep_agents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, sweep_id INTEGER NOT NULL, name TEXT NOT NULL,
  host TEXT NOT NULL, user_id INTEGER, created_at_us INTEGER NOT NULL,
  heartbeat_at_us INTEGER NOT NULL, UNIQUE (sweep_id, name));
-- The runs that agents were given; which runs a sweep has is said by runs.sweep.
CREATE TABLE sweep_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, sweep_id INTEGER NOT NULL, run TEXT NOT NULL,
  agent_id INTEGER NOT NULL, args_json TEXT NOT NULL, deliveries INTEGER NOT NULL,
  seen INTEGER NOT NULL, stop_sent INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
  UNIQUE (sweep_id, run));
CREATE INDEX sweep_runs_of_agent ON sweep_runs (agent_id);
CREATE INDEX runs_of_sweep ON runs (project_id, sweep) WHERE sweep<>'';
CREATE TRIGGER sweeps_of_project AFTER DELETE ON projects BEGIN
  DELETE FROM sweep_runs WHERE sweep_id IN (SELECT id FROM sweeps WHERE project_id=old.id);
  DELETE FROM sweep_agents WHERE sweep_id IN (SELECT id FROM sweeps WHERE project_id=old.id);
  DELETE FROM sweeps WHERE project_id=old.id;
END;
)sql";

namespace {

#define RUNSTONE_SWEEP_COLUMNS                                                             \
  "SELECT s.id,s.project_id,e.name,p.name,s.name,s.display_name,s.description,s.state,"    \
  "s.method,s.config_yaml,s.controller_json,s.scheduler_json,s.runs_expected,s.best_loss," \
  "s.seed,s.suggestions,s.user_id,s.created_at_us,s.updated_at_us,s.heartbeat_at_us "      \
  "FROM sweeps s JOIN projects p ON p.id=s.project_id JOIN entities e ON e.id=p.entity_id "

#define RUNSTONE_AGENT_COLUMNS                                                        \
  "SELECT a.id,a.sweep_id,a.name,a.host,a.user_id,a.created_at_us,a.heartbeat_at_us," \
  "(SELECT count(*) FROM sweep_runs r WHERE r.agent_id=a.id) FROM sweep_agents a "

std::optional<UserId> user_at(const Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.id<UserId>(column);
}

Sweep read_sweep(const Query& row) {
  Sweep sweep;
  int column = 0;
  const auto text = [&] { return row.text(column++); };
  const auto number = [&] { return row.number(column++); };
  sweep.id = static_cast<SweepId>(number());
  sweep.project = static_cast<ProjectId>(number());
  sweep.entity_name = text();
  sweep.project_name = text();
  sweep.name = text();
  sweep.display_name = text();
  sweep.description = text();
  sweep.state = static_cast<SweepState>(number());
  sweep.method = text();
  sweep.config_yaml = text();
  sweep.controller_json = text();
  sweep.scheduler_json = text();
  sweep.runs_expected = row.optional_number(column++);
  sweep.best_loss = row.optional_real(column++);
  sweep.seed = number();
  sweep.suggestions = number();
  sweep.user = user_at(row, column++);
  sweep.created_at_us = number();
  sweep.updated_at_us = number();
  sweep.heartbeat_at_us = number();
  return sweep;
}

SweepAgent read_agent(const Query& row) {
  SweepAgent agent;
  agent.id = row.id<SweepAgentId>(0);
  agent.sweep = row.id<SweepId>(1);
  agent.name = row.text(2);
  agent.host = row.text(3);
  agent.user = user_at(row, 4);
  agent.created_at_us = row.number(5);
  agent.heartbeat_at_us = row.number(6);
  agent.run_count = row.number(7);
  return agent;
}

SweepRun read_given(const Query& row) {
  SweepRun run;
  run.sweep = row.id<SweepId>(0);
  run.run = row.text(1);
  run.agent = row.id<SweepAgentId>(2);
  run.args_json = row.text(3);
  run.deliveries = row.number(4);
  run.seen = row.number(5) != 0;
  run.stop_sent = row.number(6) != 0;
  run.created_at_us = row.number(7);
  return run;
}

// On the writer, inside the caller's transaction.
Result<void> apply(Connection& writer, const SweepUpdate& update) {
  Query query(writer,
              "UPDATE sweeps SET display_name=coalesce(?2,display_name),"
              "description=coalesce(?3,description),method=coalesce(?4,method),"
              "config_yaml=coalesce(?5,config_yaml),controller_json=coalesce(?6,controller_json),"
              "scheduler_json=coalesce(?7,scheduler_json),state=coalesce(?8,state),"
              "runs_expected=CASE WHEN ?9 THEN ?10 ELSE runs_expected END,"
              "best_loss=CASE WHEN ?11 THEN ?12 ELSE best_loss END,"
              "suggestions=coalesce(?13,suggestions),updated_at_us=coalesce(?14,updated_at_us),"
              "heartbeat_at_us=coalesce(?15,heartbeat_at_us) WHERE id=?1",
              update.sweep, update.display_name, update.description, update.method,
              update.config_yaml, update.controller_json, update.scheduler_json, update.state,
              update.runs_expected.has_value(),
              update.runs_expected.value_or(std::optional<std::int64_t>()),
              update.best_loss.has_value(), update.best_loss.value_or(std::optional<double>()),
              update.suggestions, update.updated_at_us, update.heartbeat_at_us);
  RUNSTONE_TRY(query.run());
  if (writer.changed_rows() == 0) return missing("sweep");
  return {};
}

class SqliteSweepStore final : public SweepStore {
 public:
  explicit SqliteSweepStore(Database& db) : db_(db) {}

  Result<Sweep> create_sweep(const Sweep& sweep) override {
    std::int64_t id = 0;
    {
      const std::scoped_lock lock(db_.writer_mutex);
      Query query(*db_.writer,
                  "INSERT INTO sweeps (project_id,name,display_name,description,state,method,"
                  "config_yaml,controller_json,scheduler_json,runs_expected,best_loss,seed,"
                  "suggestions,user_id,created_at_us,updated_at_us,heartbeat_at_us) "
                  "SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17 "
                  "WHERE EXISTS (SELECT 1 FROM projects WHERE id=?1) ON CONFLICT DO NOTHING",
                  sweep.project, sweep.name, sweep.display_name, sweep.description, sweep.state,
                  sweep.method, sweep.config_yaml, sweep.controller_json, sweep.scheduler_json,
                  sweep.runs_expected, sweep.best_loss, sweep.seed, sweep.suggestions, sweep.user,
                  sweep.created_at_us, sweep.updated_at_us, sweep.heartbeat_at_us);
      RUNSTONE_TRY(query.run());
      if (db_.writer->changed_rows() == 0) {
        Query project(*db_.writer, "SELECT 1 FROM projects WHERE id=?", sweep.project);
        RUNSTONE_TRY(const bool there, project.next());
        return there ? taken("sweep", sweep.name) : missing("project");
      }
      id = db_.writer->last_insert_id();
    }
    return get_sweep(SweepId{id});
  }
  Result<Sweep> get_sweep(SweepId id) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, RUNSTONE_SWEEP_COLUMNS "WHERE s.id=?", id);
    return read_one(query, "sweep", read_sweep);
  }
  Result<Sweep> find_sweep(ProjectId project, std::string_view name) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, RUNSTONE_SWEEP_COLUMNS "WHERE s.project_id=? AND s.name=?", project, name);
    return read_one(query, "sweep", read_sweep);
  }
  Result<std::vector<Sweep>> list_sweeps(ProjectId project, SweepId before,
                                         std::int64_t limit) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader,
                RUNSTONE_SWEEP_COLUMNS
                "WHERE s.project_id=?1 AND (?2=0 OR s.id<?2) ORDER BY s.id DESC LIMIT ?3",
                project, before, limit);
    return read_all(query, read_sweep);
  }
  Result<std::int64_t> count_sweeps(ProjectId project) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, "SELECT count(*) FROM sweeps WHERE project_id=?", project);
    return read_one(query, "count", [](const Query& row) { return row.number(0); });
  }
  Result<void> update_sweep(const SweepUpdate& update) override {
    const std::scoped_lock lock(db_.writer_mutex);
    return apply(*db_.writer, update);
  }
  Result<void> delete_sweep(SweepId id) override {
    const std::scoped_lock lock(db_.writer_mutex);
    RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
    RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM sweeps WHERE id=?", id).run());
    if (db_.writer->changed_rows() == 0) return missing("sweep");
    RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM sweep_agents WHERE sweep_id=?", id).run());
    RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM sweep_runs WHERE sweep_id=?", id).run());
    return transaction.commit();
  }

  Result<SweepAgent> create_agent(const SweepAgent& agent) override {
    std::int64_t id = 0;
    {
      const std::scoped_lock lock(db_.writer_mutex);
      Query query(*db_.writer,
                  "INSERT INTO sweep_agents (sweep_id,name,host,user_id,created_at_us,"
                  "heartbeat_at_us) SELECT ?1,?2,?3,?4,?5,?6 "
                  "WHERE EXISTS (SELECT 1 FROM sweeps WHERE id=?1) ON CONFLICT DO NOTHING",
                  agent.sweep, agent.name, agent.host, agent.user, agent.created_at_us,
                  agent.heartbeat_at_us);
      RUNSTONE_TRY(query.run());
      if (db_.writer->changed_rows() == 0) {
        Query sweep(*db_.writer, "SELECT 1 FROM sweeps WHERE id=?", agent.sweep);
        RUNSTONE_TRY(const bool there, sweep.next());
        return there ? taken("agent", agent.name) : missing("sweep");
      }
      id = db_.writer->last_insert_id();
    }
    return get_agent(SweepAgentId{id});
  }
  Result<SweepAgent> get_agent(SweepAgentId id) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, RUNSTONE_AGENT_COLUMNS "WHERE a.id=?", id);
    return read_one(query, "agent", read_agent);
  }
  Result<SweepAgent> find_agent(SweepId sweep, std::string_view name) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, RUNSTONE_AGENT_COLUMNS "WHERE a.sweep_id=? AND a.name=?", sweep, name);
    return read_one(query, "agent", read_agent);
  }
  Result<std::vector<SweepAgent>> list_agents(SweepId sweep) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader, RUNSTONE_AGENT_COLUMNS "WHERE a.sweep_id=? ORDER BY a.id", sweep);
    return read_all(query, read_agent);
  }
  Result<void> record_heartbeat(SweepAgentId agent, const SweepUpdate& update,
                                const std::vector<SweepRun>& put_runs) override {
    const std::scoped_lock lock(db_.writer_mutex);
    RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
    RUNSTONE_TRY(apply(*db_.writer, update));
    RUNSTONE_TRY(Query(*db_.writer,
                       "UPDATE sweep_agents SET heartbeat_at_us=coalesce(?2,"
                       "heartbeat_at_us) WHERE id=?1",
                       agent, update.heartbeat_at_us)
                     .run());
    if (db_.writer->changed_rows() == 0) return missing("agent");
    for (const auto& run : put_runs) {
      Query query(*db_.writer,
                  "INSERT INTO sweep_runs (sweep_id,run,agent_id,args_json,deliveries,seen,"
                  "stop_sent,created_at_us) VALUES (?1,?2,?3,?4,?5,?6,?7,?8) "
                  "ON CONFLICT (sweep_id,run) DO UPDATE SET agent_id=?3,args_json=?4,"
                  "deliveries=?5,seen=?6,stop_sent=?7",
                  run.sweep, run.run, run.agent, run.args_json, run.deliveries, run.seen,
                  run.stop_sent, run.created_at_us);
      RUNSTONE_TRY(query.run());
    }
    return transaction.commit();
  }
  Result<std::vector<SweepRun>> list_given_runs(SweepId sweep) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader,
                "SELECT sweep_id,run,agent_id,args_json,deliveries,seen,stop_sent,created_at_us "
                "FROM sweep_runs WHERE sweep_id=? ORDER BY id",
                sweep);
    return read_all(query, read_given);
  }

 private:
  Database& db_;
};

}  // namespace

std::unique_ptr<SweepStore> make_sweep_store(Database& db) {
  return std::make_unique<SqliteSweepStore>(db);
}

}  // namespace runstone::store::sqlite
