#include <limits>
#include <span>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"
#include "base/try.h"
#include "ingest/ingest_service.h"
#include "ingest/name_rules.h"
#include "ingest/run_rules.h"
#include "model/names.h"
#include "store/apply_update.h"

namespace runstone::ingest {

Result<void> check_name(const char* what, std::string_view name) {
  constexpr std::size_t kMaxNameBytes = 128;
  const auto bad = [&](const char* why) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(what) + " '" + std::string(name) + "' " + why);
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > kMaxNameBytes) return bad("is longer than 128 bytes");
  if (name == "." || name == "..") return bad("is no name");
  if (!is_valid_utf8(name)) return bad("is not UTF-8");
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 ||
        std::string_view("/\\#?%:").find(c) != std::string_view::npos) {
      return bad("must not contain any of / \\ # ? % : or control characters");
    }
  }
  return {};
}

namespace {

constexpr const char* kDefaultProject = "uncategorized";

Result<void> check_object(const char* what, const std::optional<std::string>& text) {
  if (!text) return {};
  const auto parsed = json::parse(*text);
  if (!parsed) return fail(Error(parsed.error()).with_context(what));
  if (!parsed->is_dict()) {
    return fail(ErrorCode::kInvalidArgument, std::string(what) + ": not a JSON object");
  }
  return {};
}

Result<store::Project> project_of(store::Store& store, const std::string& entity_name,
                                  const std::string& name, std::int64_t now_us) {
  auto found = store.find_project(entity_name, name);
  if (found || found.error().code != ErrorCode::kNotFound) return found;
  RUNSTONE_TRY(const auto entity, store.find_entity(entity_name));
  auto made = store.create_project(entity.id, name, now_us);
  if (!made && made.error().code == ErrorCode::kConflict) {
    return store.find_project(entity_name, name);
  }
  return made;
}

// Before a fork is made: a run that lacks its beginning would look whole.
Result<void> check_fork(store::Store& store, const RunPath& path, const BranchPoint& from) {
  const auto parent = store.find_run(path.entity, path.project, from.run, {false, false});
  if (parent) return {};
  if (parent.error().code != ErrorCode::kNotFound) return fail(parent.error());
  return fail(ErrorCode::kNotFound, "run " + path.run + " is a fork of run " + from.run +
                                        ", which is not in project " + path.entity + "/" +
                                        path.project + "; send that run first");
}

store::RunUpdate update_from(UpsertRun& input, std::int64_t now_us) {
  store::RunUpdate update;
  update.display_name = std::move(input.display_name);
  update.notes = std::move(input.notes);
  update.description = std::move(input.description);
  update.group = std::move(input.group);
  update.job_type = std::move(input.job_type);
  update.sweep = std::move(input.sweep);
  update.host = std::move(input.host);
  update.program = std::move(input.program);
  update.commit = std::move(input.commit);
  update.repo = std::move(input.repo);
  update.config_json = std::move(input.config_json);
  update.summary_json = std::move(input.summary_json);
  update.tags = std::move(input.tags);
  update.updated_at_us = now_us;
  return update;
}

}  // namespace

std::string files_prefix(store::RunId run) {
  return "runs/" + std::to_string(store::to_number(run));
}
std::string parts_prefix(store::RunId run) {
  return "parts/" + std::to_string(store::to_number(run));
}

RunChange IngestService::change_of(const RunSlot& slot) const {
  RunChange change;
  change.path = slot.path;
  change.row_total = slot.info.history_lines;
  change.last_step = slot.info.last_step;
  change.state = store::to_string(slot.info.state);
  change.display_name = slot.info.display_name;
  change.heartbeat_at_us = slot.info.heartbeat_at_us;
  return change;
}

// write_mutex_ held.
Result<void> IngestService::commit_update(const Slot& slot, store::RunUpdate update,
                                          RunChange change) {
  update.run = slot->id;
  store::RunUpdate small = update;
  small.config_json.reset();
  small.summary_json.reset();
  store::apply_update(slot->info, small);
  Round round;
  auto& touched = round.of(slot);
  touched.update = std::move(update);
  touched.change = std::move(change);
  touched.change.path = slot->path;
  touched.write_keys = !store::is_live(slot->info.state);
  return commit_round(round);
}

Result<UpsertedRun> IngestService::upsert_run(UpsertRun input) {
  std::optional<BranchPoint> branch;
  if (input.config_json) branch = branch_point_of(*input.config_json);
  RUNSTONE_TRY(auto done, write_run(std::move(input), branch));
  // A run that was rewound names itself. One that has rows, or its fork's history, began already.
  const bool forks =
      branch && branch->run != done.run.name && !done.run.fork_of && done.run.history_lines == 0;
  if (!forks) return done;
  auto run = begin_with_history(done.run, *branch);
  if (run) {
    done.run = *std::move(run);
  } else if (done.inserted || run.error().code != ErrorCode::kNotFound) {
    return fail(std::move(run).error());
  }
  return done;
}

