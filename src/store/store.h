#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "store/ids.h"
#include "store/records.h"

namespace runstone::store {

class AccountStore;
class ArtifactStore;
class SweepStore;
class AlertStore;
class RegistryStore;
class ViewStore;

/// What a new run starts with; name and display_name must be made already.
struct NewRun {
  ProjectId project{};
  std::string name;
  std::string display_name;
  std::optional<UserId> user;
  RunState state = RunState::kRunning;
  std::int64_t created_at_us = 0;
};

/// Changes of one run: what is set replaces, what is not stays.
struct RunUpdate {
  RunId run{};
  std::optional<std::string> display_name, config_json, summary_json, notes, description, group,
      job_type, sweep, host, program, commit, repo;
  std::optional<std::vector<std::string>> tags;
  std::optional<RunState> state;
  std::optional<std::optional<int>> exit_code;
  std::optional<bool> stop_requested, preempting;
  std::optional<std::int64_t> updated_at_us, heartbeat_at_us;
  std::optional<std::optional<std::int64_t>> finished_at_us;
  std::optional<std::int64_t> history_lines, event_lines, console_lines, gaps, last_step,
      keys_through_line;
  std::optional<RunId> fork_of;
  std::optional<std::int64_t> fork_step;
};

struct ChunkKey {
  RunId run{};
  Stream stream{};
  std::int64_t first_line = 0;
};

struct NewPart {
  PartInfo info;         ///< id is given by the store
  std::string bytes;     ///< the Parquet file, if info.object_key is empty
  std::string overview;  ///< if info.overview_key is empty
};

/// Key counts of one run: absolute values; names not listed stay as they are, one that counts
/// nothing is removed.
struct KeysUpdate {
  RunId run{};
  std::vector<KeyInfo> keys;
};

struct FileUpdate {
  RunId run{};
  RunFile file;  ///< replaces the file of that name
};

/// A body that a writer of a shared run has sent, by hash: it is known again when it is retried.
struct SharedBody {
  RunId run{};
  std::string writer;
  std::string hash;
};
/// So many of a writer's last bodies are kept. Its requests are sequential: only the last can be
/// retried.
inline constexpr std::int64_t kSharedBodiesKept = 8;

/// One transaction. Applied in this order: removals, then additions, then updates of runs.
struct Batch {
  std::vector<ChunkKey> remove_chunks;  ///< one that is not there is no error
  std::vector<PartId> remove_parts;
  std::vector<TailChunk> put_chunks;  ///< replaces a chunk of the same key
  std::vector<NewPart> add_parts;
  std::vector<KeysUpdate> keys;
  std::vector<FileUpdate> files;
  std::vector<SharedBody> shared_bodies;  ///< in the order taken in
  std::vector<RunUpdate>
      runs;  ///< of runs that are gone: skipped, and so are their chunks, parts, ...

  bool empty() const {
    return remove_chunks.empty() && remove_parts.empty() && put_chunks.empty() &&
           add_parts.empty() && keys.empty() && files.empty() && shared_bodies.empty() &&
           runs.empty();
  }
};

enum class RunOrder { kCreatedAscending, kCreatedDescending, kHeartbeatDescending };

/// A page of a project's runs by an index; ties are ordered by id in the same direction.
struct ListRuns {
  ProjectId project{};
  RunColumns columns;
  RunOrder order = RunOrder::kCreatedDescending;
  std::optional<std::pair<std::int64_t, RunId>> after;  ///< (time, id) of the last run seen
  std::int64_t limit = -1;                              ///< -1: all
};

/// A run as Store::changed_runs() gives it. Numbers of changes only grow, over all runs of the
/// store, and a number is never in a smaller one's future: who has seen n has seen all up to n.
struct ChangedRun {
  RunInfo run;  ///< config_json and summary_json are "" unless they changed, too
  std::int64_t change = 0;
};

struct RunKey {
  RunId run{};
  KeyInfo key;
};
struct RunCount {
  RunId run{};
  std::int64_t count = 0;
};
/// What the newest lines of a stream are in: the last part with its overview (if that is in SQL).
struct LastPart {
  PartInfo info;
  std::string overview;
};

/// How much of a stream is not in parts yet.
struct TailSize {
  RunId run{};
  Stream stream{};
  std::int64_t line_count = 0;
  std::int64_t raw_bytes = 0;
};

/// What a run had in the object store when it was deleted; the bytes still have to go.
struct DeletedRun {
  RunId run{};
  std::string object_prefix;
};

/// SQL behind one interface: sqlite::open_store() serves users, memory::make_store() is the model
/// that tests compare with. Calls block; any thread may make them. Each write is one transaction,
/// durable on return. Nothing here knows the rules of runs: those are ingest's.
/// Errors   kNotFound for what is not there, kConflict for a name that is taken, kIo and kCorrupt
///          from the engine.
class Store {
 public:
  virtual ~Store() = default;

