#include "sweeps/sweeps.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"
#include "base/try.h"
#include "model/yaml_text.h"
#include "sweeps/agents.h"
#include "sweeps/local_controller.h"
#include "sweeps/members.h"
#include "sweeps/suggest.h"
#include "sweeps/sweep_slot.h"

namespace runstone::sweeps {
namespace {

using store::RunState;
using store::SweepState;

constexpr const char* kDefaultProject = "uncategorized";
constexpr std::int64_t kMaxPriorRuns = 1000;
constexpr std::size_t kMaxHostBytes = 1024;

Failure bad(const std::string& why) { return fail(ErrorCode::kInvalidArgument, why); }

Result<void> check_json(const char* what, const std::optional<std::string>& text) {
  if (!text || text->empty()) return {};
  const auto parsed = json::parse(*text);
  if (!parsed) return fail(Error(parsed.error()).with_context(what));
  if (!parsed->is_dict() && !parsed->is_null()) return bad(std::string(what) + ": no JSON object");
  return {};
}

// As ingest asks of a run's project: it stands in addresses.
Result<void> check_project_name(const std::string& name) {
  const bool whole = !name.empty() && name.size() <= 128 && name != "." && name != "..";
  const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 ||
           std::string_view("/\\#?%:").find(c) != std::string_view::npos;
  });
  if (whole && plain && is_valid_utf8(name)) return {};
  return bad("project '" + name +
             "' must be UTF-8 of 1 to 128 bytes without / \\ # ? % : and control characters");
}

bool is_open(SweepState state) {
  return state == SweepState::kPending || state == SweepState::kRunning;
}

std::int64_t new_seed() {
  std::uint64_t seed = 0;
  for (const char c : random_bytes(8)) seed = seed << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(seed >> 1);
}

class SweepsService final : public Sweeps {
 public:
  SweepsService(store::Store& store, ingest::Ingest& ingest, const query::Query& query,
                const Clock& clock, Options options)
      : store_(store),
        ingest_(ingest),
        query_(query),
        clock_(clock),
        options_(options),
        started_at_us_(clock.now_us()) {}

  void stop() override {}
  Result<UpsertedSweep> upsert(UpsertSweep input) override;
  Result<void> remove(store::SweepId id) override;
  Result<store::SweepAgent> create_agent(store::SweepId sweep, std::string host,
                                         std::optional<store::UserId> user) override;
  Result<std::string> heartbeat(store::SweepAgentId agent,
                                std::string_view run_state_json) override;
  Result<store::Sweep> settled(store::Sweep sweep) override;

 private:
  // What one heartbeat is about and what it changes.
  struct Round {
    store::SweepAgent agent;
    SweepView view;
    store::SweepUpdate update;
    std::vector<store::SweepRun> put;
    List commands;
  };

  Result<UpsertedSweep> make(UpsertSweep input);
  Result<UpsertedSweep> change(UpsertSweep input);
  Result<void> add_prior_runs(const store::Sweep& sweep, const std::string& filters,
                              std::vector<std::string>& warnings);
  Result<SweepView> view_of(SweepSlot& slot, store::SweepId id);
  bool is_exhausted(const SweepView& view) const;
  void note_results(const SweepView& view, store::SweepUpdate& update) const;
  void want_stops(SweepView& view) const;
  Result<void> set_state(const Round& round, std::size_t index, RunState state);
  Result<void> carry_out(Round& round, const BeatPlan& plan);
  Result<void> start(Round& round, store::SweepRun given, const char* type);
  Result<void> start_new(Round& round);
  Result<void> start_wanted(Round& round);
  Result<void> give(Round& round, Value args);

  store::Store& store_;
  ingest::Ingest& ingest_;
  const query::Query& query_;
  const Clock& clock_;
  const Options options_;
  const std::int64_t started_at_us_;
  SweepSlots slots_;
};

// Making and changing --------------------------------------------------------------------------

Result<UpsertedSweep> SweepsService::upsert(UpsertSweep input) {
  RUNSTONE_TRY(check_json("controller", input.controller_json));
  RUNSTONE_TRY(check_json("scheduler", input.scheduler_json));
  return input.id ? change(std::move(input)) : make(std::move(input));
}

