#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/pages.h"
#include "runstone/public_run.h"
#include "runstone/result.h"
#include "runstone/settings.h"
#include "runstone/value.h"

namespace runstone {

namespace public_api {
class Session;
struct SweepRecord;
}  // namespace public_api

struct ApiOptions {
  std::string base_url;         ///< empty: the server that init() would send to
  std::string api_key;          ///< empty: the key that is known for that address
  std::string entity, project;  ///< for paths that do not name them; empty: of the settings
  double timeout_secs = 20;     ///< for one call, its repetitions included
  Settings settings;            ///< stronger than the environment, weaker than the fields above
};

/// Which runs of a project, and in which order.
struct RunsOptions {
  /// Mongo-like: {"config.lr": {"$gt": 0.1}, "$or": [{"state": "finished"}, {"tags": "best"}]}.
  /// Operators: $and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $exists $regex.
  Dict filters;
  /// "+created_at" (the oldest first), "-summary_metrics.loss", "+config.lr.value",
  /// "heartbeat_at"; several separated by commas.
  std::string order = "+created_at";
  int per_page = 50;
  /// Leaves out config, summary and system metrics; each run asks for its own when they are read.
  bool lazy = true;
};

struct ProjectInfo {
  std::string id, name, entity, description, created_at;
  std::string url;
};

/// A sweep on a server. A handle; any thread.
class Sweep {
 public:
  std::string id() const;  ///< in its address
  std::string name() const;
  std::string entity() const;
  std::string project() const;
  std::string url() const;
  std::string state() const;   ///< PENDING, RUNNING, PAUSED, FINISHED or CANCELED
  std::string config() const;  ///< YAML
  std::string method() const;
  std::string description() const;
  std::optional<double> best_loss() const;
  std::int64_t run_count() const;
  std::optional<std::int64_t> expected_run_count() const;  ///< nothing: it has no end of its own
  /// How its runs are ordered from the best to the worst, by its metric: "+summary_metrics.loss";
  /// empty if its config names no metric.
  std::string order() const;
  Result<Pages<PublicRun>> runs(const RunsOptions& options = {}) const;
  /// By order(), or `order`; nothing if there is no run. The newest without either.
  Result<std::optional<PublicRun>> best_run(const std::string& order = "") const;

  explicit Sweep(std::shared_ptr<const public_api::SweepRecord> record)
      : record_(std::move(record)) {}

 private:
  std::shared_ptr<const public_api::SweepRecord> record_;
};

/// Reads and changes what a server has: runs, history, files. The same GraphQL that the field's
/// public API uses, so that it works against any server of it. A handle; any thread, one request at
/// a time. Every call that asks the server waits for it, at most ApiOptions::timeout_secs; nothing
/// here belongs into a training loop.
///
///   auto api = runstone::Api::open();
///   auto run = api->run("team/project/ab12cd34");
///   auto rows = run->scan_history({{"loss"}})->rest();
///
/// Errors of every request are those that PublicRun names.
class Api {
 public:
  /// Asks nothing of the server.
  /// Errors: kFailedPrecondition (no server, or no key for it, is known; the message says what to
  /// set), kInvalidArgument (a setting or an address that cannot be).
  static Result<Api> open(const ApiOptions& options = {});

  /// "entity/project/id", "entity/project/runs/id", "project/id", "id", "entity/project:id", or the
  /// address of a page. Missing parts are ApiOptions', else the viewer's entity.
  /// Errors: kInvalidArgument (a path of another form), kNotFound.
  Result<PublicRun> run(std::string_view path) const;
  /// Runs of "entity/project". A project that is not there is the error kNotFound of the first
  /// page.
  Result<Pages<PublicRun>> runs(std::string_view path, const RunsOptions& options = {}) const;
  Result<Pages<ProjectInfo>> projects(const std::string& entity = "", int per_page = 200) const;
  /// Makes it if it is not there.
  Result<ProjectInfo> create_project(const std::string& name, const std::string& entity = "") const;
  /// "entity/project/id" and its shorter forms; kNotFound.
  Result<Sweep> sweep(std::string_view path) const;
  Result<ApiUser> viewer() const;
  /// That runs go to when none is named; empty if the server knows none.
  Result<std::string> default_entity() const;
  /// "[[entity/]project/]name[:alias]"; kNotFound; kInvalidArgument if it is of another type.
  Result<Artifact> artifact(std::string_view name, const std::string& type = "") const;
  /// Versions of a collection, the newest first.
  Result<Pages<Artifact>> artifacts(const std::string& type, std::string_view name,
                                    int per_page = 50) const;
  /// False also if it is of another type.
  Result<bool> artifact_exists(std::string_view name, const std::string& type = "") const;

  std::string base_url() const;
  std::string api_key() const;

  explicit Api(std::shared_ptr<public_api::Session> session) : session_(std::move(session)) {}
  const std::shared_ptr<public_api::Session>& session() const { return session_; }

 private:
  std::shared_ptr<public_api::Session> session_;  // owners: this, and all that it has given
};

}  // namespace runstone
