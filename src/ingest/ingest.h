#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "base/thread_pool.h"
#include "ingest/live_events.h"
#include "objects/object_store.h"
#include "protocol/file_stream_body.h"
#include "runstone/result.h"
#include "store/store.h"

namespace runstone::ingest {

struct IngestOptions {
  std::int64_t crash_after_secs = 90;     ///< of silence; counted from create() at the earliest
  std::int64_t compact_values = 640'000;  ///< a tail of as many values becomes a part
  std::int64_t compact_bytes = 8 << 20;   ///< or of as many bytes (uncompressed lines)
  std::int64_t blob_part_bytes_max = 64 << 10;  ///< a part up to this stays in SQL
  std::int64_t queued_bytes_max = 256 << 20;  ///< bodies waiting for their commit; more is refused
  int compaction_threads = 2;  ///< two hold their own against many writers on two cores
  bool background =
      true;  ///< false: no threads but the committer; tests call check_silence() and compact()
};

struct RunPath {
  std::string entity;
  std::string project;
  std::string run;
};

struct AppendRequest {
  RunPath path;
  protocol::FileStreamBody body;
  /// X-Wandb-Use-Async-Filestream: appended, steps made here; `writer` is X-Wandb-Async-Client-Id.
  bool shared = false;
  std::string writer;
  std::string body_hash;  ///< in shared mode: tells a retry from a new body
};

/// What the file stream's answer says; {"exitcode":null,"limits":{},"stopped":false}.
struct AppendAnswer {
  bool stopped = false;
};

/// The input of upsertBucket: what is not set stays. Names as in schemas and docs.
struct UpsertRun {
  std::optional<store::RunId>
      id;               ///< of an existing run; then entity, project, name are not needed
  std::string entity;   ///< empty: `default_entity`
  std::string project;  ///< empty: "uncategorized"
  std::optional<std::string> name;  ///< the run id; made up if neither id nor name is set
  std::optional<std::string> display_name, notes, description, group, job_type, sweep, host,
      program, commit, repo;
  std::optional<std::string> config_json;  ///< replaces the whole config; must be an object
  bool merge_config = false;  ///< shared mode: the config holds only what this writer set
  std::optional<std::string> summary_json;  ///< replaces the whole summary; must be an object
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string>
      state;                   ///< "running", "crashed", ...; an unknown one is kInvalidArgument
  std::string default_entity;  ///< of the caller
  std::optional<store::UserId> user;  ///< of the caller
};

struct UpsertedRun {
  store::RunInfo run;
  bool inserted = false;
};

/// Bytes of a run file: in a spooled file that is taken over, or in memory if `spooled` is empty.
struct FileContent {
  std::filesystem::path spooled;
  std::string bytes;
  std::int64_t size_bytes = 0;
  std::string md5_base64;
  std::string mimetype;
};

struct IngestCounts {  ///< since the start, for /api/metrics
  std::int64_t requests = 0, lines = 0, values = 0, commits = 0, retried_lines = 0, gap_lines = 0,
               bad_lines = 0, ignored_parts = 0, compactions = 0, compaction_errors = 0,
               refused = 0;
};

/// The only writer of runs: takes lines in, keeps the rules of runs and their states, compacts
/// tails into parts and says what changed. One committer thread turns all that waits into one
/// transaction.
class Ingest {
 public:
  /// Borrows all of them. Removes what a crash left: parts no row names, files of deleted runs.
  static Result<std::unique_ptr<Ingest>> create(store::Store& store, objects::ObjectStore& objects,
                                                const Clock& clock, Executor& pool,
                                                IngestOptions options = {});
  virtual ~Ingest() = default;
  /// Ends the background work; what was acknowledged is durable already. Later calls are refused
  /// with kUnavailable. Idempotent.
  virtual void stop() = 0;

  /// Takes a body of the file stream in. Completes when it is durable. Call it on a pool thread (it
  /// reads and compresses the lines first); it completes on a pool thread.
  /// Errors   kNotFound for no such run (the route answers 404, which ends the writer on purpose),
  ///          kResourceExhausted when too much waits (429), kUnavailable, kIo.
  virtual Task<Result<AppendAnswer>> append(AppendRequest request) = 0;

  // The calls below block. Each is durable on return; what it changed is told to live().

  /// Makes or changes a run by the rules of upsertBucket. A new run whose config has
  /// `_wandb.branch_point` begins with the history of that run up to that step, with the summary of
  /// these rows and with that run's config below its own.
  /// Errors   kNotFound for an unknown id or entity or a fork of a run that is not there,
  /// kInvalidArgument for JSON or names that are none.
  virtual Result<UpsertedRun> upsert_run(UpsertRun input) = 0;
  /// Takes the history back to its rows with `_step` <= `step`, and the summary to what these rows
  /// give; the others are gone for good, and so are the system metrics and the console, which the
  /// writer begins anew. The run is running again.
  virtual Result<store::RunInfo> rewind_run(store::RunId run, std::int64_t step) = 0;
  /// Announces files; their content comes with store_file(). In the order given.
  virtual Result<std::vector<store::RunFile>> create_files(store::RunId run,
                                                           std::vector<std::string> names) = 0;
  virtual Result<store::RunFile> store_file(store::RunId run, std::string_view name,
                                            FileContent content) = 0;
  virtual Result<void> delete_file(store::RunId run, std::string_view name) = 0;
  /// A state set by hand: pending, of a run that is to be tried again, or failed, of one whose
  /// writer is lost. kFailedPrecondition from other states, and for runs of a sweep.
  virtual Result<void> set_state(store::RunId run, std::string_view state) = 0;
  /// The writer is told by the next append()'s answer.
  virtual Result<void> request_stop(store::RunId run) = 0;
  /// The runs, their lines, parts and files, a hundred runs at a time: writers get in between. A
  /// failure says how many are gone.
  virtual Result<void> delete_runs(const std::vector<store::RunId>& runs) = 0;
  /// Into another project, all or none. kFailedPrecondition while a writer may still come to one:
  /// it knows the run by its old address, and would lose what it sends there. kConflict for a name
  /// taken there.
  virtual Result<void> move_runs(const std::vector<store::RunId>& runs,
                                 store::ProjectId project) = 0;

  /// kFailedPrecondition while a writer may still come to one of its runs, as for move_runs();
  /// kConflict for a name taken, kInvalidArgument for one that is none.
  virtual Result<void> rename_project(store::ProjectId project, std::string_view name) = 0;

  virtual LiveEvents& live() = 0;
  virtual IngestCounts counts() const = 0;

  /// What the background does each second: runs that have been silent too long become crashed.
  virtual Result<void> check_silence() = 0;
  /// Turns the tails that are due into parts; all tails if `all`. On return nothing is pending.
  virtual Result<void> compact(bool all = false) = 0;
};

}  // namespace runstone::ingest