Result<UpsertedSweep> SweepsService::make(UpsertSweep input) {
  if (!input.config_yaml) return bad("config: is missing; a new sweep needs one");
  RUNSTONE_TRY(auto config, parse_config(*input.config_yaml));
  SweepState state = SweepState::kPending;
  if (input.state && !input.state->empty()) {
    const auto given = store::sweep_state_from(*input.state);
    if (!given) return bad("state: unknown sweep state '" + *input.state + "'");
    state = *given;
  }
  const auto project_name = input.project.empty() ? kDefaultProject : input.project;
  const std::int64_t now = clock_.now_us();
  auto project = store_.find_project(input.entity, project_name);
  if (!project && project.error().code == ErrorCode::kNotFound) {
    RUNSTONE_TRY(check_project_name(project_name));
    RUNSTONE_TRY(const auto entity, store_.find_entity(input.entity));
    project = store_.create_project(entity.id, project_name, now);
    if (!project && project.error().code == ErrorCode::kConflict) {
      project = store_.find_project(input.entity, project_name);
    }
  }
  if (!project) return fail(project.error());

  store::Sweep sweep;
  sweep.project = project->id;
  sweep.entity_name = project->entity_name;
  sweep.project_name = project->name;
  sweep.name = random_id(8);
  sweep.display_name = input.display_name.value_or("");
  sweep.description = input.description ? *input.description : config.description;
  sweep.state = state;
  sweep.method = to_string(config.method);
  sweep.config_yaml = *std::move(input.config_yaml);
  sweep.controller_json = input.controller_json.value_or("{}");
  sweep.scheduler_json = input.scheduler_json.value_or("{}");
  sweep.runs_expected = config.runs_expected();
  sweep.seed = options_.seed ? *options_.seed : new_seed();
  sweep.user = input.user;
  sweep.created_at_us = sweep.updated_at_us = now;
  UpsertedSweep made;
  RUNSTONE_TRY(made.sweep, store_.sweeps().create_sweep(sweep));
  made.inserted = true;
  made.warnings = std::move(config.warnings);
  if (input.prior_runs_filters && !input.prior_runs_filters->empty()) {
    RUNSTONE_TRY(add_prior_runs(made.sweep, *input.prior_runs_filters, made.warnings));
  }
  return made;
}

// Runs that were there before: they become runs of the sweep, so that a search counts on them.
Result<void> SweepsService::add_prior_runs(const store::Sweep& sweep, const std::string& filters,
                                           std::vector<std::string>& warnings) {
  query::RunListRequest request;
  request.project = sweep.project;
  request.filters = filters;
  request.order = "+created_at";
  request.first = kMaxPriorRuns;
  RUNSTONE_TRY(const auto page, query_.runs(request));
  if (page.has_next) {
    warnings.push_back("prior runs: only the first " + std::to_string(kMaxPriorRuns) +
                       " were added");
  }
  if (page.items.empty()) warnings.push_back("prior runs: there is no such run");
  for (const auto& item : page.items) {
    if (!item.run.sweep.empty()) {
      warnings.push_back("prior run " + item.run.name + " stays in sweep " + item.run.sweep);
      continue;
    }
    ingest::UpsertRun change;
    change.id = item.run.id;
    change.sweep = sweep.name;
    RUNSTONE_TRY(ingest_.upsert_run(std::move(change)));
  }
  return {};
}

Result<UpsertedSweep> SweepsService::change(UpsertSweep input) {
  const auto slot = slots_.get(store::to_number(*input.id));
  const std::scoped_lock lock(slot->mutex);
  RUNSTONE_TRY(const auto old, store_.sweeps().get_sweep(*input.id));
  UpsertedSweep changed;
  store::SweepUpdate update;
  update.sweep = old.id;
  update.updated_at_us = clock_.now_us();
  update.display_name = std::move(input.display_name);
  update.description = std::move(input.description);
  update.controller_json = std::move(input.controller_json);
  update.scheduler_json = std::move(input.scheduler_json);
  if (input.config_yaml) {
    RUNSTONE_TRY(auto config, parse_config(*input.config_yaml));
    RUNSTONE_TRY(const auto before, parse_yaml(old.config_yaml));
    RUNSTONE_TRY(const auto after, parse_yaml(*input.config_yaml));
    if (!same_value(before, after)) {
      if (old.suggestions > 0) {
        return fail(ErrorCode::kFailedPrecondition,
                    "config: sweep " + old.name +
                        " has given out runs, its config stays; make a new sweep");
      }
      update.method = to_string(config.method);
      update.runs_expected = config.runs_expected();
      update.config_yaml = std::move(input.config_yaml);
    }
    changed.warnings = std::move(config.warnings);
  }
  if (input.state && !input.state->empty()) {
    update.state = store::sweep_state_from(*input.state);
    if (!update.state || (update.state == SweepState::kPending && old.suggestions > 0)) {
      return bad("state: a sweep cannot be set to '" + *input.state +
                 "'; there are RUNNING, PAUSED, FINISHED, CANCELED");
    }
  }
  RUNSTONE_TRY(store_.sweeps().update_sweep(update));
  RUNSTONE_TRY(changed.sweep, store_.sweeps().get_sweep(old.id));
  return changed;
}

