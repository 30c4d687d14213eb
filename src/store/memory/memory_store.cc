#include "store/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "base/try.h"
#include "store/account_store.h"
#include "store/alert_store.h"
#include "store/apply_update.h"
#include "store/artifact_store.h"
#include "store/memory/account_tables.h"
#include "store/memory/subjects.h"
#include "store/sweep_store.h"
#include "store/view_store.h"

namespace runstone::store::memory {
namespace {

Failure missing(const char* what) {
  return fail(ErrorCode::kNotFound, std::string("no such ") + what);
}
Failure taken(const char* what, std::string_view name) {
  return fail(ErrorCode::kConflict,
              std::string(what) + " " + std::string(name) + " exists already");
}

template <typename Map, typename Key>
auto look_up(const Map& map, const Key& key, const char* what)
    -> Result<typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) return missing(what);
  return found->second;
}

struct Part {
  PartInfo info;
  std::string bytes;
  std::string overview;
};

// All that belongs to one run.
struct RunRows {
  RunInfo info;
  // Numbers of the last change of anything, of the config, of the summary.
  std::int64_t change = 0, config_change = 0, summary_change = 0;
  std::map<std::pair<Stream, std::int64_t>, TailChunk> tail;
  std::map<PartId, Part> parts;
  std::map<std::string, KeyInfo> keys;
  std::map<std::string, RunFile> files;
  std::vector<SharedBody> shared_bodies;
};

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

