#include "store/apply_update.h"

namespace runstone::store {
namespace {

template <typename Field, typename Change>
void set(Field& field, const Change& change) {
  if (change) field = *change;
}

}  // namespace

void apply_update(RunInfo& run, const RunUpdate& update) {
  set(run.display_name, update.display_name);
  set(run.config_json, update.config_json);
  set(run.summary_json, update.summary_json);
  set(run.notes, update.notes);
  set(run.description, update.description);
  set(run.group, update.group);
  set(run.job_type, update.job_type);
  set(run.sweep, update.sweep);
  set(run.host, update.host);
  set(run.program, update.program);
  set(run.commit, update.commit);
  set(run.repo, update.repo);
  set(run.tags, update.tags);
  set(run.state, update.state);
  set(run.exit_code, update.exit_code);
  set(run.stop_requested, update.stop_requested);
  set(run.preempting, update.preempting);
  set(run.updated_at_us, update.updated_at_us);
  set(run.heartbeat_at_us, update.heartbeat_at_us);
  set(run.finished_at_us, update.finished_at_us);
  set(run.history_lines, update.history_lines);
  set(run.event_lines, update.event_lines);
  set(run.console_lines, update.console_lines);
  set(run.gaps, update.gaps);
  set(run.last_step, update.last_step);
  set(run.keys_through_line, update.keys_through_line);
  set(run.fork_of, update.fork_of);
  set(run.fork_step, update.fork_step);
}

}  // namespace runstone::store
