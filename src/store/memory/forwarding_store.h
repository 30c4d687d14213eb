#pragma once

#include "store/store.h"

namespace runstone::store::memory {

/// Every call goes to another store: for tests that change one of them, to fail or to wait.
class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& inner) : inner_(inner) {}

  Result<User> create_user(const User& user) override { return inner_.create_user(user); }
  Result<User> find_user(std::string_view name) const override { return inner_.find_user(name); }
  Result<User> get_user(UserId id) const override { return inner_.get_user(id); }
  Result<std::vector<User>> list_users() const override { return inner_.list_users(); }
  Result<ApiKey> create_api_key(const ApiKey& key) override { return inner_.create_api_key(key); }
  Result<ApiKey> find_api_key(std::string_view hash) const override {
    return inner_.find_api_key(hash);
  }
  Result<std::vector<ApiKey>> list_api_keys(UserId user) const override {
    return inner_.list_api_keys(user);
  }
  Result<void> delete_api_key(ApiKeyId id) override { return inner_.delete_api_key(id); }
  Result<void> create_session(const Session& session) override {
    return inner_.create_session(session);
  }
  Result<Session> find_session(std::string_view hash) const override {
    return inner_.find_session(hash);
  }
  Result<void> delete_session(std::string_view hash) override {
    return inner_.delete_session(hash);
  }
  Result<void> create_signin_token(const Session& token) override {
    return inner_.create_signin_token(token);
  }
  Result<Session> take_signin_token(std::string_view hash) override {
    return inner_.take_signin_token(hash);
  }
  Result<void> delete_expired(std::int64_t now_us) override {
    return inner_.delete_expired(now_us);
  }
  Result<std::string> get_or_create_setting(std::string_view name,
                                            std::string_view value) override {
    return inner_.get_or_create_setting(name, value);
  }
  Result<void> put_setting(std::string_view name, std::string_view value) override {
    return inner_.put_setting(name, value);
  }
  Result<Entity> find_entity(std::string_view name) const override {
    return inner_.find_entity(name);
  }
  Result<Entity> get_entity(EntityId id) const override { return inner_.get_entity(id); }
  Result<std::vector<Entity>> list_entities() const override { return inner_.list_entities(); }
  Result<Project> create_project(EntityId entity, std::string_view name,
                                 std::int64_t now_us) override {
    return inner_.create_project(entity, name, now_us);
  }
  Result<Project> find_project(std::string_view entity, std::string_view name) const override {
    return inner_.find_project(entity, name);
  }
  Result<Project> get_project(ProjectId id) const override { return inner_.get_project(id); }
  Result<std::vector<Project>> list_projects(EntityId entity) const override {
    return inner_.list_projects(entity);
  }
  Result<void> set_project_description(ProjectId id, std::string_view text) override {
    return inner_.set_project_description(id, text);
  }
  Result<void> rename_project(ProjectId id, std::string_view name) override {
    return inner_.rename_project(id, name);
  }
  Result<void> delete_project(ProjectId id) override { return inner_.delete_project(id); }
  Result<RunInfo> create_run(const NewRun& run, const RunUpdate& first) override {
    return inner_.create_run(run, first);
  }
  Result<RunInfo> find_run(std::string_view entity, std::string_view project, std::string_view run,
                           RunColumns columns) const override {
    return inner_.find_run(entity, project, run, columns);
  }
  Result<RunInfo> get_run(RunId id, RunColumns columns) const override {
    return inner_.get_run(id, columns);
  }
  Result<std::vector<RunInfo>> get_runs(std::span<const RunId> ids,
                                        RunColumns columns) const override {
    return inner_.get_runs(ids, columns);
  }
  Result<std::vector<RunInfo>> list_runs(const ListRuns& request) const override {
    return inner_.list_runs(request);
  }
  Result<std::int64_t> changed_runs(ProjectId project, std::int64_t since,
                                    const std::function<void(ChangedRun&&)>& take) const override {
    return inner_.changed_runs(project, since, take);
  }
  Result<std::vector<RunId>> list_run_ids(ProjectId project) const override {
    return inner_.list_run_ids(project);
  }
  Result<void> move_runs(const std::vector<RunId>& runs, ProjectId project,
                         std::int64_t now_us) override {
    return inner_.move_runs(runs, project, now_us);
  }
  Result<std::vector<RunKey>> keys_of(std::span<const RunId> runs) const override {
    return inner_.keys_of(runs);
  }
  Result<std::vector<RunCount>> count_files(std::span<const RunId> runs) const override {
    return inner_.count_files(runs);
  }
  Result<std::vector<TailChunk>> last_chunks(std::span<const RunId> runs,
                                             Stream stream) const override {
    return inner_.last_chunks(runs, stream);
  }
  Result<std::vector<LastPart>> last_parts(std::span<const RunId> runs,
                                           Stream stream) const override {
    return inner_.last_parts(runs, stream);
  }
  std::int64_t statement_count() const override { return inner_.statement_count(); }
  Result<std::int64_t> count_runs(ProjectId project) const override {
    return inner_.count_runs(project);
  }
  Result<std::vector<RunInfo>> list_sweep_runs(ProjectId project, std::string_view sweep,
                                               RunColumns columns) const override {
    return inner_.list_sweep_runs(project, sweep, columns);
  }
  Result<std::vector<std::pair<std::string, std::int64_t>>> count_sweep_runs(
      ProjectId project) const override {
    return inner_.count_sweep_runs(project);
  }
  Result<std::vector<RunInfo>> list_silent_runs(std::int64_t before_us) const override {
    return inner_.list_silent_runs(before_us);
  }
  Result<std::vector<TailSize>> list_tails() const override { return inner_.list_tails(); }
  Result<void> delete_runs(const std::vector<DeletedRun>& runs) override {
    return inner_.delete_runs(runs);
  }
  Result<bool> was_run_deleted(std::string_view entity, std::string_view project,
                               std::string_view run) const override {
    return inner_.was_run_deleted(entity, project, run);
  }
  Result<std::vector<DeletedRun>> list_deleted_runs() const override {
    return inner_.list_deleted_runs();
  }
  Result<void> forget_deleted_runs(const std::vector<RunId>& runs) override {
    return inner_.forget_deleted_runs(runs);
  }
  Result<void> commit(const Batch& batch) override { return inner_.commit(batch); }
  Result<std::vector<TailChunk>> tail(RunId run, Stream stream, std::int64_t first_line,
                                      std::int64_t end_line) const override {
    return inner_.tail(run, stream, first_line, end_line);
  }
  Result<std::vector<TailChunk>> tail_index(RunId run, Stream stream) const override {
    return inner_.tail_index(run, stream);
  }
  Result<std::vector<PartInfo>> parts(RunId run, Stream stream) const override {
    return inner_.parts(run, stream);
  }
  Result<std::string> part_bytes(PartId id) const override { return inner_.part_bytes(id); }
  Result<std::string> part_overview(PartId id) const override { return inner_.part_overview(id); }
  Result<std::vector<std::string>> list_part_objects() const override {
    return inner_.list_part_objects();
  }
  Result<Lines> lines(RunId run, Stream stream) const override { return inner_.lines(run, stream); }
  Result<std::vector<KeyInfo>> keys(RunId run) const override { return inner_.keys(run); }
  Result<std::vector<KeyInfo>> project_keys(ProjectId project) const override {
    return inner_.project_keys(project);
  }
  Result<std::vector<RunFile>> files(RunId run) const override { return inner_.files(run); }
  Result<RunFile> file(RunId run, std::string_view name) const override {
    return inner_.file(run, name);
  }
  Result<void> delete_file(RunId run, std::string_view name) override {
    return inner_.delete_file(run, name);
  }
  Result<std::vector<SharedBody>> shared_bodies(RunId run) const override {
    return inner_.shared_bodies(run);
  }

  AccountStore& accounts() const override { return inner_.accounts(); }
  ArtifactStore& artifacts() const override { return inner_.artifacts(); }
  SweepStore& sweeps() const override { return inner_.sweeps(); }
  AlertStore& alerts() const override { return inner_.alerts(); }
  RegistryStore& registries() const override { return inner_.registries(); }
  ViewStore& views() const override { return inner_.views(); }

 private:
  Store& inner_;
};

}  // namespace runstone::store::memory