  // Users, keys, sign-in -----------------------------------------------------------------------
  virtual Result<User> create_user(const User& user) = 0;  ///< and the entity of that name
  virtual Result<User> find_user(std::string_view name) const = 0;
  virtual Result<User> get_user(UserId id) const = 0;
  virtual Result<std::vector<User>> list_users() const = 0;
  virtual Result<ApiKey> create_api_key(const ApiKey& key) = 0;
  virtual Result<ApiKey> find_api_key(std::string_view hash) const = 0;
  virtual Result<std::vector<ApiKey>> list_api_keys(UserId user) const = 0;
  virtual Result<void> delete_api_key(ApiKeyId id) = 0;
  virtual Result<void> create_session(const Session& session) = 0;
  virtual Result<Session> find_session(std::string_view hash) const = 0;  ///< expired ones too
  virtual Result<void> delete_session(std::string_view hash) = 0;
  virtual Result<void> create_signin_token(const Session& token) = 0;
  /// Gives the token and forgets it, so that only one caller gets it; expired ones too.
  virtual Result<Session> take_signin_token(std::string_view hash) = 0;
  virtual Result<void> delete_expired(std::int64_t now_us) = 0;  ///< sessions and tokens
  /// The value under `name`, or, if there is none, `value` after keeping it. For secrets made once.
  virtual Result<std::string> get_or_create_setting(std::string_view name,
                                                    std::string_view value) = 0;
  virtual Result<void> put_setting(std::string_view name, std::string_view value) = 0;

  // Entities and projects ----------------------------------------------------------------------
  virtual Result<Entity> find_entity(std::string_view name) const = 0;
  virtual Result<Entity> get_entity(EntityId id) const = 0;
  virtual Result<std::vector<Entity>> list_entities() const = 0;
  virtual Result<Project> create_project(EntityId entity, std::string_view name,
                                         std::int64_t now_us) = 0;
  virtual Result<Project> find_project(std::string_view entity, std::string_view name) const = 0;
  virtual Result<Project> get_project(ProjectId id) const = 0;
  virtual Result<std::vector<Project>> list_projects(
      EntityId entity) const = 0;  ///< newest activity first
  virtual Result<void> set_project_description(ProjectId id, std::string_view text) = 0;
  virtual Result<void> rename_project(ProjectId id, std::string_view name) = 0;  ///< or kConflict
  virtual Result<void> delete_project(ProjectId id) = 0;  ///< kFailedPrecondition while it has runs

  // Runs ---------------------------------------------------------------------------------------
  /// A run with the given updates applied (`first.run` is ignored).
  virtual Result<RunInfo> create_run(const NewRun& run, const RunUpdate& first) = 0;
  virtual Result<RunInfo> find_run(std::string_view entity, std::string_view project,
                                   std::string_view run, RunColumns columns = {}) const = 0;
  virtual Result<RunInfo> get_run(RunId id, RunColumns columns = {}) const = 0;
  /// In the order asked; ids that are gone are left out. One statement.
  virtual Result<std::vector<RunInfo>> get_runs(std::span<const RunId> ids,
                                                RunColumns columns = {}) const = 0;
  /// One statement, whatever the number of runs.
  virtual Result<std::vector<RunInfo>> list_runs(const ListRuns& request) const = 0;
  virtual Result<std::int64_t> count_runs(ProjectId project) const = 0;
  /// Calls `take` for every run of the project that changed after the change numbered `since`
  /// (0: for every run), and gives how many runs the project has at that same moment, so that a
  /// reader who keeps them notices those that went away. `take` must not call the store.
  virtual Result<std::int64_t> changed_runs(
      ProjectId project, std::int64_t since,
      const std::function<void(ChangedRun&&)>& take) const = 0;
  virtual Result<std::vector<RunId>> list_run_ids(ProjectId project) const = 0;  ///< ascending
  /// Into another project, with all that belongs to them; all or none. kConflict if there is a run
  /// of such a name. As many statements for many runs as for one, and so below.
  virtual Result<void> move_runs(const std::vector<RunId>& runs, ProjectId project,
                                 std::int64_t now_us) = 0;
  /// The runs that name this sweep of their project, oldest first. One statement.
  virtual Result<std::vector<RunInfo>> list_sweep_runs(ProjectId project, std::string_view sweep,
                                                       RunColumns columns) const = 0;
  /// How many runs each sweep of the project has; sweeps without runs are left out. One statement.
  virtual Result<std::vector<std::pair<std::string, std::int64_t>>> count_sweep_runs(
      ProjectId project) const = 0;
  /// Live runs (pending, running, preempting) whose last heartbeat is before `before_us`.
  virtual Result<std::vector<RunInfo>> list_silent_runs(std::int64_t before_us) const = 0;
  /// Every tail of history and events, for compaction after a start. One statement.
  virtual Result<std::vector<TailSize>> list_tails() const = 0;
  /// Frees every row of theirs and notes their object prefixes in list_deleted_runs(). kNotFound if
  /// one is not there; then all stay.
  virtual Result<void> delete_runs(const std::vector<DeletedRun>& runs) = 0;
  /// Whether a run of that name was deleted and not made anew since. The last 100,000 are known.
  virtual Result<bool> was_run_deleted(std::string_view entity, std::string_view project,
                                       std::string_view run) const = 0;
  virtual Result<std::vector<DeletedRun>> list_deleted_runs() const = 0;
  virtual Result<void> forget_deleted_runs(const std::vector<RunId>& runs) = 0;

