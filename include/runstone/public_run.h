#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/artifact.h"
#include "runstone/pages.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

namespace public_api {
class RunRecord;
class ScanState;
struct FileRecord;
}  // namespace public_api

class PublicRun;
class Sweep;

/// A person or a service account, as far as the server shows it.
struct ApiUser {
  std::string id, name, username, email;
  std::string entity;  ///< that runs go to when none is named; of the viewer only
  bool admin = false;
  std::vector<std::string> teams;  ///< of the viewer only
};

/// How to fetch a list: how many items a request asks for.
struct FileOptions {
  std::vector<std::string> names;  ///< exact; empty: all
  std::string pattern;             ///< as in SQL's LIKE: "%.json"; not together with names
  int per_page = 50;
};
struct DownloadOptions {
  std::string root = ".";
  bool replace = false;   ///< overwrite a file that is there
  bool exist_ok = false;  ///< leave a file that is there as it is
};

/// A file of a run on a server. A handle; any thread.
class RunFile {
 public:
  std::string name() const;  ///< its path in the run, with `/`
  std::uint64_t size() const;
  std::string url() const;  ///< where its bytes are; may stop working after a while
  std::string mimetype() const;
  std::string md5() const;         ///< base64; empty if the server does not say
  std::string updated_at() const;  ///< RFC 3339, UTC
  std::string id() const;          ///< the server's own

  /// Writes the bytes to root/name and gives that path. A file appears there whole or not at all.
  /// Errors: kConflict (a file is there, and neither replace nor exist_ok is set),
  /// kInvalidArgument (a name that leads out of `root`), kIo, those of a request.
  Result<std::string> download(const DownloadOptions& options = {}) const;
  /// Deletes it on the server.
  Result<void> remove() const;

  explicit RunFile(std::shared_ptr<const public_api::FileRecord> record)
      : record_(std::move(record)) {}

 private:
  std::shared_ptr<const public_api::FileRecord> record_;
};

/// Which rows history() samples.
struct HistoryOptions {
  std::int64_t samples = 500;      ///< at most so many rows, the first and the last among them
  std::vector<std::string> keys;   ///< only rows that have all of them; empty: whole rows
  std::string x_axis = "_step";    ///< with keys: one more key, put before them
  std::string stream = "default";  ///< default: what was logged; system: the machine's metrics
};

/// Which rows scan_history() goes through: every one, in the order of steps.
struct ScanOptions {
  std::vector<std::string> keys;         ///< only rows that have all of them, with these and _step
  std::int64_t page_size = 1000;         ///< at most so many rows a request
  std::int64_t min_step = 0;             ///< inclusive
  std::optional<std::int64_t> max_step;  ///< exclusive; none: all that is there at the start
};

/// One key of a table of rows: its values by row. What `values` holds depends on the type.
struct HistoryColumn {
  enum class Type { kInt, kDouble, kBool, kText };
  std::string name;  ///< leaf path: labels joined by `.`, a literal `.` or `\` escaped by `\`
  Type type = Type::kDouble;
  std::vector<std::int64_t> ints;  ///< kInt, kBool (0 and 1); one a row, 0 where there is none
  std::vector<double> doubles;     ///< kDouble; NaN where there is none
  std::vector<std::string> texts;  ///< kText; JSON text of what is no text, if types are mixed
  std::vector<bool> has_value;     ///< one a row
};

/// The rows of one run from the first to the last, page by page; the next page is fetched while the
/// caller works on this one. One thread at a time.
class HistoryScan {
 public:
  /// Rows as nested dicts, as logged; empty: the scan is over. 64-bit integers stay integers,
  /// NaN and the infinities are doubles.
  /// Errors: kNotFound (the run was deleted meanwhile), those of a request.
  Result<std::vector<Dict>> next();
  /// All rows that next() has not given yet.
  Result<std::vector<Dict>> rest();
  /// The same as columns, one a leaf path in the order of first appearance: for data frames.
  Result<std::vector<HistoryColumn>> columns();

  HistoryScan(HistoryScan&&) noexcept;
  HistoryScan& operator=(HistoryScan&&) noexcept;
  ~HistoryScan();
  explicit HistoryScan(std::unique_ptr<public_api::ScanState> state);

 private:
  std::unique_ptr<public_api::ScanState> state_;
};
/// Rows as columns, as HistoryScan::columns() makes them.
std::vector<HistoryColumn> to_columns(const std::vector<Dict>& rows);

/// The summary of a run on a server: what was read, with the changes made here. A handle; update()
/// sends the changes.
class PublicSummary {
 public:
  Result<Dict> all() const;
  /// Nothing if it is not there.
  Result<std::optional<Value>> get(const std::vector<std::string>& path) const;
  Result<void> set(const std::vector<std::string>& path, Value value);
  Result<void> erase(const std::vector<std::string>& path);
  /// Sets these top-level keys and sends every change made here, over what the server has by now:
  /// keys that others have set meanwhile stay. While the run is running, its own writer replaces
  /// the summary with its next rows.
  Result<void> update(const Dict& values = {});

