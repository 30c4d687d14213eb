#include <charconv>
#include <map>

#include "api/api_context.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "api/resolvers/sweep_nodes.h"
#include "base/json.h"
#include "base/try.h"
#include "sweeps/agents.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

constexpr std::int64_t kSweepsMax = 1000;  // of a page; a client that names none gets so many

const store::Sweep& sweep_of(const FieldCall& call) { return call.parent<SweepNode>().sweep; }
const store::SweepAgent& agent_of(const FieldCall& call) { return call.parent<AgentNode>().agent; }

// Run counts come for all sweeps of the project with one statement.
Result<std::map<std::string, std::int64_t>> run_counts(const FieldCall& call,
                                                       store::ProjectId project, bool wanted) {
  std::map<std::string, std::int64_t> counts;
  if (!wanted) return counts;
  RUNSTONE_TRY(auto pairs, context_of(call).services.store.count_sweep_runs(project));
  for (auto& [sweep, count] : pairs) counts[std::move(sweep)] = count;
  return counts;
}

Result<Resolved> one_sweep(const FieldCall& call, store::Sweep sweep) {
  RUNSTONE_TRY(sweep, context_of(call).services.sweeps.settled(std::move(sweep)));
  RUNSTONE_TRY(const auto counts, run_counts(call, sweep.project, call.selects("runCount")));
  const auto count = counts.find(sweep.name);
  return Resolved(Node::of(SweepNode{std::move(sweep), count == counts.end() ? 0 : count->second}));
}

Result<Resolved> project_sweep(const FieldCall& call) {
  const auto& project = call.parent<store::Project>();
  auto found =
      context_of(call).services.store.sweeps().find_sweep(project.id, call.text("sweepName"));
  RUNSTONE_TRY(auto sweep, if_found(std::move(found)));
  return sweep ? one_sweep(call, *std::move(sweep)) : Resolved();
}

Result<store::SweepId> sweep_after(std::string_view cursor) {
  std::int64_t number = 0;
  const char* end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(cursor.data(), end, number);
  if (error == std::errc() && stop == end && number > 0) return store::SweepId{number};
  if (cursor.empty()) return store::SweepId{};
  return fail(ErrorCode::kInvalidArgument, "no such cursor: '" + std::string(cursor) + "'");
}