Result<void> SweepsService::remove(store::SweepId id) {
  const auto slot = slots_.get(store::to_number(id));
  const std::scoped_lock lock(slot->mutex);
  return store_.sweeps().delete_sweep(id);
}

Result<store::SweepAgent> SweepsService::create_agent(store::SweepId sweep, std::string host,
                                                      std::optional<store::UserId> user) {
  if (host.size() > kMaxHostBytes) host.resize(kMaxHostBytes);
  store::SweepAgent agent;
  agent.sweep = sweep;
  agent.name = random_id(8);
  agent.host = std::move(host);
  agent.user = user;
  agent.created_at_us = agent.heartbeat_at_us = clock_.now_us();
  return store_.sweeps().create_agent(agent);
}

// What the sweep's runs say ---------------------------------------------------------------------

Result<SweepView> SweepsService::view_of(SweepSlot& slot, store::SweepId id) {
  RUNSTONE_TRY(auto sweep, store_.sweeps().get_sweep(id));
  // Nobody could be heard while the server was down.
  const std::int64_t silent_us = kAgentSilentSecs * 1'000'000;
  const std::int64_t now = clock_.now_us();
  const std::int64_t before = now - started_at_us_ < silent_us ? 0 : now - silent_us;
  return read_view(store_, slot, std::move(sweep), before);
}

bool SweepsService::is_exhausted(const SweepView& view) const {
  if (view.target_reached) return true;
  const auto& config = *view.config;
  const auto given = static_cast<std::int64_t>(view.given.size());
  if (config.run_cap && given >= *config.run_cap) return true;
  if (config.local_controller) {
    const auto wishes = read_wishes(view.sweep.controller_json);
    const auto done = scheduled_ids(view.sweep.scheduler_json);
    return std::any_of(wishes.schedule.begin(), wishes.schedule.end(), [&](const auto& wanted) {
      return !wanted.args && !done.contains(wanted.id);
    });
  }
  if (config.method != Method::kGrid) return false;
  return !suggest(config, view.sweep.seed, view.sweep.suggestions, view.observations);
}

// Best value and end of the sweep, where they changed.
void SweepsService::note_results(const SweepView& view, store::SweepUpdate& update) const {
  if (view.best_metric && view.best_metric != view.sweep.best_loss) {
    update.best_loss = view.best_metric;
  }
  const bool begun = !view.given.empty() || view.target_reached;
  if (is_open(view.sweep.state) && begun && is_exhausted(view) && all_ended(view.given)) {
    update.state = SweepState::kFinished;
    update.updated_at_us = clock_.now_us();
  }
}

Result<store::Sweep> SweepsService::settled(store::Sweep sweep) {
  if (!is_open(sweep.state)) return sweep;
  const auto slot = slots_.get(store::to_number(sweep.id));
  const std::scoped_lock lock(slot->mutex);
  RUNSTONE_TRY(const auto view, view_of(*slot, sweep.id));
  store::SweepUpdate update;
  update.sweep = sweep.id;
  note_results(view, update);
  if (!update.best_loss && !update.state) return view.sweep;
  RUNSTONE_TRY(store_.sweeps().update_sweep(update));
  return store_.sweeps().get_sweep(sweep.id);
}

// Heartbeats ------------------------------------------------------------------------------------

void SweepsService::want_stops(SweepView& view) const {
  if (!view.config->local_controller) return;
  const auto wishes = read_wishes(view.sweep.controller_json);
  for (auto& run : view.given) run.stop_wanted = wishes.stop.contains(run.given.run);
}

Result<std::string> SweepsService::heartbeat(store::SweepAgentId id,
                                             std::string_view run_state_json) {
  Round round;
  RUNSTONE_TRY(round.agent, store_.sweeps().get_agent(id));
  const auto slot = slots_.get(store::to_number(round.agent.sweep));
  const std::scoped_lock lock(slot->mutex);
  RUNSTONE_TRY(round.view, view_of(*slot, round.agent.sweep));
  RUNSTONE_TRY(judge_runs(query_, *slot, round.view));
  want_stops(round.view);
  round.update.sweep = round.view.sweep.id;
  round.update.heartbeat_at_us = clock_.now_us();
  note_results(round.view, round.update);

  Beat beat;
  beat.agent = id;
  beat.reported = reported_runs(run_state_json);
  beat.state = round.update.state.value_or(round.view.sweep.state);
  beat.exhausted = is_exhausted(round.view);
  beat.runs = round.view.given;
  RUNSTONE_TRY(carry_out(round, plan_beat(beat)));
  RUNSTONE_TRY(store_.sweeps().record_heartbeat(id, round.update, round.put));
  return json::to_text(Value(std::move(round.commands)));
}