Result<UpsertedRun> IngestService::write_run(UpsertRun input,
                                             const std::optional<BranchPoint>& branch) {
  RUNSTONE_TRY(check_object("config", input.config_json));
  RUNSTONE_TRY(check_object("summaryMetrics", input.summary_json));
  std::optional<store::RunState> state;
  if (input.state) {
    state = store::run_state_from(*input.state);
    if (!state)
      return fail(ErrorCode::kInvalidArgument, "unknown run state '" + *input.state + "'");
  }
  const std::int64_t now = clock_.now_us();
  const std::scoped_lock lock(write_mutex_);

  Slot slot;
  if (input.id) {
    RUNSTONE_TRY(slot, find_slot(*input.id));
  } else {
    RunPath path;
    path.entity = input.entity.empty() ? input.default_entity : input.entity;
    path.project = input.project.empty() ? kDefaultProject : input.project;
    path.run = input.name ? *input.name : random_id(8);
    RUNSTONE_TRY(check_name("project", path.project));
    RUNSTONE_TRY(check_name("run id", path.run));
    auto found = find_slot(path);
    if (!found && found.error().code != ErrorCode::kNotFound) return fail(found.error());
    if (!found) {
      // A live writer sends its config by name now and then; only who begins says where, or in
      // which state. The run that was just deleted must not come back empty.
      RUNSTONE_TRY(const bool deleted, store_.was_run_deleted(path.entity, path.project, path.run));
      if (deleted && !input.host && !state) {
        return fail(ErrorCode::kNotFound, "run " + path.run + " was deleted");
      }
      if (branch && branch->run != path.run) RUNSTONE_TRY(check_fork(store_, path, *branch));
      RUNSTONE_TRY(const auto project, project_of(store_, path.entity, path.project, now));
      store::NewRun made;
      made.project = project.id;
      made.name = path.run;
      if (input.display_name && !input.display_name->empty()) {
        made.display_name = *input.display_name;
      } else {
        RUNSTONE_TRY(const auto count, store_.count_runs(project.id));
        made.display_name = two_word_name_from_kernel(static_cast<std::uint64_t>(count) + 1);
      }
      input.display_name.reset();
      made.user = input.user;
      made.state = state.value_or(store::RunState::kRunning);
      made.created_at_us = now;
      store::RunUpdate first = update_from(input, now);
      if (state && !store::is_live(*state)) first.finished_at_us = std::optional(now);
      UpsertedRun result;
      RUNSTONE_TRY(result.run, store_.create_run(made, first));
      result.inserted = true;
      if (hub_.wanted()) {
        RUNSTONE_TRY(slot, find_slot(result.run.id));
        RunChange change = change_of(*slot);
        change.run = change.config = true;
        hub_.publish(std::move(change));
      }
      return result;
    }
    slot = *std::move(found);
  }

  // The writer of a fork sends what it set itself, over what the other run had.
  const bool of_fork = branch && branch->run != slot->info.name && slot->info.fork_of;
  if ((input.merge_config || of_fork) && input.config_json) {
    RUNSTONE_TRY(const auto before, store_.get_run(slot->id, {.config = true, .summary = false}));
    RUNSTONE_TRY(input.config_json, merge_configs(before.config_json, *input.config_json));
  }
  const bool starts = !input.id || input.name;
  store::RunUpdate update = update_from(input, now);
  if (update.display_name && update.display_name->empty()) update.display_name.reset();
  if (starts) {
    update.heartbeat_at_us = now;
    if (!state) apply_start(update, slot->info);
  }
  if (state) apply_state(update, slot->info, *state, now);
  RunChange change;
  change.run = change.config = true;
  RUNSTONE_TRY(commit_update(slot, std::move(update), std::move(change)));
  UpsertedRun result;
  RUNSTONE_TRY(result.run, store_.get_run(slot->id));
  return result;
}

Result<void> IngestService::set_state(store::RunId run, std::string_view state) {
  const auto wanted = store::run_state_from(state);
  const std::scoped_lock lock(write_mutex_);
  RUNSTONE_TRY(const Slot slot, find_slot(run));
  if (!wanted) {
    return fail(ErrorCode::kInvalidArgument, "unknown run state '" + std::string(state) + "'");
  }
  if (*wanted == slot->info.state) return {};
  if (!may_be_set(slot->info, *wanted)) {
    return fail(ErrorCode::kFailedPrecondition,
                "a run that is " + std::string(store::to_string(slot->info.state)) +
                    (slot->info.sweep.empty() ? "" : " and belongs to a sweep") +
                    " cannot be set to " + std::string(state));
  }
  store::RunUpdate update;
  apply_state(update, slot->info, *wanted, clock_.now_us());
  update.updated_at_us = clock_.now_us();
  RunChange change;
  change.run = true;
  return commit_update(slot, std::move(update), std::move(change));
}