  explicit PublicSummary(std::shared_ptr<public_api::RunRecord> record)
      : record_(std::move(record)) {}

 private:
  std::shared_ptr<public_api::RunRecord> record_;
};

/// A run as a server has it: read, changed a little, deleted. Made by Api::run() and Api::runs(). A
/// handle: copies are the same object. Any thread; each call that asks the server waits for it.
///
/// Errors of every request: kUnauthenticated (a wrong key), kPermissionDenied, kNotFound (the run
/// is not there, or was deleted), kUnavailable (no server, or none of this API), kDeadlineExceeded,
/// kInvalidArgument (the server refused it, with its words).
class PublicRun {
 public:
  // As read by the last load(). What the set_ members change is sent by update().
  std::string id() const;
  std::string name() const;  ///< the name that is shown
  std::string entity() const;
  std::string project() const;
  std::vector<std::string> path() const;  ///< entity, project, id
  std::string url() const;                ///< of its page
  /// running, finished, failed, crashed, killed, preempting, preempted or pending.
  std::string state() const;
  std::vector<std::string> tags() const;
  std::string notes() const;
  std::string description() const;
  std::string group() const;
  std::string job_type() const;
  std::string created_at() const;    ///< RFC 3339, UTC
  std::string heartbeat_at() const;  ///< the writer's last sign of life
  std::string commit() const;
  std::string sweep_name() const;  ///< empty: of no sweep
  std::string storage_id() const;  ///< the server's own
  std::optional<ApiUser> user() const;
  bool read_only() const;

  void set_name(const std::string& name);
  void set_tags(const std::vector<std::string>& tags);
  void set_notes(const std::string& notes);
  void set_description(const std::string& text);
  void set_group(const std::string& group);
  void set_job_type(const std::string& job_type);

  // These ask the server if the run came from a list.
  /// Without the keys that start with `_`.
  Result<Dict> config() const;
  /// The whole, as stored; keys without their {"value": ...}.
  Result<Dict> raw_config() const;
  /// Replaces the config here; update() sends what differs.
  Result<void> set_config(const Dict& config);
  PublicSummary summary() const;
  /// The summary as the server has sent it.
  Result<Dict> summary_metrics() const;
  /// The newest value of each of the machine's metrics.
  Result<Dict> system_metrics() const;

  // These always ask.
  /// The file wandb-metadata.json: machine, program, git. Nothing if the run has none.
  Result<std::optional<Dict>> metadata() const;
  Result<std::int64_t> last_history_step() const;  ///< -1: nothing was logged
  Result<std::vector<Dict>> history(const HistoryOptions& options = {}) const;
  /// Errors: kInvalidArgument (page_size below 1).
  Result<HistoryScan> scan_history(const ScanOptions& options = {}) const;
  Result<Pages<RunFile>> files(const FileOptions& options = {}) const;
  /// kNotFound if the run has no such file.
  Result<RunFile> file(const std::string& name) const;
  /// Sends the file at `path`; its name in the run is its path below `root`.
  /// Errors: kNotFound (no such file), kInvalidArgument (not below root), those of a request.
  Result<RunFile> upload_file(const std::string& path, const std::string& root = ".") const;
  Result<std::optional<Sweep>> sweep() const;
  /// Versions of artifacts that it made, or read.
  Pages<Artifact> logged_artifacts(int per_page = 100) const;
  Pages<Artifact> used_artifacts(int per_page = 100) const;
  /// Says that this run read a version that is on the server. kInvalidArgument for a draft.
  Result<void> use_artifact(const Artifact& version) const;
  /// Says that this run made a version that is on the server, and gives it these aliases and tags.
  /// Errors: kInvalidArgument (a draft, or a version of another project).
  Result<void> log_artifact(const Artifact& version, const std::vector<std::string>& aliases = {},
                            const std::vector<std::string>& tags = {}) const;

  /// Sends name, tags, notes, description, group, job type and config where they were changed here,
  /// and the changes of the summary. What was not changed here stays as others have set it.
  Result<void> update();
  /// Reads it anew if `force`, or if it came from a list and is not whole. Changes that were not
  /// sent are dropped.
  Result<void> load(bool force = false);
  /// Deletes the run with its history and files, with `delete_artifacts` also what it logged.
  Result<void> remove(bool delete_artifacts = false);
  /// Asks the run's writer to stop; returns at once.
  Result<void> stop() const;
  /// pending, or failed; which changes a server allows is its own matter.
  Result<void> update_state(const std::string& state);
  /// Waits until the run is no longer at work: finished, failed, crashed, killed or preempted.
  /// True then; false if it still was after `timeout_secs` (0: no bound).
  Result<bool> wait_until_finished(double timeout_secs = 0);

  explicit PublicRun(std::shared_ptr<public_api::RunRecord> record) : record_(std::move(record)) {}
  const std::shared_ptr<public_api::RunRecord>& record() const { return record_; }

 private:
  std::shared_ptr<public_api::RunRecord> record_;
};

}  // namespace runstone
