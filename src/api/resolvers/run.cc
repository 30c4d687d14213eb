#include <algorithm>

#include "api/api_context.h"
#include "api/resolvers/resolvers.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

const store::RunInfo& run_of(const FieldCall& call) { return call.parent<RunNode>().run; }

// Fields that are a column of the run.
template <typename Get>
void column(graphql::Engine& engine, const char* field, Get get) {
  engine.resolve(field, [get](const FieldCall& call) -> Result<Resolved> {
    return Resolved(get(run_of(call)));
  });
}

// config is {"lr": {"value": 0.1}, "_wandb": {"value": {"t": ...}}}; this is the last part of it.
Result<Resolved> wandb_config(const FieldCall& call) {
  Dict chosen;
  RUNSTONE_TRY(const auto config, json::parse(run_of(call).config_json));
  const auto* own = config.get("_wandb");
  const auto* value = own != nullptr ? own->get("value") : nullptr;
  const auto* keys = call.argument("keys");
  if (value != nullptr && keys == nullptr) return Resolved(json::to_text(*value));
  if (value != nullptr) {
    for (const auto& key : *keys->if_list()) {
      const auto name = key.string_or("");
      if (const auto* found = value->get(name)) chosen.set(name, *found);
    }
  }
  return Resolved(json::to_text(chosen));
}

Result<Resolved> project(const FieldCall& call) {
  if (const auto& peers = call.parent<RunNode>().peers) {
    return Resolved(Node::borrow(peers->project()));
  }
  RUNSTONE_TRY(auto project, context_of(call).services.store.get_project(run_of(call).project));
  return Resolved(Node::of(std::move(project)));
}

// A list of runs asks for the names of their users only, and those came with the runs.
Result<Resolved> user(const FieldCall& call) {
  const auto& run = run_of(call);
  if (!run.user) return Resolved();
  bool by_name = true;
  for (const auto* field : {"email", "admin", "apiKeys", "teams", "photoUrl"}) {
    by_name = by_name && !call.selects(field);
  }
  if (by_name) {
    store::User user;
    user.id = *run.user;
    user.name = run.user_name;
    return Resolved(Node::of(std::move(user)));
  }
  RUNSTONE_TRY(const auto* user, context_of(call).accounts.user(*run.user));
  return user ? Resolved(Node::borrow(*user)) : Resolved();
}

double duration_secs(const store::RunInfo& run) {
  const auto end = run.finished_at_us.value_or(run.heartbeat_at_us);
  return static_cast<double>(std::max<std::int64_t>(0, end - run.created_at_us)) / 1e6;
}

void register_names(graphql::Engine& engine) {
  using store::RunInfo;
  column(engine, "Run.id", [](const RunInfo& run) { return make_id("Run", to_number(run.id)); });
  column(engine, "Run.name", [](const RunInfo& run) { return run.name; });
  column(engine, "Run.displayName", [](const RunInfo& run) { return run.display_name; });
  column(engine, "Run.projectId",
         [](const RunInfo& run) { return std::to_string(to_number(run.project)); });
  column(engine, "Run.notes", [](const RunInfo& run) { return text_or_null(run.notes); });
  column(engine, "Run.description",
         [](const RunInfo& run) { return text_or_null(run.description); });
  column(engine, "Run.group", [](const RunInfo& run) { return text_or_null(run.group); });
  column(engine, "Run.jobType", [](const RunInfo& run) { return text_or_null(run.job_type); });
  column(engine, "Run.sweepName", [](const RunInfo& run) { return text_or_null(run.sweep); });
  column(engine, "Run.commit", [](const RunInfo& run) { return text_or_null(run.commit); });
  column(engine, "Run.host", [](const RunInfo& run) { return text_or_null(run.host); });
  column(engine, "Run.program", [](const RunInfo& run) { return text_or_null(run.program); });
  column(engine, "Run.repo", [](const RunInfo& run) { return text_or_null(run.repo); });
  column(engine, "Run.tags",
         [](const RunInfo& run) { return Value(List(run.tags.begin(), run.tags.end())); });
}

void register_state(graphql::Engine& engine) {
  using store::RunInfo;
  column(engine, "Run.state", [](const RunInfo& run) { return store::to_string(run.state); });
  column(engine, "Run.stopped", [](const RunInfo& run) { return run.stop_requested; });
  column(engine, "Run.exitCode",
         [](const RunInfo& run) { return run.exit_code ? Value(*run.exit_code) : Value(); });
  column(engine, "Run.config", [](const RunInfo& run) { return run.config_json; });
  column(engine, "Run.summaryMetrics", [](const RunInfo& run) { return run.summary_json; });
  column(engine, "Run.createdAt", [](const RunInfo& run) { return to_rfc3339(run.created_at_us); });
  column(engine, "Run.updatedAt", [](const RunInfo& run) {
    return to_rfc3339(std::max(run.updated_at_us, run.created_at_us));
  });
  column(engine, "Run.heartbeatAt", [](const RunInfo& run) {
    return to_rfc3339(std::max(run.heartbeat_at_us, run.created_at_us));
  });
  column(engine, "Run.durationSecs", duration_secs);
  column(engine, "Run.eventsLineCount", [](const RunInfo& run) { return run.event_lines; });
  column(engine, "Run.logLineCount", [](const RunInfo& run) { return run.console_lines; });
}

}  // namespace

void register_run(graphql::Engine& engine) {
  register_names(engine);
  register_state(engine);
  engine.resolve("Run.historyLineCount", [](const FieldCall& call) -> Result<Resolved> {
    const auto& node = call.parent<RunNode>();
    if (node.of_upsert) return Resolved(0);
    // A client that resumes looks for the last row only where lines are. A fork has rows, but no
    // lines of its own at first: the one told here is left out, and ingest() does not miss it.
    const bool only_inherited =
        node.run.fork_of && node.run.history_lines == 0 && node.run.last_step >= 0;
    return Resolved(only_inherited ? std::int64_t{1} : node.run.history_lines);
  });
  engine.resolve("Run.readOnly", [](const FieldCall& call) -> Result<Resolved> {
    const auto may_write = require(context_of(call), auth::Action::kWrite, place_of(run_of(call)));
    return Resolved(!may_write.has_value());
  });
  engine.resolve("Run.wandbConfig", wandb_config);
  engine.resolve("Run.project", project);
  engine.resolve("Run.user", user);
}

}  // namespace runstone::api