Result<void> IngestService::request_stop(store::RunId run) {
  const std::scoped_lock lock(write_mutex_);
  RUNSTONE_TRY(const Slot slot, find_slot(run));
  if (!store::is_live(slot->info.state)) return {};
  store::RunUpdate update;
  update.stop_requested = true;
  RunChange change;
  change.run = true;
  return commit_update(slot, std::move(update), std::move(change));
}

Result<void> IngestService::delete_some(std::span<const store::RunId> runs) {
  std::vector<store::RunId> ids;
  {
    const std::scoped_lock lock(write_mutex_);
    RUNSTONE_TRY(const auto there, store_.get_runs(runs, {.config = false, .summary = false}));
    if (there.empty()) return fail(ErrorCode::kNotFound, "no such run");
    std::vector<store::DeletedRun> doomed;
    for (const auto& run : there) {
      ids.push_back(run.id);
      doomed.push_back({run.id, files_prefix(run.id)});
    }
    RUNSTONE_TRY(store_.delete_runs(doomed));
    drop_slots(ids);
  }
  // A crash from here on is caught up with at the next start, from the list of deleted runs.
  for (const auto run : ids) {
    RUNSTONE_TRY(objects_.remove_all(files_prefix(run)));
    RUNSTONE_TRY(objects_.remove_all(parts_prefix(run)));
  }
  return store_.forget_deleted_runs(ids);
}

Result<void> IngestService::delete_runs(const std::vector<store::RunId>& runs) {
  constexpr std::size_t kAtATime = 100;
  for (std::size_t done = 0; done < runs.size(); done += kAtATime) {
    const auto some = std::span(runs).subspan(done, std::min(kAtATime, runs.size() - done));
    if (auto deleted = delete_some(some); !deleted) {
      if (runs.size() == 1) return deleted;
      return fail(std::move(deleted).error().with_context(
          std::to_string(done) + " of " + std::to_string(runs.size()) + " runs are deleted"));
    }
  }
  return {};
}

Result<void> IngestService::move_runs(const std::vector<store::RunId>& runs,
                                      store::ProjectId project) {
  const std::scoped_lock lock(write_mutex_);
  RUNSTONE_TRY(const auto infos, store_.get_runs(runs, {.config = false, .summary = false}));
  for (const auto& run : infos) {
    if (!store::is_live(run.state)) continue;
    return fail(ErrorCode::kFailedPrecondition, "run " + run.name + " is " +
                                                    store::to_string(run.state) +
                                                    ": it can be moved when it has ended");
  }
  RUNSTONE_TRY(store_.move_runs(runs, project, clock_.now_us()));
  drop_slots(runs);  // they have the old address
  return {};
}

Result<void> IngestService::rename_project(store::ProjectId project, std::string_view name) {
  RUNSTONE_TRY(check_name("project", name));
  const std::scoped_lock lock(write_mutex_);
  RUNSTONE_TRY(const auto live, store_.list_silent_runs(std::numeric_limits<std::int64_t>::max()));
  for (const auto& run : live) {
    if (run.project != project) continue;
    return fail(ErrorCode::kFailedPrecondition,
                "run " + run.name + " is " + store::to_string(run.state) +
                    ": the project can be renamed when all of its runs have ended");
  }
  RUNSTONE_TRY(store_.rename_project(project, name));
  drop_slots(project);  // they have the old address
  return {};
}

Result<void> IngestService::check_silence() {
  const std::int64_t now = clock_.now_us();
  const std::int64_t crash_after_us = options_.crash_after_secs * 1'000'000;
  if (now - started_at_us_ <= crash_after_us) return {};
  RUNSTONE_TRY(const auto silent, store_.list_silent_runs(now - crash_after_us));
  for (const auto& run : silent) {
    const std::scoped_lock lock(write_mutex_);
    RUNSTONE_TRY(const Slot slot, find_slot(run.id));
    if (!is_silent(slot->info, started_at_us_, now, crash_after_us)) continue;
    store::RunUpdate update;
    update.state = store::RunState::kCrashed;
    update.finished_at_us = std::optional(slot->info.heartbeat_at_us);
    update.updated_at_us = now;
    RunChange change;
    change.run = true;
    RUNSTONE_TRY(commit_update(slot, std::move(update), std::move(change)));
  }
  return {};
}

}  // namespace runstone::ingest