  /// All of it or nothing.
  virtual Result<void> commit(const Batch& batch) = 0;

  // A run's lines, parts, keys, files ----------------------------------------------------------
  /// Chunks that hold any line in [first_line, end_line), ascending.
  virtual Result<std::vector<TailChunk>> tail(RunId run, Stream stream, std::int64_t first_line,
                                              std::int64_t end_line) const = 0;
  /// All chunks, without `data`.
  virtual Result<std::vector<TailChunk>> tail_index(RunId run, Stream stream) const = 0;
  /// By first line, then id. A line in two places: the tail wins over parts, a later part over an
  /// earlier one.
  virtual Result<std::vector<PartInfo>> parts(RunId run, Stream stream) const = 0;
  virtual Result<std::string> part_bytes(PartId id) const = 0;     ///< only those kept in SQL
  virtual Result<std::string> part_overview(PartId id) const = 0;  ///< only those kept in SQL
  /// Object keys of all parts, for finding orphans.
  virtual Result<std::vector<std::string>> list_part_objects() const = 0;
  /// The parts and the tail of one moment: a compaction between two calls cannot hide or double
  /// lines.
  struct Lines {
    std::vector<PartInfo> parts;
    std::vector<TailChunk> tail;  ///< with data
  };
  virtual Result<Lines> lines(RunId run, Stream stream) const = 0;
  virtual Result<std::vector<KeyInfo>> keys(RunId run) const = 0;  ///< by name
  /// Every key of any run of the project with summed counts, by name. One statement.
  virtual Result<std::vector<KeyInfo>> project_keys(ProjectId project) const = 0;
  virtual Result<std::vector<RunFile>> files(RunId run) const = 0;  ///< by name
  virtual Result<RunFile> file(RunId run, std::string_view name) const = 0;
  virtual Result<void> delete_file(RunId run, std::string_view name) = 0;
  /// The last bodies of each writer of a shared run, oldest first.
  virtual Result<std::vector<SharedBody>> shared_bodies(RunId run) const = 0;

  // The same for a page of runs; each is one statement, whatever the number of runs ------------
  virtual Result<std::vector<RunKey>> keys_of(std::span<const RunId> runs) const = 0;
  /// Files that have content.
  virtual Result<std::vector<RunCount>> count_files(std::span<const RunId> runs) const = 0;
  /// The last chunk of each run's tail; runs without a tail are left out.
  virtual Result<std::vector<TailChunk>> last_chunks(std::span<const RunId> runs,
                                                     Stream stream) const = 0;
  /// The part with the highest lines of each run; runs without parts are left out.
  virtual Result<std::vector<LastPart>> last_parts(std::span<const RunId> runs,
                                                   Stream stream) const = 0;

  /// Statements run so far by all threads; 0 where there is no SQL. For tests and the metrics.
  virtual std::int64_t statement_count() const { return 0; }

  // Subjects with an interface of their own; of the same database, and as long-lived as this.
  // ------
  virtual AccountStore& accounts() const = 0;
  virtual ArtifactStore& artifacts() const = 0;
  virtual SweepStore& sweeps() const = 0;
  virtual AlertStore& alerts() const = 0;
  virtual RegistryStore& registries() const = 0;
  virtual ViewStore& views() const = 0;
};

}  // namespace runstone::store
