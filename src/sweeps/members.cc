#include "sweeps/members.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/json.h"
#include "base/try.h"
#include "sweeps/objective.h"

namespace runstone::sweeps {
namespace {

Result<void> read_config(SweepSlot& slot, const store::Sweep& sweep) {
  if (slot.config && slot.config_yaml == sweep.config_yaml) return {};
  RUNSTONE_TRY(auto parsed, parse_config(sweep.config_yaml));
  slot.config = std::make_shared<const SweepConfig>(std::move(parsed));
  slot.config_yaml = sweep.config_yaml;
  slot.members.clear();
  return {};
}

bool has_ended(const store::RunInfo& run) { return !store::is_live(run.state); }

// Which members must be read: those whose values or final metric are not known.
std::vector<store::RunId> unknown_members(const SweepSlot& slot, const SweepView& view) {
  std::vector<store::RunId> ids;
  for (const auto& run : view.members) {
    const auto found = slot.members.find(run.id);
    const bool values_known = found != slot.members.end() && found->second.has_values;
    const bool metric_known =
        !view.config->metric || !has_ended(run) ||
        (found != slot.members.end() && found->second.metric_read_at == run.updated_at_us);
    if (!values_known || !metric_known) ids.push_back(run.id);
  }
  return ids;
}

void learn(const SweepConfig& config, const store::RunInfo& run, MemberFacts& facts) {
  if (!facts.has_values) {
    const auto parsed = json::parse(run.config_json);
    facts.values = values_of(config, parsed ? *parsed : Value());
    // A writer that has just started may not have sent its whole config.
    facts.has_values = run.state != store::RunState::kPending;
  }
  if (config.metric && has_ended(run)) {
    const auto parsed = json::parse(run.summary_json);
    facts.metric = metric_of(*config.metric, parsed ? *parsed : Value());
    facts.metric_read_at = run.updated_at_us;
  }
}

void observe(const SweepSlot& slot, SweepView& view) {
  for (const auto& run : view.members) {
    const auto found = slot.members.find(run.id);
    Observation seen;
    seen.ended = has_ended(run);
    if (found != slot.members.end()) {
      seen.values = found->second.values;
      if (seen.ended && view.config->metric && found->second.metric) {
        const Metric& metric = *view.config->metric;
        const double value = *found->second.metric;
        seen.loss = to_loss(metric, value);
        if (!view.best_metric || *seen.loss < to_loss(metric, *view.best_metric)) {
          view.best_metric = value;
        }
        view.target_reached = view.target_reached || reaches_target(metric, value);
      }
    }
    if (seen.values.size() != view.config->parameters.size()) {
      seen.values.assign(view.config->parameters.size(), Value());
    }
    view.observations.push_back(std::move(seen));
  }
}

void join_given(const std::vector<store::SweepRun>& given,
                const std::vector<store::SweepAgent>& agents, std::int64_t silent_before_us,
                SweepView& view) {
  std::map<std::string_view, store::RunState> states;
  for (const auto& run : view.members) states.emplace(run.name, run.state);
  std::set<store::SweepAgentId> alive;
  for (const auto& agent : agents) {
    if (agent.heartbeat_at_us >= silent_before_us) alive.insert(agent.id);
  }
  for (const auto& one : given) {
    GivenRun run;
    run.given = one;
    if (const auto state = states.find(one.run); state != states.end()) run.state = state->second;
    run.agent_alive = alive.contains(one.agent);
    view.given.push_back(std::move(run));
  }
}

// The values of the metric that a run has logged since last time.
Result<void> read_progress(const query::Query& query, const SweepConfig& config,
                           const store::RunInfo& run, MemberFacts& facts) {
  if (!facts.progress) facts.progress.emplace(config.early_terminate->brackets);
  if (run.history_lines <= facts.lines_read) return {};
  query::SampledHistorySpec spec;
  spec.keys = {"_step", config.metric->name};
  spec.samples = std::numeric_limits<std::int32_t>::max();
  spec.min_step = facts.next_step;
  RUNSTONE_TRY(const auto rows, query.sampled_history(run, spec));
  for (const auto& row : rows) {
    const auto* step = row.get("_step");
    const auto* value = row.get(config.metric->name);
    if (step == nullptr || value == nullptr || !value->is_number()) continue;
    facts.progress->add(to_loss(*config.metric, value->number_or(0)));
    facts.next_step = std::max(facts.next_step, step->int_or(0) + 1);
  }
  facts.lines_read = run.history_lines;
  return {};
}

}  // namespace

Result<SweepView> read_view(const store::Store& store, SweepSlot& slot, store::Sweep sweep,
                            std::int64_t silent_before_us) {
  SweepView view;
  view.sweep = std::move(sweep);
  RUNSTONE_TRY(read_config(slot, view.sweep));
  view.config = slot.config;
  RUNSTONE_TRY(view.members, store.list_sweep_runs(view.sweep.project, view.sweep.name,
                                                   {.config = false, .summary = false}));
  const auto unknown = unknown_members(slot, view);
  if (!unknown.empty()) {
    RUNSTONE_TRY(
        const auto runs,
        store.get_runs(unknown, {.config = true, .summary = view.config->metric.has_value()}));
    for (const auto& run : runs) learn(*view.config, run, slot.members[run.id]);
  }
  observe(slot, view);
  RUNSTONE_TRY(const auto given, store.sweeps().list_given_runs(view.sweep.id));
  RUNSTONE_TRY(const auto agents, store.sweeps().list_agents(view.sweep.id));
  join_given(given, agents, silent_before_us, view);
  return view;
}

Result<void> judge_runs(const query::Query& query, SweepSlot& slot, SweepView& view) {
  if (!view.config->early_terminate) return {};
  std::vector<JudgedRun> judged;
  for (const auto& run : view.members) {
    auto& facts = slot.members[run.id];
    RUNSTONE_TRY(read_progress(query, *view.config, run, facts));
    judged.push_back({&*facts.progress, store::is_live(run.state)});
  }
  std::set<std::string_view> ends;
  for (const auto index : runs_to_stop(*view.config->early_terminate, judged)) {
    ends.insert(view.members[index].name);
  }
  for (auto& run : view.given) run.stop_wanted = ends.contains(run.given.run);
  return {};
}

}  // namespace runstone::sweeps
