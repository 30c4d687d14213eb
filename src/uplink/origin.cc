#include "uplink/origin.h"

#include <utility>

#include "model/step.h"

namespace runstone::uplink {
namespace {

using Rule = StartFrom::Rule;
using protocol::StoredRun;

constexpr const char* kSyncOrigins = "sync_origins";

Outcome<std::optional<StoredRun>> stored_run(ApiClient& api, const std::string& entity,
                                             const std::string& project, const std::string& run,
                                             std::int64_t timeout_us) {
  auto data = api.graphql("RunResumeStatus", protocol::kRunResumeStatusDocument,
                          protocol::run_resume_status_variables(entity, project, run), timeout_us);
  if (!data) return data.trouble();
  return protocol::parse_run_resume_status(*data);
}

FoundOrigin refuse(ErrorCode code, std::string message) {
  return {.refusal = Error(code, std::move(message))};
}

Outcome<FoundOrigin> rewind(ApiClient& api, const StartFrom& from, const StoredRun& run,
                            std::int64_t timeout_us) {
  auto data = api.graphql(
      "RewindRun", protocol::kRewindRunDocument,
      protocol::rewind_run_variables(run.entity, run.project, from.run_id, from.step), timeout_us);
  if (!data) return data.trouble();
  const auto lines = protocol::parse_rewind_run(*data);
  // The summary that the rows left give, and how many lines the other streams have now.
  auto after = stored_run(api, run.entity, run.project, from.run_id, timeout_us);
  if (!after) return after.trouble();
  FoundOrigin found{.stored = std::move(*after)};
  if (found.stored) {
    found.stored->next_step = step_after(from.step);
    if (lines) found.stored->history_lines = *lines;
  }
  return found;
}

}  // namespace

Outcome<FoundOrigin> find_origin(ApiClient& api, const StartFrom& from, const RunRequest& request,
                                 std::int64_t timeout_us) {
  if (from.rule == Rule::kNew) return FoundOrigin{};
  const bool branches = from.rule == Rule::kRewind || from.rule == Rule::kFork;
  const std::string& id = branches ? from.run_id : request.run_id;
  auto run = stored_run(api, request.entity, request.project, id, timeout_us);
  if (!run) return run.trouble();
  std::optional<StoredRun>& stored = *run;
  const std::string where = "project " + request.project;
  if (branches) {
    if (!stored) {
      return refuse(ErrorCode::kNotFound, "run not found: " + id + " is not in " + where);
    }
    if (from.rule == Rule::kFork) return FoundOrigin{};
    return rewind(api, from, *stored, timeout_us);
  }
  // One that waits in a sweep's queue has no data to go on from.
  if (stored && !stored->started) stored.reset();
  if (from.rule == Rule::kMust && !stored) {
    return refuse(ErrorCode::kFailedPrecondition,
                  "You provided resume=\"must\", but the run " + id + " does not exist in " +
                      where + ": check the id, or use resume=\"allow\" to start it");
  }
  if (from.rule == Rule::kNever && stored) {
    return refuse(ErrorCode::kFailedPrecondition,
                  "You provided resume=\"never\", but the run " + id + " already exists in " +
                      where + ": choose another id, or use resume=\"allow\" to go on with it");
  }
  return FoundOrigin{.stored = std::move(stored)};
}

Outcome<FoundOrigin> find_fork(ApiClient& api, const StartFrom& from, const RunIdentity& run,
                               std::int64_t timeout_us) {
  auto copied = stored_run(api, run.entity, run.project, run.run_id, timeout_us);
  if (!copied) return copied.trouble();
  FoundOrigin found{.stored = std::move(*copied)};
  if (!found.stored) found.stored.emplace();
  found.stored->next_step = step_after(from.step);
  found.stored->history_lines = 0;  // the rows before are the other run's lines
  return found;
}

std::optional<SyncState::Before> noted_origin(const StoredRun& run, std::int64_t journal_start_us) {
  const Value* own = run.config.find("_wandb");
  const Value* all = own != nullptr ? own->get(kSyncOrigins) : nullptr;
  const Value* noted = all != nullptr ? all->get(std::to_string(journal_start_us)) : nullptr;
  if (noted == nullptr || !noted->is_dict()) return std::nullopt;
  SyncState::Before before = before_of_json(*noted);
  if (before.history_lines > run.history_lines) return std::nullopt;
  return before;
}

void note_origin(StoredRun& run, std::int64_t journal_start_us, const SyncState::Before& before) {
  Value& own = run.config["_wandb"];
  if (!own.is_dict()) own = Dict();
  Value& all = (*own.if_dict())[kSyncOrigins];
  if (!all.is_dict()) all = Dict();
  all.if_dict()->set(std::to_string(journal_start_us), json_of_before(before));
}

Dict merged_config(const Dict& stored, const Dict& given) {
  Dict merged, own;
  for (const auto& [key, value] : stored) {
    if (key != "_wandb") merged.set(key, value);
  }
  if (const Value* kept = stored.find("_wandb"); kept != nullptr) {
    for (const char* key : {"viz", "visualize", "mask/class_labels", "bounding_box/class_labels",
                            "pinned_keys", "branch_point", kSyncOrigins}) {
      if (const Value* value = kept->get(key)) own.set(key, *value);
    }
  }
  for (const auto& [key, value] : given) {
    if (key != "_wandb") merged.set(key, value);
  }
  if (const Value* now = given.find("_wandb"); now != nullptr && now->is_dict()) {
    for (const auto& [key, value] : *now->if_dict()) own.set(key, value);
  }
  if (!own.empty()) merged.set("_wandb", std::move(own));
  return merged;
}

void set_branch_point(Dict& config, const StartFrom& from) {
  if (from.rule != Rule::kRewind && from.rule != Rule::kFork) return;
  Value& own = config["_wandb"];
  if (!own.is_dict()) own = Dict();
  own.if_dict()->set("branch_point", Dict{{"run_id", from.run_id}, {"step", from.step}});
}

}  // namespace runstone::uplink
