#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/account_store.h"
#include "store/alert_store.h"
#include "store/artifact_store.h"
#include "store/registry_store.h"
#include "store/sqlite/database.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/subjects.h"
#include "store/store.h"
#include "store/sweep_store.h"
#include "store/view_store.h"

namespace runstone::store::sqlite {

/// "[1,2,3]", for json_each().
std::string json_list(std::span<const RunId> ids);

/// The Store over one SQLite file. Its methods are in users.cc, projects.cc, runs.cc,
/// run_changes.cc, run_pages.cc, lines.cc and commit.cc.
class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<Connection> writer, std::string file, const OpenOptions& options)
      : db_(std::move(writer), std::move(file), options.reader_connections,
            options.reader_cache_kib) {}

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

  Result<RunInfo> create_run(const NewRun& run, const RunUpdate& first) override;
  Result<RunInfo> find_run(std::string_view entity, std::string_view project, std::string_view run,
                           RunColumns columns) const override;
  Result<RunInfo> get_run(RunId id, RunColumns columns) const override;
  Result<std::vector<RunInfo>> get_runs(std::span<const RunId> ids,
                                        RunColumns columns) const override;
  Result<std::vector<RunInfo>> list_runs(const ListRuns& request) const override;
  Result<std::int64_t> count_runs(ProjectId project) const override;
  Result<std::vector<RunInfo>> list_sweep_runs(ProjectId project, std::string_view sweep,
                                               RunColumns columns) const override;
  Result<std::vector<std::pair<std::string, std::int64_t>>> count_sweep_runs(
      ProjectId project) const override;
  Result<std::int64_t> changed_runs(ProjectId project, std::int64_t since,
                                    const std::function<void(ChangedRun&&)>& take) const override;
  Result<std::vector<RunId>> list_run_ids(ProjectId project) const override;
  Result<void> move_runs(const std::vector<RunId>& runs, ProjectId project,
                         std::int64_t now_us) override;
  Result<std::vector<RunInfo>> list_silent_runs(std::int64_t before_us) const override;
  Result<std::vector<TailSize>> list_tails() const override;
  Result<void> delete_runs(const std::vector<DeletedRun>& runs) override;
  Result<bool> was_run_deleted(std::string_view entity, std::string_view project,
                               std::string_view run) const override;
  Result<std::vector<DeletedRun>> list_deleted_runs() const override;
  Result<void> forget_deleted_runs(const std::vector<RunId>& runs) override;

  Result<void> commit(const Batch& batch) override;

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
  std::int64_t statement_count() const override { return db_.statements; }

  AccountStore& accounts() const override { return *accounts_; }
  ArtifactStore& artifacts() const override { return *artifacts_; }
  SweepStore& sweeps() const override { return *sweeps_; }
  AlertStore& alerts() const override { return *alerts_; }
  RegistryStore& registries() const override { return *registries_; }
  ViewStore& views() const override { return *views_; }

 private:
  // Callers hold the writer's mutex and are inside a transaction.
  Result<void> update_run(const RunUpdate& update);
  Result<void> remember_deleted(std::string_view runs);  // before their rows go
  Result<std::int64_t> next_change();

  mutable Database db_;
  std::int64_t last_change_ = -1;  // given to a run; -1: not read yet. Under the writer's mutex.
  const std::unique_ptr<AccountStore> accounts_ = make_account_store(db_);
  const std::unique_ptr<ArtifactStore> artifacts_ = make_artifact_store(db_);
  const std::unique_ptr<SweepStore> sweeps_ = make_sweep_store(db_);
  const std::unique_ptr<AlertStore> alerts_ = make_alert_store(db_);
  const std::unique_ptr<RegistryStore> registries_ = make_registry_store(db_);
  const std::unique_ptr<ViewStore> views_ = make_view_store(db_);
};

}  // namespace runstone::store::sqlite