class MemoryStore final : public Store {
 public:
  // Users, keys, sign-in -----------------------------------------------------------------------
  Result<User> create_user(const User& user) override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(tables_.check_name_is_free("user", user.name));
    User made = user;
    made.id = UserId{next_id_++};
    made.service = false;
    made.default_entity.clear();
    made.deleted_at_us = 0;
    users_[made.id] = made;
    const EntityId entity{next_id_++};
    entities_[entity] = {entity, made.name, made.id, made.created_at_us};
    return made;
  }
  Result<User> find_user(std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, user] : users_) {
      if (user.name == name) return user;
    }
    return missing("user");
  }
  Result<User> get_user(UserId id) const override {
    const std::scoped_lock lock(mutex_);
    return look_up(users_, id, "user");
  }
  Result<std::vector<User>> list_users() const override {
    const std::scoped_lock lock(mutex_);
    std::vector<User> all;
    for (const auto& [id, user] : users_) all.push_back(user);
    return all;
  }
  Result<ApiKey> create_api_key(const ApiKey& key) override {
    const std::scoped_lock lock(mutex_);
    if (!users_.contains(key.user)) return missing("user");
    for (const auto& [id, other] : api_keys_) {
      if (other.hash == key.hash) return taken("API key", key.name);
    }
    ApiKey made = key;
    made.id = ApiKeyId{next_id_++};
    api_keys_[made.id] = made;
    return made;
  }
  Result<ApiKey> find_api_key(std::string_view hash) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, key] : api_keys_) {
      if (key.hash == hash) return key;
    }
    return missing("API key");
  }
  Result<std::vector<ApiKey>> list_api_keys(UserId user) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<ApiKey> all;
    for (const auto& [id, key] : api_keys_) {
      if (key.user == user) all.push_back(key);
    }
    return all;
  }
  Result<void> delete_api_key(ApiKeyId id) override {
    const std::scoped_lock lock(mutex_);
    if (api_keys_.erase(id) == 0) return missing("API key");
    return {};
  }
  Result<void> create_session(const Session& session) override {
    return add_session(sessions_, session, "session");
  }
  Result<Session> find_session(std::string_view hash) const override {
    const std::scoped_lock lock(mutex_);
    return look_up(sessions_, std::string(hash), "session");
  }
  Result<void> delete_session(std::string_view hash) override {
    const std::scoped_lock lock(mutex_);
    sessions_.erase(std::string(hash));
    return {};
  }
  Result<void> create_signin_token(const Session& token) override {
    return add_session(tokens_, token, "sign-in token");
  }
  Result<Session> take_signin_token(std::string_view hash) override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(auto token, look_up(tokens_, std::string(hash), "sign-in token"));
    tokens_.erase(token.hash);
    return token;
  }
  Result<void> delete_expired(std::int64_t now_us) override {
    const std::scoped_lock lock(mutex_);
    const auto expired = [now_us](const auto& item) { return item.second.expires_at_us <= now_us; };
    std::erase_if(sessions_, expired);
    std::erase_if(tokens_, expired);
    return {};
  }
  Result<std::string> get_or_create_setting(std::string_view name,
                                            std::string_view value) override {
    const std::scoped_lock lock(mutex_);
    return settings_.emplace(name, value).first->second;
  }
  Result<void> put_setting(std::string_view name, std::string_view value) override {
    const std::scoped_lock lock(mutex_);
    settings_[std::string(name)] = value;
    return {};
  }

  // Entities and projects ----------------------------------------------------------------------
  Result<Entity> find_entity(std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, entity] : entities_) {
      if (entity.name == name) return entity;
    }
    return missing("entity");
  }
  Result<Entity> get_entity(EntityId id) const override {
    const std::scoped_lock lock(mutex_);
    return look_up(entities_, id, "entity");
  }
  Result<std::vector<Entity>> list_entities() const override {
    const std::scoped_lock lock(mutex_);
    std::vector<Entity> all;
    for (const auto& [id, entity] : entities_) all.push_back(entity);
    return all;
  }
  Result<Project> create_project(EntityId entity, std::string_view name,
                                 std::int64_t now_us) override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const auto owner, look_up(entities_, entity, "entity"));
    if (find_project_locked(owner.name, name) != nullptr) return taken("project", name);
    Project made;
    made.id = ProjectId{next_id_++};
    made.entity = entity;
    made.entity_name = owner.name;
    made.name = name;
    made.created_at_us = now_us;
    made.last_activity_at_us = now_us;
    projects_[made.id] = made;
    return made;
  }
  Result<Project> find_project(std::string_view entity, std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    const Project* const found = find_project_locked(entity, name);
    if (found == nullptr) return missing("project");
    return counted(*found);
  }
  Result<Project> get_project(ProjectId id) const override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const auto project, look_up(projects_, id, "project"));
    return counted(project);
  }
  Result<std::vector<Project>> list_projects(EntityId entity) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<Project> all;
    for (const auto& [id, project] : projects_) {
      if (project.entity == entity) all.push_back(counted(project));
    }
    std::sort(all.begin(), all.end(), [](const Project& a, const Project& b) {
      return std::pair(a.last_activity_at_us, a.id) > std::pair(b.last_activity_at_us, b.id);
    });
    return all;
  }
  Result<void> set_project_description(ProjectId id, std::string_view text) override {
    const std::scoped_lock lock(mutex_);
    const auto found = projects_.find(id);
    if (found == projects_.end()) return missing("project");
    found->second.description = text;
    return {};
  }
  Result<void> delete_project(ProjectId id) override {
    const std::scoped_lock lock(mutex_);
    if (!projects_.contains(id)) return missing("project");
    for (const auto& [run, rows] : runs_) {
      if (rows.info.project == id) {
        return fail(ErrorCode::kFailedPrecondition, "the project still has runs");
      }
    }
    projects_.erase(id);
    return {};
  }

  // Runs ---------------------------------------------------------------------------------------
  Result<RunInfo> create_run(const NewRun& run, const RunUpdate& first) override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const auto project, look_up(projects_, run.project, "project"));
    for (const auto& [id, rows] : runs_) {
      if (rows.info.project == run.project && rows.info.name == run.name) {
        return taken("run", run.name);
      }
    }
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
  Result<RunInfo> find_run(std::string_view entity, std::string_view project, std::string_view run,
                           RunColumns columns) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, rows] : runs_) {
      const RunInfo& info = rows.info;
      if (info.name == run && info.project_name == project && info.entity_name == entity) {
        return with_columns(info, columns);
      }
    }
    return missing("run");
  }
  Result<RunInfo> get_run(RunId id, RunColumns columns) const override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const RunRows* const rows, rows_of(id));
    return with_columns(rows->info, columns);
  }
  Result<std::vector<RunInfo>> get_runs(std::span<const RunId> ids,
                                        RunColumns columns) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<RunInfo> found;
    for (const RunId id : ids) {
      if (const auto rows = runs_.find(id); rows != runs_.end()) {
        found.push_back(with_columns(rows->second.info, columns));
      }
    }
    return found;
  }
  Result<std::vector<RunInfo>> list_runs(const ListRuns& request) const override {
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
  Result<std::int64_t> count_runs(ProjectId project) const override {
    const std::scoped_lock lock(mutex_);
    return std::count_if(runs_.begin(), runs_.end(),
                         [&](const auto& item) { return item.second.info.project == project; });
  }
  Result<std::int64_t> changed_runs(ProjectId project, std::int64_t since,
                                    const std::function<void(ChangedRun&&)>& take) const override {
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
  Result<std::vector<RunId>> list_run_ids(ProjectId project) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<RunId> ids;
    for (const auto& [id, rows] : runs_) {
      if (rows.info.project == project) ids.push_back(id);
    }
    return ids;
  }
  Result<void> move_run(RunId run, ProjectId project, std::int64_t now_us) override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const auto target, look_up(projects_, project, "project"));
    RunRows* const rows = if_rows(run);
    if (rows == nullptr) return missing("run");
    if (rows->info.project == project) return {};
    for (const auto& [id, other] : runs_) {
      if (other.info.project == project && other.info.name == rows->info.name) {
        return taken("run", rows->info.name);
      }
    }
    rows->info.project = project;
    rows->info.project_name = target.name;
    rows->info.entity_name = target.entity_name;
    rows->info.updated_at_us = now_us;
    rows->change = rows->config_change = rows->summary_change = ++last_change_;
    return {};
  }
  Result<std::vector<RunInfo>> list_sweep_runs(ProjectId project, std::string_view sweep,
                                               RunColumns columns) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<RunInfo> found;
    for (const auto& [id, rows] : runs_) {  // ids rise with creation
      if (rows.info.project == project && !sweep.empty() && rows.info.sweep == sweep) {
        found.push_back(with_columns(rows.info, columns));
      }
    }
    return found;
  }
  Result<std::vector<std::pair<std::string, std::int64_t>>> count_sweep_runs(
      ProjectId project) const override {
    const std::scoped_lock lock(mutex_);
    std::map<std::string, std::int64_t> counts;
    for (const auto& [id, rows] : runs_) {
      if (rows.info.project == project && !rows.info.sweep.empty()) ++counts[rows.info.sweep];
    }
    return std::vector<std::pair<std::string, std::int64_t>>(counts.begin(), counts.end());
  }
  Result<std::vector<RunInfo>> list_silent_runs(std::int64_t before_us) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<RunInfo> silent;
    for (const auto& [id, rows] : runs_) {
      if (is_live(rows.info.state) && rows.info.heartbeat_at_us < before_us) {
        silent.push_back(with_columns(rows.info, {.config = false, .summary = false}));
      }
    }
    return silent;
  }
  Result<std::vector<TailSize>> list_tails() const override {
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
  Result<void> delete_run(RunId id, std::string_view object_prefix) override {
    const std::scoped_lock lock(mutex_);
    if (runs_.erase(id) == 0) return missing("run");
    deleted_[id] = object_prefix;
    return {};
  }
  Result<std::vector<DeletedRun>> list_deleted_runs() const override {
    const std::scoped_lock lock(mutex_);
    std::vector<DeletedRun> all;
    for (const auto& [run, prefix] : deleted_) all.push_back({run, prefix});
    return all;
  }
  Result<void> forget_deleted_run(RunId id) override {
    const std::scoped_lock lock(mutex_);
    deleted_.erase(id);
    return {};
  }

  Result<void> commit(const Batch& batch) override {
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

  // A run's lines, parts, keys, files ----------------------------------------------------------
  Result<std::vector<TailChunk>> tail(RunId run, Stream stream, std::int64_t first_line,
                                      std::int64_t end_line) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<TailChunk> found;
    const RunRows* const rows = if_rows(run);
    if (rows == nullptr) return found;
    for (const auto& [key, chunk] : rows->tail) {
      if (key.first == stream && chunk.first_line < end_line && chunk.end_line() > first_line) {
        found.push_back(chunk);
      }
    }
    return found;
  }
  Result<std::vector<TailChunk>> tail_index(RunId run, Stream stream) const override {
    auto chunks = tail(run, stream, INT64_MIN, INT64_MAX);
    for (auto& chunk : *chunks) chunk.data.clear();
    return chunks;
  }
  Result<std::vector<PartInfo>> parts(RunId run, Stream stream) const override {
    const std::scoped_lock lock(mutex_);
    return parts_locked(run, stream);
  }
  Result<std::string> part_bytes(PartId id) const override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const Part* const part, find_part(id));
    if (!part->info.object_key.empty()) return missing("part in SQL");
    return part->bytes;
  }
  Result<std::string> part_overview(PartId id) const override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const Part* const part, find_part(id));
    if (!part->info.overview_key.empty()) return missing("overview in SQL");
    return part->overview;
  }
  Result<std::vector<std::string>> list_part_objects() const override {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [run, rows] : runs_) {
      for (const auto& [id, part] : rows.parts) {
        if (!part.info.object_key.empty()) all.push_back(part.info.object_key);
        if (!part.info.overview_key.empty()) all.push_back(part.info.overview_key);
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  Result<Lines> lines(RunId run, Stream stream) const override {
    const std::scoped_lock lock(mutex_);
    Lines both;
    const RunRows* const rows = if_rows(run);
    if (rows == nullptr) return both;
    both.parts = parts_locked(run, stream);
    for (const auto& [key, chunk] : rows->tail) {
      if (key.first == stream) both.tail.push_back(chunk);
    }
    return both;
  }
  Result<std::vector<KeyInfo>> keys(RunId run) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<KeyInfo> all;
    if (const RunRows* const rows = if_rows(run)) {
      for (const auto& [name, key] : rows->keys) all.push_back(key);
    }
    return all;
  }
  Result<std::vector<KeyInfo>> project_keys(ProjectId project) const override {
    const std::scoped_lock lock(mutex_);
    std::map<std::string, KeyInfo> sums;
    for (const auto& [run, rows] : runs_) {
      if (rows.info.project != project) continue;
      for (const auto& [name, key] : rows.keys) {
        KeyInfo& sum = sums[name];
        sum.name = name;
        sum.numbers += key.numbers;
        sum.strings += key.strings;
        sum.bools += key.bools;
        sum.media += key.media;
        sum.others += key.others;
        sum.last_step = std::max(sum.last_step, key.last_step);
      }
    }
    std::vector<KeyInfo> all;
    for (auto& [name, key] : sums) all.push_back(std::move(key));
    return all;
  }
  Result<std::vector<RunFile>> files(RunId run) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<RunFile> all;
    if (const RunRows* const rows = if_rows(run)) {
      for (const auto& [name, file] : rows->files) all.push_back(file);
    }
    return all;
  }
  Result<RunFile> file(RunId run, std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(const RunRows* const rows, rows_of(run));
    return look_up(rows->files, std::string(name), "file");
  }
  Result<void> delete_file(RunId run, std::string_view name) override {
    const std::scoped_lock lock(mutex_);
    RunRows* const rows = if_rows(run);
    if (rows == nullptr || rows->files.erase(std::string(name)) == 0) return missing("file");
    return {};
  }
  Result<std::vector<SharedBody>> shared_bodies(RunId run) const override {
    const std::scoped_lock lock(mutex_);
    const RunRows* const rows = if_rows(run);
    return rows == nullptr ? std::vector<SharedBody>() : rows->shared_bodies;
  }

  Result<std::vector<RunKey>> keys_of(std::span<const RunId> runs) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<RunKey> all;
    for (const RunId run : runs) {
      if (const RunRows* const rows = if_rows(run)) {
        for (const auto& [name, key] : rows->keys) all.push_back({run, key});
      }
    }
    return all;
  }
  Result<std::vector<RunCount>> count_files(std::span<const RunId> runs) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<RunCount> all;
    for (const RunId run : runs) {
      const RunRows* const rows = if_rows(run);
      if (rows == nullptr) continue;
      const auto count =
          std::count_if(rows->files.begin(), rows->files.end(),
                        [](const auto& item) { return !item.second.object_key.empty(); });
      if (count > 0) all.push_back({run, count});
    }
    return all;
  }
  Result<std::vector<TailChunk>> last_chunks(std::span<const RunId> runs,
                                             Stream stream) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<TailChunk> all;
    for (const RunId run : runs) {
      const TailChunk* last = nullptr;
      const RunRows* const rows = if_rows(run);
      if (rows == nullptr) continue;
      for (const auto& [key, chunk] : rows->tail) {
        if (key.first == stream) last = &chunk;
      }
      if (last != nullptr) all.push_back(*last);
    }
    return all;
  }
  Result<std::vector<LastPart>> last_parts(std::span<const RunId> runs,
                                           Stream stream) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<LastPart> all;
    for (const RunId run : runs) {
      const Part* last = nullptr;
      const RunRows* const rows = if_rows(run);
      if (rows == nullptr) continue;
      for (const auto& [id, part] : rows->parts) {
        if (part.info.stream != stream) continue;
        if (last == nullptr || std::pair(part.info.end_line, part.info.id) >
                                   std::pair(last->info.end_line, last->info.id)) {
          last = &part;
        }
      }
      if (last != nullptr) all.push_back({last->info, last->overview});
    }
    return all;
  }

  AccountStore& accounts() const override { return *accounts_; }
  ArtifactStore& artifacts() const override { return *artifacts_; }
  SweepStore& sweeps() const override { return *sweeps_; }
  AlertStore& alerts() const override { return *alerts_; }
  ViewStore& views() const override { return *views_; }

 private:
  using Sessions = std::map<std::string, Session>;

  Result<void> add_session(Sessions& sessions, const Session& session, const char* what) {
    const std::scoped_lock lock(mutex_);
    if (!users_.contains(session.user)) return missing("user");
    if (!sessions.emplace(session.hash, session).second) return taken(what, "of that hash");
    return {};
  }
  const Project* find_project_locked(std::string_view entity, std::string_view name) const {
    for (const auto& [id, project] : projects_) {
      if (project.entity_name == entity && project.name == name) return &project;
    }
    return nullptr;
  }
  Project counted(Project project) const {
    for (const auto& [id, rows] : runs_) {
      if (rows.info.project != project.id) continue;
      ++project.run_count;
      project.last_activity_at_us =
          std::max(project.last_activity_at_us, rows.info.heartbeat_at_us);
    }
    return project;
  }
  Result<const RunRows*> rows_of(RunId id) const {
    const auto found = runs_.find(id);
    if (found == runs_.end()) return missing("run");
    return &found->second;
  }
  RunRows* if_rows(RunId id) {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : &found->second;
  }
  const RunRows* if_rows(RunId id) const { return const_cast<MemoryStore*>(this)->if_rows(id); }
  std::vector<PartInfo> parts_locked(RunId run, Stream stream) const {
    std::vector<PartInfo> found;
    const RunRows* const rows = if_rows(run);
    if (rows == nullptr) return found;
    for (const auto& [id, part] : rows->parts) {
      if (part.info.stream == stream) found.push_back(part.info);
    }
    std::sort(found.begin(), found.end(), [](const PartInfo& a, const PartInfo& b) {
      return std::pair(a.first_line, a.id) < std::pair(b.first_line, b.id);
    });
    return found;
  }
  Result<const Part*> find_part(PartId id) const {
    for (const auto& [run, rows] : runs_) {
      if (const auto found = rows.parts.find(id); found != rows.parts.end()) return &found->second;
    }
    return missing("part");
  }

  // Shared with the account store, which has its methods over the same tables.
  mutable AccountTables tables_;
  std::mutex& mutex_ = tables_.mutex;
  std::int64_t& next_id_ = tables_.next_id;
  std::map<UserId, User>& users_ = tables_.users;
  std::map<ApiKeyId, ApiKey>& api_keys_ = tables_.api_keys;
  Sessions& sessions_ = tables_.sessions;
  Sessions& tokens_ = tables_.signin_tokens;
  std::map<EntityId, Entity>& entities_ = tables_.entities;
  std::map<ProjectId, Project>& projects_ = tables_.projects;
  std::int64_t last_change_ = 0;
  std::map<std::string, std::string> settings_;
  std::map<RunId, RunRows> runs_;
  std::map<RunId, std::string> deleted_;
  const std::unique_ptr<AccountStore> accounts_ = make_account_store(tables_);
  const std::unique_ptr<ArtifactStore> artifacts_ = make_artifact_store(tables_);
  const std::unique_ptr<SweepStore> sweeps_ = make_sweep_store();
  const std::unique_ptr<AlertStore> alerts_ = make_alert_store();
  const std::unique_ptr<ViewStore> views_ = make_view_store();
};

}  // namespace

std::unique_ptr<Store> make_store() { return std::make_unique<MemoryStore>(); }

}  // namespace runstone::store::memory
