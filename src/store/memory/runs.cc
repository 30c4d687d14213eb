#include <algorithm>
#include <set>

#include "base/try.h"
#include "store/apply_update.h"
#include "store/memory/engine.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

namespace {

RunInfo with_columns(RunInfo run, RunColumns columns) {
  if (!columns.config) run.config_json.clear();
  if (!columns.summary) run.summary_json.clear();
  return run;
}

void keep_shared_body(std::vector<SharedBody>& bodies, const SharedBody& body) {
  const auto of_writer = [&](const SharedBody& other) { return other.writer == body.writer; };
  std::erase_if(bodies,
                [&](const auto& other) { return of_writer(other) && other.hash == body.hash; });
  bodies.push_back(body);
  if (std::count_if(bodies.begin(), bodies.end(), of_writer) > kSharedBodiesKept) {
    bodies.erase(std::find_if(bodies.begin(), bodies.end(), of_writer));
  }
}

std::int64_t order_time(const RunInfo& run, RunOrder order) {
  return order == RunOrder::kHeartbeatDescending ? run.heartbeat_at_us : run.created_at_us;
}

}  // namespace

Result<RunInfo> MemoryStore::create_run(const NewRun& run, const RunUpdate& first) {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const auto project, look_up(projects_, run.project, "project"));
  for (const auto& [id, rows] : runs_) {
    if (rows.info.project == run.project && rows.info.name == run.name) {
      return taken("run", run.name);
    }
  }
  deleted_names_.erase({run.project, run.name});
  RunInfo made;
  made.id = RunId{next_id_++};
  made.project = run.project;
  made.entity_name = project.entity_name;
  made.project_name = project.name;
  made.name = run.name;
  made.display_name = run.display_name;
  made.config_json = "{}";
  made.summary_json = "{}";
  made.user = run.user;
  if (run.user) {
    RUNSTONE_TRY(const auto user, look_up(users_, *run.user, "user"));
    made.user_name = user.name;
  }
  made.state = run.state;
  made.created_at_us = made.updated_at_us = made.heartbeat_at_us = run.created_at_us;
  apply_update(made, first);
  RunRows& rows = runs_[made.id];
  rows.info = made;
  rows.change = rows.config_change = rows.summary_change = ++last_change_;
  return made;
}

Result<RunInfo> MemoryStore::find_run(std::string_view entity, std::string_view project,
                                      std::string_view run, RunColumns columns) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, rows] : runs_) {
    const RunInfo& info = rows.info;
    if (info.name == run && info.project_name == project && info.entity_name == entity) {
      return with_columns(info, columns);
    }
  }
  return missing("run");
}

Result<RunInfo> MemoryStore::get_run(RunId id, RunColumns columns) const {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const RunRows* const rows, rows_of(id));
  return with_columns(rows->info, columns);
}

Result<std::vector<RunInfo>> MemoryStore::get_runs(std::span<const RunId> ids,
                                                   RunColumns columns) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RunInfo> found;
  for (const RunId id : ids) {
    if (const auto rows = runs_.find(id); rows != runs_.end()) {
      found.push_back(with_columns(rows->second.info, columns));
    }
  }
  return found;
}

Result<std::vector<RunInfo>> MemoryStore::list_runs(const ListRuns& request) const {
  const std::scoped_lock lock(mutex_);
  const bool ascending = request.order == RunOrder::kCreatedAscending;
  const auto place = [&](const RunInfo& run) {
    return std::pair(order_time(run, request.order), run.id);
  };
  std::vector<RunInfo> found;
  for (const auto& [id, rows] : runs_) {
    const RunInfo& run = rows.info;
    if (run.project != request.project) continue;
    if (request.after &&
        (ascending ? place(run) <= *request.after : place(run) >= *request.after)) {
      continue;
    }
    found.push_back(with_columns(run, request.columns));
  }
  std::sort(found.begin(), found.end(), [&](const RunInfo& a, const RunInfo& b) {
    return ascending ? place(a) < place(b) : place(a) > place(b);
  });
  if (request.limit >= 0 && found.size() > static_cast<std::size_t>(request.limit)) {
    found.resize(static_cast<std::size_t>(request.limit));
  }
  return found;
}

Result<std::int64_t> MemoryStore::count_runs(ProjectId project) const {
  const std::scoped_lock lock(mutex_);
  return std::count_if(runs_.begin(), runs_.end(),
                       [&](const auto& item) { return item.second.info.project == project; });
}

Result<std::int64_t> MemoryStore::changed_runs(
    ProjectId project, std::int64_t since, const std::function<void(ChangedRun&&)>& take) const {
  const std::scoped_lock lock(mutex_);
  std::int64_t count = 0;
  for (const auto& [id, rows] : runs_) {
    if (rows.info.project != project) continue;
    ++count;
    if (rows.change <= since) continue;
    const RunColumns columns{rows.config_change > since, rows.summary_change > since};
    take({with_columns(rows.info, columns), rows.change});
  }
  return count;
}

Result<std::vector<RunId>> MemoryStore::list_run_ids(ProjectId project) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RunId> ids;
  for (const auto& [id, rows] : runs_) {
    if (rows.info.project == project) ids.push_back(id);
  }
  return ids;
}

