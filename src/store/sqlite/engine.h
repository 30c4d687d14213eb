#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store.h"

namespace runstone::store::sqlite {

/// A bounded set of read connections, opened when first needed.
class ReaderPool {
 public:
  ReaderPool(std::string file, int connections_max, int cache_kib)
      : file_(std::move(file)), connections_max_(connections_max), cache_kib_(cache_kib) {}

  /// A connection for one thread; goes back when the lease ends.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() { return *connection_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Connection> connection_;
  };
  /// Waits while all are lent.
  Result<Lease> lend();

 private:
  void give_back(std::unique_ptr<Connection> connection);

  const std::string file_;
  const int connections_max_;
  const int cache_kib_;
  std::mutex mutex_;
  std::condition_variable returned_;
  int opened_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

/// The Store over one SQLite file. Its methods are in users.cc, projects.cc, runs.cc, lines.cc and
/// commit.cc.
class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<Connection> writer, std::string file, const OpenOptions& options)
      : writer_(std::move(writer)),
        readers_(std::move(file), options.reader_connections, options.reader_cache_kib) {}

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
  Result<void> delete_project(ProjectId id) override;

  Result<RunInfo> create_run(const NewRun& run, const RunUpdate& first) override;
  Result<RunInfo> find_run(std::string_view entity, std::string_view project, std::string_view run,
                           RunColumns columns) const override;
  Result<RunInfo> get_run(RunId id, RunColumns columns) const override;
  Result<std::vector<RunInfo>> get_runs(std::span<const RunId> ids,
                                        RunColumns columns) const override;
  Result<std::vector<RunInfo>> list_runs(const ListRuns& request) const override;
  Result<std::int64_t> count_runs(ProjectId project) const override;
  Result<std::vector<RunInfo>> list_silent_runs(std::int64_t before_us) const override;
  Result<std::vector<TailSize>> list_tails() const override;
  Result<void> delete_run(RunId id, std::string_view object_prefix) override;
  Result<std::vector<DeletedRun>> list_deleted_runs() const override;
  Result<void> forget_deleted_run(RunId id) override;

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

 private:
  // Callers hold writer_mutex_ and are inside a transaction.
  Result<void> update_run(const RunUpdate& update);

  std::mutex writer_mutex_;
  std::unique_ptr<Connection> writer_;
  mutable ReaderPool readers_;
};

inline Failure missing(const char* what) {
  return fail(ErrorCode::kNotFound, std::string("no such ") + what);
}
inline Failure taken(const char* what, std::string_view name) {
  return fail(ErrorCode::kConflict,
              std::string(what) + " " + std::string(name) + " exists already");
}

/// All rows of a query, each made by `read(query)`.
template <typename Read>
auto read_all(Query& query, Read read) -> Result<std::vector<decltype(read(query))>> {
  std::vector<decltype(read(query))> all;
  while (true) {
    auto more = query.next();
    if (!more) return fail(std::move(more).error());
    if (!*more) return all;
    all.push_back(read(query));
  }
}
/// The one row of a query, or kNotFound.
template <typename Read>
auto read_one(Query& query, const char* what, Read read) -> Result<decltype(read(query))> {
  auto more = query.next();
  if (!more) return fail(std::move(more).error());
  if (!*more) return missing(what);
  return read(query);
}

}  // namespace runstone::store::sqlite