Result<Resolved> project_sweeps(const FieldCall& call) {
  const auto& project = call.parent<store::Project>();
  const auto filters = call.text("filters");
  if (!filters.empty() && filters != "{}") {
    return fail(ErrorCode::kNotImplemented,
                "sweeps: filters are not taken; list all and choose among them");
  }
  RUNSTONE_TRY(const auto before, sweep_after(call.text("after")));
  const auto limit = std::clamp<std::int64_t>(call.integer("first", kSweepsMax), 0, kSweepsMax);
  RUNSTONE_TRY(auto sweeps,
               context_of(call).services.store.sweeps().list_sweeps(project.id, before, limit + 1));
  RUNSTONE_TRY(auto counts, run_counts(call, project.id, call.selects("edges.node.runCount")));
  Connection connection;
  connection.has_next = sweeps.size() > static_cast<std::size_t>(limit);
  if (connection.has_next) sweeps.resize(static_cast<std::size_t>(limit));
  for (auto& sweep : sweeps) {
    const auto cursor = std::to_string(to_number(sweep.id));
    const auto count = counts[sweep.name];
    connection.add(Node::of(SweepNode{std::move(sweep), count}), cursor);
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> total_sweeps(const FieldCall& call) {
  RUNSTONE_TRY(const auto count, context_of(call).services.store.sweeps().count_sweeps(
                                     call.parent<store::Project>().id));
  return Resolved(count);
}

// A page of runs of the sweep's project that pass `own` and what the client asks for.
Result<Resolved> runs_that(const FieldCall& call, store::ProjectId project, Value own) {
  const auto theirs = call.arguments().find("filters") != nullptr ? call.text("filters") : "";
  if (!theirs.empty() && theirs != "{}") {
    RUNSTONE_TRY(auto parsed, json::parse(theirs));
    own = Dict{{"$and", List{std::move(own), std::move(parsed)}}};
  }
  query::RunListRequest request;
  request.project = project;
  request.filters = json::to_text(own);
  request.order = std::string(call.text("order", "+created_at"));
  request.first = call.integer("first", -1);
  request.after = std::string(call.text("after"));
  RUNSTONE_TRY(auto page, context_of(call).services.query.runs(request));
  Connection connection;
  connection.has_next = page.has_next;
  for (auto& item : page.items) {
    connection.add(Node::of(RunNode{std::move(item.run)}), std::move(item.cursor));
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> sweep_runs(const FieldCall& call) {
  const auto& sweep = sweep_of(call);
  return runs_that(call, sweep.project, Dict{{"sweep", sweep.name}});
}

Result<Resolved> agent_runs(const FieldCall& call) {
  const auto& store = context_of(call).services.store;
  const auto& agent = agent_of(call);
  RUNSTONE_TRY(const auto given, store.sweeps().list_given_runs(agent.sweep));
  List names;
  for (const auto& run : given) {
    if (run.agent == agent.id) names.emplace_back(run.run);
  }
  return runs_that(call, call.parent<AgentNode>().project,
                   Dict{{"name", Dict{{"$in", std::move(names)}}}});
}

// Agents -----------------------------------------------------------------------------------------

Result<Resolved> sweep_agents(const FieldCall& call) {
  const auto& sweep = sweep_of(call);
  RUNSTONE_TRY(auto agents, context_of(call).services.store.sweeps().list_agents(sweep.id));
  RUNSTONE_TRY(const auto after, sweep_after(call.text("after")));
  const auto limit = static_cast<std::size_t>(
      std::clamp<std::int64_t>(call.integer("first", kSweepsMax), 0, kSweepsMax));
  Connection connection;
  for (auto& agent : agents) {
    if (to_number(agent.id) <= to_number(after)) continue;
    if (connection.edges.size() == limit) {
      connection.has_next = true;
      break;
    }
    auto cursor = std::to_string(to_number(agent.id));
    connection.add(Node::of(AgentNode{std::move(agent), sweep.project}), std::move(cursor));
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> sweep_agent(const FieldCall& call) {
  const auto& sweep = sweep_of(call);
  const auto& store = context_of(call).services.store.sweeps();
  const auto name = call.text("agentName");
  RUNSTONE_TRY(auto agent, if_found(store.find_agent(sweep.id, name)));
  if (const auto number = parse_id("Agent", name); !agent && number) {
    RUNSTONE_TRY(agent, if_found(store.get_agent(store::SweepAgentId{*number})));
    if (agent && agent->sweep != sweep.id) agent.reset();
  }
  return agent ? Resolved(Node::of(AgentNode{*std::move(agent), sweep.project})) : Resolved();
}

Result<Resolved> agent_state(const FieldCall& call) {
  const auto silent_us = context_of(call).services.clock.now_us() - agent_of(call).heartbeat_at_us;
  return Resolved(silent_us < sweeps::kAgentSilentSecs * 1'000'000 ? "RUNNING" : "FINISHED");
}

// Fields -----------------------------------------------------------------------------------------

template <typename Get>
void sweep_field(graphql::Engine& engine, const char* field, Get get) {
  engine.resolve(field, [get](const FieldCall& call) -> Result<Resolved> {
    return Resolved(get(sweep_of(call)));
  });
}
template <typename Get>
void agent_field(graphql::Engine& engine, const char* field, Get get) {
  engine.resolve(field, [get](const FieldCall& call) -> Result<Resolved> {
    return Resolved(get(agent_of(call)));
  });
}
template <typename Get>
void run_field(graphql::Engine& engine, const char* field, Get get) {
  engine.resolve(field, [get](const FieldCall& call) -> Result<Resolved> {
    return Resolved(get(call.parent<RunNode>().run));
  });
}

void register_sweep_fields(graphql::Engine& engine) {
  using store::Sweep;
  sweep_field(engine, "Sweep.id", [](const Sweep& s) { return make_id("Sweep", to_number(s.id)); });
  sweep_field(engine, "Sweep.name", [](const Sweep& s) { return s.name; });
  sweep_field(engine, "Sweep.displayName",
              [](const Sweep& s) { return text_or_null(s.display_name); });
  sweep_field(engine, "Sweep.description",
              [](const Sweep& s) { return text_or_null(s.description); });
  sweep_field(engine, "Sweep.method", [](const Sweep& s) { return s.method; });
  sweep_field(engine, "Sweep.state", [](const Sweep& s) { return store::to_string(s.state); });
  sweep_field(engine, "Sweep.config", [](const Sweep& s) { return s.config_yaml; });
  sweep_field(engine, "Sweep.createdAt",
              [](const Sweep& s) { return to_rfc3339(s.created_at_us); });
  sweep_field(engine, "Sweep.updatedAt",
              [](const Sweep& s) { return time_or_null(s.updated_at_us); });
  sweep_field(engine, "Sweep.heartbeatAt",
              [](const Sweep& s) { return time_or_null(s.heartbeat_at_us); });
  sweep_field(engine, "Sweep.bestLoss",
              [](const Sweep& s) { return s.best_loss ? Value(*s.best_loss) : Value(); });
  sweep_field(engine, "Sweep.runCountExpected",
              [](const Sweep& s) { return s.runs_expected ? Value(*s.runs_expected) : Value(); });
  sweep_field(engine, "Sweep.controller", [](const Sweep& s) { return s.controller_json; });
  sweep_field(engine, "Sweep.scheduler", [](const Sweep& s) { return s.scheduler_json; });
  sweep_field(engine, "Sweep.launchScheduler", [](const Sweep&) { return Value(); });
  sweep_field(engine, "Sweep.earlyStopJobRunning", [](const Sweep&) { return false; });
  engine.resolve("Sweep.runCount", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<SweepNode>().run_count);
  });
  engine.resolve("Sweep.project", [](const FieldCall& call) -> Result<Resolved> {
    RUNSTONE_TRY(auto project, context_of(call).services.store.get_project(sweep_of(call).project));
    return Resolved(Node::of(std::move(project)));
  });
  engine.resolve("Sweep.user", [](const FieldCall& call) -> Result<Resolved> {
    if (!sweep_of(call).user) return Resolved();
    auto found = context_of(call).services.store.get_user(*sweep_of(call).user);
    RUNSTONE_TRY(auto user, if_found(std::move(found)));
    return user ? Resolved(Node::of(*std::move(user))) : Resolved();
  });
  engine.resolve("Sweep.runs", sweep_runs);
  engine.resolve("Sweep.agents", sweep_agents);
  engine.resolve("Sweep.agent", sweep_agent);
}

void register_agent_fields(graphql::Engine& engine) {
  using store::SweepAgent;
  agent_field(engine, "Agent.id",
              [](const SweepAgent& a) { return make_id("Agent", to_number(a.id)); });
  agent_field(engine, "Agent.name", [](const SweepAgent& a) { return a.name; });
  agent_field(engine, "Agent.host", [](const SweepAgent& a) { return a.host; });
  agent_field(engine, "Agent.totalRuns", [](const SweepAgent& a) { return a.run_count; });
  agent_field(engine, "Agent.createdAt",
              [](const SweepAgent& a) { return to_rfc3339(a.created_at_us); });
  agent_field(engine, "Agent.heartbeatAt",
              [](const SweepAgent& a) { return time_or_null(a.heartbeat_at_us); });
  engine.resolve("Agent.state", agent_state);
  engine.resolve("Agent.runs", agent_runs);
}

void register_run_fields(graphql::Engine& engine) {
  using store::RunInfo;
  run_field(engine, "Run.exitcode",
            [](const RunInfo& run) { return run.exit_code ? Value(*run.exit_code) : Value(); });
  run_field(engine, "Run.shouldStop",
            [](const RunInfo& run) { return run.stop_requested && store::is_live(run.state); });
  run_field(engine, "Run.failed",
            [](const RunInfo& run) { return run.state == store::RunState::kFailed; });
  run_field(engine, "Run.running",
            [](const RunInfo& run) { return run.state == store::RunState::kRunning; });
  engine.resolve("Run.sweep", [](const FieldCall& call) -> Result<Resolved> {
    const auto& run = call.parent<RunNode>().run;
    if (run.sweep.empty()) return Resolved();
    auto found = context_of(call).services.store.sweeps().find_sweep(run.project, run.sweep);
    RUNSTONE_TRY(auto sweep, if_found(std::move(found)));
    return sweep ? one_sweep(call, *std::move(sweep)) : Resolved();
  });
}

}  // namespace

void register_sweep(graphql::Engine& engine) {
  engine.resolve("Project.sweep", project_sweep);
  engine.resolve("Project.sweeps", project_sweeps);
  engine.resolve("Project.totalSweeps", total_sweeps);
  register_connection(engine, "Sweep");
  register_connection(engine, "Agent");
  register_sweep_fields(engine);
  register_agent_fields(engine);
  register_run_fields(engine);
  register_sweep_mutations(engine);
}

}  // namespace runstone::api