Result<void> SweepsService::set_state(const Round& round, std::size_t index, RunState state) {
  const auto& name = round.view.given[index].given.run;
  for (const auto& run : round.view.members) {
    if (run.name != name) continue;
    ingest::UpsertRun change;
    change.id = run.id;
    change.state = store::to_string(state);
    RUNSTONE_TRY(ingest_.upsert_run(std::move(change)));
  }
  return {};
}

Result<void> SweepsService::carry_out(Round& round, const BeatPlan& plan) {
  std::set<std::size_t> touched(plan.seen.begin(), plan.seen.end());
  for (const auto index : plan.seen) round.view.given[index].given.seen = true;
  for (const auto index : plan.stop) {
    auto& given = round.view.given[index].given;
    if (!std::exchange(given.stop_sent, true)) touched.insert(index);
    round.commands.push_back(stop_command(given.run));
  }
  for (const auto index : touched) round.put.push_back(round.view.given[index].given);
  for (const auto index : plan.killed) RUNSTONE_TRY(set_state(round, index, RunState::kKilled));
  for (const auto index : plan.failed) RUNSTONE_TRY(set_state(round, index, RunState::kFailed));
  if (plan.start) {
    return start(round, round.view.given[*plan.start].given, plan.resume ? "resume" : "run");
  }
  if (plan.start_new) {
    return round.view.config->local_controller ? start_wanted(round) : start_new(round);
  }
  if (plan.exit) round.commands.push_back(exit_command());
  return {};
}

Result<void> SweepsService::start_new(Round& round) {
  const auto& view = round.view;
  auto next = suggest(*view.config, view.sweep.seed, view.sweep.suggestions, view.observations);
  if (!next) return {};  // seen to by `exhausted`
  round.update.suggestions = next->suggestions;
  return give(round, make_args(*view.config, next->values));
}

Result<void> SweepsService::start_wanted(Round& round) {
  const auto wishes = read_wishes(round.view.sweep.controller_json);
  const auto done = scheduled_ids(round.view.sweep.scheduler_json);
  for (const auto& wanted : wishes.schedule) {
    if (!wanted.args || done.contains(wanted.id)) continue;
    round.update.suggestions = round.view.sweep.suggestions + 1;
    RUNSTONE_TRY(give(round, *wanted.args));
    round.update.scheduler_json =
        with_scheduled(round.view.sweep.scheduler_json, wanted.id, round.put.back().run);
    return {};
  }
  return {};  // the agent asks again
}

// The choice is recorded before the run is made: if the server dies in between, the next agent
// that asks gets this very point.
Result<void> SweepsService::give(Round& round, Value args) {
  store::SweepRun given;
  given.sweep = round.view.sweep.id;
  given.run = random_id(8);
  given.agent = round.agent.id;
  given.args_json = json::to_text(args);
  given.created_at_us = clock_.now_us();
  store::SweepUpdate chosen;
  chosen.sweep = round.view.sweep.id;
  chosen.suggestions = round.update.suggestions;
  RUNSTONE_TRY(store_.sweeps().record_heartbeat(round.agent.id, chosen, {given}));
  return start(round, std::move(given), "run");
}

Result<void> SweepsService::start(Round& round, store::SweepRun given, const char* type) {
  const auto& sweep = round.view.sweep;
  if (given.deliveries == 0) {
    ingest::UpsertRun made;
    made.entity = sweep.entity_name;
    made.project = sweep.project_name;
    made.name = given.run;
    made.sweep = sweep.name;
    made.config_json = given.args_json;
    made.state = store::to_string(RunState::kPending);
    made.user = round.agent.user;
    RUNSTONE_TRY(ingest_.upsert_run(std::move(made)));
  }
  given.agent = round.agent.id;
  given.deliveries += 1;
  given.seen = false;
  RUNSTONE_TRY(const auto args, json::parse(given.args_json));
  round.commands.push_back(run_command(type, given.run, args, round.view.config->program));
  round.put.push_back(std::move(given));
  if (sweep.state == SweepState::kPending) round.update.state = SweepState::kRunning;
  return {};
}

}  // namespace

Result<std::unique_ptr<Sweeps>> Sweeps::create(store::Store& store, ingest::Ingest& ingest,
                                               const query::Query& query, const Clock& clock,
                                               Options options) {
  return std::unique_ptr<Sweeps>(
      std::make_unique<SweepsService>(store, ingest, query, clock, options));
}

}  // namespace runstone::sweeps
