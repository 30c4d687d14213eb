#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/account_store.h"
#include "store/alert_store.h"
#include "store/artifact_store.h"
#include "store/memory/account_tables.h"
#include "store/memory/subjects.h"
#include "store/registry_store.h"
#include "store/store.h"
#include "store/sweep_store.h"
#include "store/view_store.h"

namespace runstone::store::memory {

struct Part {
  PartInfo info;
  std::string bytes;
  std::string overview;
};

/// All that belongs to one run.
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

/// The Store as plain maps: the model that tests compare engines with. Its methods are in users.cc,
/// projects.cc, runs.cc and lines.cc, as those of the SQLite engine.
class MemoryStore final : public Store {
 public:
  // Users, keys, sign-in -----------------------------------------------------------------------
  Result<User> create_user(const User& user) override;
  Result<User> find_user(std::string_view name) const override;
  Result<User> get_user(UserId id) const override;
  Result<std::vector<User>> list_users() const override;
  Result<ApiKey> create_api_key(const ApiKey& key) override;
  Result<ApiKey> find_api_key(std::string_view hash) const override;
  Result<std::vector<ApiKey>> list_api_keys(UserId user) const override;
  Result<void> delete_api_key(ApiKeyId id) override;
  Result<void> create_session(const Session& session) override;
  Result<Session> find_session(std::string_view hash) const override;
  Result<void> delete_session(std::string_view hash) override;
  Result<void> create_signin_token(const Session& token) override;
  Result<Session> take_signin_token(std::string_view hash) override;
  Result<void> delete_expired(std::int64_t now_us) override;
  Result<std::string> get_or_create_setting(std::string_view name, std::string_view value) override;
  Result<void> put_setting(std::string_view name, std::string_view value) override;

  // Entities and projects ----------------------------------------------------------------------
  Result<Entity> find_entity(std::string_view name) const override;
  Result<Entity> get_entity(EntityId id) const override;
  Result<std::vector<Entity>> list_entities() const override;
  Result<Project> create_project(EntityId entity, std::string_view name,
                                 std::int64_t now_us) override;
  Result<Project> find_project(std::string_view entity, std::string_view name) const override;
  Result<Project> get_project(ProjectId id) const override;
  Result<std::vector<Project>> list_projects(EntityId entity) const override;
  Result<void> set_project_description(ProjectId id, std::string_view text) override;
  Result<void> rename_project(ProjectId id, std::string_view name) override;
  Result<void> delete_project(ProjectId id) override;

  // Runs ---------------------------------------------------------------------------------------
  Result<RunInfo> create_run(const NewRun& run, const RunUpdate& first) override;
  Result<RunInfo> find_run(std::string_view entity, std::string_view project, std::string_view run,
                           RunColumns columns) const override;
  Result<RunInfo> get_run(RunId id, RunColumns columns) const override;
  Result<std::vector<RunInfo>> get_runs(std::span<const RunId> ids,
                                        RunColumns columns) const override;
  Result<std::vector<RunInfo>> list_runs(const ListRuns& request) const override;
  Result<std::int64_t> count_runs(ProjectId project) const override;
  Result<std::int64_t> changed_runs(ProjectId project, std::int64_t since,
                                    const std::function<void(ChangedRun&&)>& take) const override;
  Result<std::vector<RunId>> list_run_ids(ProjectId project) const override;
  Result<void> move_runs(const std::vector<RunId>& runs, ProjectId project,
                         std::int64_t now_us) override;
  Result<std::vector<RunInfo>> list_sweep_runs(ProjectId project, std::string_view sweep,
                                               RunColumns columns) const override;
  Result<std::vector<std::pair<std::string, std::int64_t>>> count_sweep_runs(
      ProjectId project) const override;
  Result<std::vector<RunInfo>> list_silent_runs(std::int64_t before_us) const override;
  Result<std::vector<TailSize>> list_tails() const override;
  Result<void> delete_runs(const std::vector<DeletedRun>& runs) override;
  Result<bool> was_run_deleted(std::string_view entity, std::string_view project,
                               std::string_view run) const override;
  Result<std::vector<DeletedRun>> list_deleted_runs() const override;
  Result<void> forget_deleted_runs(const std::vector<RunId>& runs) override;
  Result<void> commit(const Batch& batch) override;

  // A run's lines, parts, keys, files ----------------------------------------------------------
  Result<std::vector<TailChunk>> tail(RunId run, Stream stream, std::int64_t first_line,
                                      std::int64_t end_line) const override;
  Result<std::vector<TailChunk>> tail_index(RunId run, Stream stream) const override;
  Result<std::vector<PartInfo>> parts(RunId run, Stream stream) const override;
  Result<std::string> part_bytes(PartId id) const override;
  Result<std::string> part_overview(PartId id) const override;
  Result<std::vector<std::string>> list_part_objects() const override;
  Result<Lines> lines(RunId run, Stream stream) const override;
  Result<std::vector<KeyInfo>> keys(RunId run) const override;
  Result<std::vector<KeyInfo>> project_keys(ProjectId project) const override;
  Result<std::vector<RunFile>> files(RunId run) const override;
  Result<RunFile> file(RunId run, std::string_view name) const override;
  Result<void> delete_file(RunId run, std::string_view name) override;
  Result<std::vector<SharedBody>> shared_bodies(RunId run) const override;
  Result<std::vector<RunKey>> keys_of(std::span<const RunId> runs) const override;
  Result<std::vector<RunCount>> count_files(std::span<const RunId> runs) const override;
  Result<std::vector<TailChunk>> last_chunks(std::span<const RunId> runs,
                                             Stream stream) const override;
  Result<std::vector<LastPart>> last_parts(std::span<const RunId> runs,
                                           Stream stream) const override;
  AccountStore& accounts() const override { return *accounts_; }
  ArtifactStore& artifacts() const override { return *artifacts_; }
  SweepStore& sweeps() const override { return *sweeps_; }
  AlertStore& alerts() const override { return *alerts_; }
  RegistryStore& registries() const override { return *registries_; }
  ViewStore& views() const override { return *views_; }

 private:
  using Sessions = std::map<std::string, Session>;
  Result<void> add_session(Sessions& sessions, const Session& session, const char* what);
  const Project* find_project_locked(std::string_view entity, std::string_view name) const;
  Project counted(Project project) const;
  Result<const RunRows*> rows_of(RunId id) const;
  RunRows* if_rows(RunId id);
  const RunRows* if_rows(RunId id) const { return const_cast<MemoryStore*>(this)->if_rows(id); }
  std::vector<PartInfo> parts_locked(RunId run, Stream stream) const;
  Result<const Part*> find_part(PartId id) const;
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
  std::set<std::pair<ProjectId, std::string>> deleted_names_;
  const std::unique_ptr<AccountStore> accounts_ = make_account_store(tables_);
  const std::unique_ptr<ArtifactStore> artifacts_ = make_artifact_store(tables_);
  const std::unique_ptr<SweepStore> sweeps_ = make_sweep_store();
  const std::unique_ptr<AlertStore> alerts_ = make_alert_store();
  const std::unique_ptr<RegistryStore> registries_ = make_registry_store(tables_);
  const std::unique_ptr<ViewStore> views_ = make_view_store();
};

}  // namespace runstone::store::memory