Result<void> MemoryStore::move_runs(const std::vector<RunId>& runs, ProjectId project,
                                    std::int64_t now_us) {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const auto target, look_up(projects_, project, "project"));
  std::set<std::string> names;  // in the target when all are there
  for (const auto& [id, other] : runs_) {
    if (other.info.project == project) names.insert(other.info.name);
  }
  for (const RunId run : runs) {
    const RunRows* const rows = if_rows(run);
    if (rows == nullptr) return missing("run");
    if (rows->info.project != project && !names.insert(rows->info.name).second) {
      return taken("run", rows->info.name);
    }
  }
  for (const RunId run : runs) {
    RunRows& rows = *if_rows(run);
    if (rows.info.project == project) continue;
    rows.info.project = project;
    rows.info.project_name = target.name;
    rows.info.entity_name = target.entity_name;
    rows.info.updated_at_us = now_us;
    rows.change = rows.config_change = rows.summary_change = ++last_change_;
  }
  return {};
}

Result<std::vector<RunInfo>> MemoryStore::list_sweep_runs(ProjectId project, std::string_view sweep,
                                                          RunColumns columns) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RunInfo> found;
  for (const auto& [id, rows] : runs_) {  // ids rise with creation
    if (rows.info.project == project && !sweep.empty() && rows.info.sweep == sweep) {
      found.push_back(with_columns(rows.info, columns));
    }
  }
  return found;
}

Result<std::vector<std::pair<std::string, std::int64_t>>> MemoryStore::count_sweep_runs(
    ProjectId project) const {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::int64_t> counts;
  for (const auto& [id, rows] : runs_) {
    if (rows.info.project == project && !rows.info.sweep.empty()) ++counts[rows.info.sweep];
  }
  return std::vector<std::pair<std::string, std::int64_t>>(counts.begin(), counts.end());
}

Result<std::vector<RunInfo>> MemoryStore::list_silent_runs(std::int64_t before_us) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RunInfo> silent;
  for (const auto& [id, rows] : runs_) {
    if (is_live(rows.info.state) && rows.info.heartbeat_at_us < before_us) {
      silent.push_back(with_columns(rows.info, {.config = false, .summary = false}));
    }
  }
  return silent;
}

Result<std::vector<TailSize>> MemoryStore::list_tails() const {
  const std::scoped_lock lock(mutex_);
  std::map<std::pair<RunId, Stream>, TailSize> sizes;
  for (const auto& [id, rows] : runs_) {
    for (const auto& [key, chunk] : rows.tail) {
      if (key.first == Stream::kConsole) continue;
      TailSize& size = sizes[{id, key.first}];
      size.run = id;
      size.stream = key.first;
      size.raw_bytes += chunk.raw_bytes;
      size.line_count += chunk.line_count;
    }
  }
  std::vector<TailSize> all;
  for (const auto& [key, size] : sizes) all.push_back(size);
  return all;
}

Result<void> MemoryStore::delete_runs(const std::vector<DeletedRun>& runs) {
  const std::scoped_lock lock(mutex_);
  for (const auto& run : runs) {
    if (if_rows(run.run) == nullptr) return missing("run");
  }
  for (const auto& run : runs) {
    const auto found = runs_.find(run.run);
    deleted_names_.emplace(found->second.info.project, found->second.info.name);
    runs_.erase(found);
    deleted_[run.run] = run.object_prefix;
    RUNSTONE_TRY(alerts_->delete_alerts(run.run));
  }
  return {};
}

Result<bool> MemoryStore::was_run_deleted(std::string_view entity, std::string_view project,
                                          std::string_view run) const {
  const std::scoped_lock lock(mutex_);
  const Project* const found = find_project_locked(entity, project);
  return found != nullptr && deleted_names_.count({found->id, std::string(run)}) != 0;
}

Result<std::vector<DeletedRun>> MemoryStore::list_deleted_runs() const {
  const std::scoped_lock lock(mutex_);
  std::vector<DeletedRun> all;
  for (const auto& [run, prefix] : deleted_) all.push_back({run, prefix});
  return all;
}

Result<void> MemoryStore::forget_deleted_runs(const std::vector<RunId>& runs) {
  const std::scoped_lock lock(mutex_);
  for (const RunId run : runs) deleted_.erase(run);
  return {};
}

Result<void> MemoryStore::commit(const Batch& batch) {
  const std::scoped_lock lock(mutex_);
  for (const auto& key : batch.remove_chunks) {
    if (RunRows* const rows = if_rows(key.run)) rows->tail.erase({key.stream, key.first_line});
  }
  for (const PartId part : batch.remove_parts) {
    for (auto& [id, rows] : runs_) rows.parts.erase(part);
  }
  for (const auto& chunk : batch.put_chunks) {
    if (RunRows* const rows = if_rows(chunk.run)) {
      rows->tail[{chunk.stream, chunk.first_line}] = chunk;
    }
  }
  for (const auto& part : batch.add_parts) {
    if (RunRows* const rows = if_rows(part.info.run)) {
      Part made{part.info, part.bytes, part.overview};
      made.info.id = PartId{next_id_++};
      rows->parts[made.info.id] = std::move(made);
    }
  }
  for (const auto& update : batch.keys) {
    if (RunRows* const rows = if_rows(update.run)) {
      for (const auto& key : update.keys) {
        if (key.count() == 0) {
          rows->keys.erase(key.name);
        } else {
          rows->keys[key.name] = key;
        }
      }
    }
  }
  for (const auto& update : batch.files) {
    if (RunRows* const rows = if_rows(update.run)) rows->files[update.file.name] = update.file;
  }
  for (const auto& body : batch.shared_bodies) {
    if (RunRows* const rows = if_rows(body.run)) keep_shared_body(rows->shared_bodies, body);
  }
  for (const auto& update : batch.runs) {
    if (RunRows* const rows = if_rows(update.run)) {
      apply_update(rows->info, update);
      rows->change = ++last_change_;
      if (update.config_json) rows->config_change = rows->change;
      if (update.summary_json) rows->summary_change = rows->change;
    }
  }
  return {};
}

}  // namespace runstone::store::memory
