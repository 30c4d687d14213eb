#include "api/api_context.h"
#include "api/resolvers/resolvers.h"
#include "api/resolvers/sweep_nodes.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;

constexpr int kNotFoundStatus = 404;

const Value& input_of(const FieldCall& call) { return *call.argument("input"); }

std::optional<std::string> text_at(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  if (value == nullptr || value->if_string() == nullptr) return std::nullopt;
  return *value->if_string();
}

struct UpsertSweepPayload {
  SweepNode sweep;
  std::vector<std::string> warnings;
  bool inserted = false;
};
struct HeartbeatPayload {
  AgentNode agent;
  std::string commands;
};

Failure no_sweep(std::string_view id) {
  return fail(ErrorCode::kNotFound, "no such sweep: " + std::string(id));
}

// A sweep that may be written; one of others looks like one that is not there.
Result<store::Sweep> sweep_by_id(const ApiContext& context, std::string_view id) {
  const auto number = parse_id("Sweep", id);
  if (!number) return no_sweep(id);
  auto found = context.services.store.sweeps().get_sweep(store::SweepId{*number});
  RUNSTONE_TRY(auto sweep, if_found(std::move(found)));
  if (!sweep || !require(context, auth::Action::kRead, place_of(*sweep))) return no_sweep(id);
  RUNSTONE_TRY(require(context, auth::Action::kWrite, place_of(*sweep)));
  return *std::move(sweep);
}

Result<Resolved> upsert_sweep(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  sweeps::UpsertSweep upsert;
  if (const auto id = text_at(input, "id"); id && !id->empty()) {
    RUNSTONE_TRY(const auto sweep, sweep_by_id(context, *id));
    upsert.id = sweep.id;
  } else {
    upsert.entity = text_at(input, "entityName").value_or("");
    if (upsert.entity.empty()) upsert.entity = context.principal.home;
    upsert.project = text_at(input, "projectName").value_or("");
    RUNSTONE_TRY(require(context, auth::Action::kWrite, {upsert.entity, upsert.project}));
  }
  upsert.config_yaml = text_at(input, "config");
  upsert.display_name = text_at(input, "displayName");
  upsert.description = text_at(input, "description");
  upsert.controller_json = text_at(input, "controller");
  upsert.scheduler_json = text_at(input, "scheduler");
  upsert.state = text_at(input, "state");
  upsert.prior_runs_filters = text_at(input, "priorRunsFilters");
  upsert.user = context.principal.user;
  RUNSTONE_TRY(auto done, context.services.sweeps.upsert(std::move(upsert)));
  return Resolved(Node::of(
      UpsertSweepPayload{{std::move(done.sweep), 0}, std::move(done.warnings), done.inserted}));
}

Result<Resolved> delete_sweep(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto sweep, sweep_by_id(context, *text_at(input_of(call), "id")));
  RUNSTONE_TRY(context.services.sweeps.remove(sweep.id));
  return Resolved(Value(Dict{{"success", true}}));
}

Result<Resolved> create_agent(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  const auto name = text_at(input, "sweep").value_or("");
  auto entity = text_at(input, "entityName").value_or("");
  if (entity.empty()) entity = context.principal.home;
  const auto project_name = text_at(input, "projectName").value_or("");
  RUNSTONE_TRY(
      const auto project,
      find_project(context, entity, project_name.empty() ? "uncategorized" : project_name));
  if (!project) return no_sweep(entity + "/" + project_name + "/" + name);
  auto found = context.services.store.sweeps().find_sweep(project->id, name);
  RUNSTONE_TRY(auto sweep, if_found(std::move(found)));
  if (!sweep) return no_sweep(entity + "/" + project_name + "/" + name);
  RUNSTONE_TRY(require(context, auth::Action::kWrite, place_of(*sweep)));
  RUNSTONE_TRY(auto agent,
               context.services.sweeps.create_agent(sweep->id, text_at(input, "host").value_or(""),
                                                    context.principal.user));
  return Resolved(Node::of(AgentNode{std::move(agent), sweep->project}));
}

Result<HeartbeatPayload> beat(const ApiContext& context, const Value& input) {
  const auto id = text_at(input, "id").value_or("");
  const auto no_agent = [&] { return fail(ErrorCode::kNotFound, "no such agent: " + id); };
  const auto number = parse_id("Agent", id);
  if (!number) return no_agent();
  const auto& store = context.services.store.sweeps();
  RUNSTONE_TRY(auto agent, if_found(store.get_agent(store::SweepAgentId{*number})));
  if (!agent) return no_agent();
  RUNSTONE_TRY(auto sweep, if_found(store.get_sweep(agent->sweep)));
  if (!sweep || !require(context, auth::Action::kWrite, place_of(*sweep))) return no_agent();
  HeartbeatPayload payload;
  RUNSTONE_TRY(payload.commands, context.services.sweeps.heartbeat(
                                     agent->id, text_at(input, "runState").value_or("{}")));
  payload.agent = {*std::move(agent), sweep->project};
  return payload;
}

// A client tells by the status that the sweep is gone, and ends; any other error it ignores.
Result<Resolved> agent_heartbeat(const FieldCall& call) {
  auto& context = context_of(call);
  auto done = beat(context, input_of(call));
  if (!done) {
    if (done.error().code == ErrorCode::kNotFound) context.http_status = kNotFoundStatus;
    return fail(std::move(done).error());
  }
  return Resolved(Node::of(*std::move(done)));
}

void register_payloads(graphql::Engine& engine) {
  engine.resolve("UpsertSweepPayload.sweep", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<UpsertSweepPayload>().sweep));
  });
  engine.resolve("UpsertSweepPayload.configValidationWarnings",
                 [](const FieldCall& call) -> Result<Resolved> {
                   List warnings;
                   for (const auto& text : call.parent<UpsertSweepPayload>().warnings) {
                     warnings.emplace_back(text);
                   }
                   return Resolved(Value(std::move(warnings)));
                 });
  engine.resolve("UpsertSweepPayload.inserted", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<UpsertSweepPayload>().inserted);
  });
  engine.resolve("CreateAgentPayload.agent", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<AgentNode>()));
  });
  engine.resolve("AgentHeartbeatPayload.agent", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::borrow(call.parent<HeartbeatPayload>().agent));
  });
  engine.resolve("AgentHeartbeatPayload.commands", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<HeartbeatPayload>().commands);
  });
  for (const auto* type : {"UpsertSweepPayload", "CreateAgentPayload", "AgentHeartbeatPayload"}) {
    engine.resolve(std::string(type) + ".clientMutationId",
                   [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  }
}

}  // namespace

void register_sweep_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation.upsertSweep", upsert_sweep);
  engine.resolve("Mutation.deleteSweep", delete_sweep);
  engine.resolve("Mutation.createAgent", create_agent);
  engine.resolve("Mutation.agentHeartbeat", agent_heartbeat);
  register_payloads(engine);
}

}  // namespace runstone::api
