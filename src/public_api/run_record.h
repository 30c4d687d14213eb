#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "public_api/paths.h"
#include "public_api/session.h"
#include "runstone/public_run.h"

namespace runstone::public_api {

/// What a server said of a run.
struct RunFacts {
  std::string storage_id, display_name, state, sweep_name, group, job_type, commit, created_at,
      heartbeat_at, description, notes;
  std::vector<std::string> tags;
  bool read_only = false;
  std::optional<ApiUser> user;
  bool is_whole = false;  ///< the three below were asked for
  Dict stored_config;     ///< {"lr": {"value": 0.1}}
  Dict summary, system_metrics;
};
RunFacts parse_run(const Value& node, bool is_whole);

/// A value set or, empty, erased at a path of labels.
struct SummaryChange {
  std::vector<std::string> path;
  std::optional<Value> value;
};
/// What was changed here and not sent.
struct RunChanges {
  std::optional<std::string> name, notes, description, group, job_type;
  std::optional<std::vector<std::string>> tags;
  std::optional<Dict> config;  ///< the keys that users see
  std::vector<SummaryChange> summary;
  bool empty() const {
    return !name && !notes && !description && !group && !job_type && !tags && !config &&
           summary.empty();
  }
};

/// Keys without their {"value": ...}; with or without those that start with `_`.
Dict plain_config(const Dict& stored, bool with_private);
/// Writes the changes over a summary. Dicts on the way are made; null and NaN erase.
void apply(const std::vector<SummaryChange>& changes, Dict& summary);

/// A run on a server: what was read and what was changed here. Any thread.
class RunRecord {
 public:
  RunRecord(std::shared_ptr<Session> session, RunPath path, RunFacts facts)
      : session_(std::move(session)), path_(std::move(path)), facts_(std::move(facts)) {}

  Session& session() const { return *session_; }
  const std::shared_ptr<Session>& shared_session() const { return session_; }
  const RunPath& path() const { return path_; }

  /// Variables of every document about this run: entity, project, name.
  Dict variables() const;
  /// The run's node in an answer. kNotFound if there is none.
  Result<const Value*> run_in(const Value& data) const;

  template <typename Read>
  auto read(Read&& take) const {
    const std::scoped_lock lock(mutex_);
    return take(facts_, changes_);
  }
  template <typename Change>
  void change(Change&& make) {
    const std::scoped_lock lock(mutex_);
    make(changes_);
  }
  /// Asks for what a list left out.
  Result<void> complete();
  /// Reads it anew; drops what was changed here unless `keep_changes`.
  Result<void> load(bool keep_changes);
  /// Sends what was changed here, or of it the summary only.
  Result<void> send_changes();
  Result<void> send_summary();
  void set_state(const std::string& state);

 private:
  Result<RunFacts> fetch() const;
  /// Gives the summary as it is then on the server, if it is among the changes.
  Result<Dict> send(const RunChanges& changes, const Dict& config_before);

  const std::shared_ptr<Session> session_;
  const RunPath path_;
  mutable std::mutex mutex_;  // facts_, changes_
  RunFacts facts_;
  RunChanges changes_;
};

/// kNotFound, naming the run.
Failure no_such_run(const RunPath& path);
Result<std::shared_ptr<RunRecord>> find_run(std::shared_ptr<Session> session, RunPath path);

}  // namespace runstone::public_api
