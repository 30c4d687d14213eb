#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

#include "query/series.h"
#include "store/store.h"

namespace runstone::objects {
class ObjectStore;
}

namespace runstone::query {

/// Rows of a history (or event) stream, by line or by step.
struct HistoryRange {
  std::int64_t min_step = std::numeric_limits<std::int64_t>::min();  ///< inclusive
  std::int64_t end_step = std::numeric_limits<std::int64_t>::max();  ///< exclusive
  std::int64_t limit = -1;  ///< at most so many rows, the first ones; -1: all
};

/// The GraphQL spec {"keys","samples","minStep","maxStep"}: rows that have every one of the keys.
struct SampledHistorySpec {
  std::vector<std::string> keys;  ///< leaf paths, or the top-level name of a nested dict
  std::int64_t samples = 500;
  std::int64_t min_step = std::numeric_limits<std::int64_t>::min();  ///< inclusive
  std::int64_t max_step = std::numeric_limits<std::int64_t>::max();  ///< inclusive
  /// From the JSON text of the wire. kInvalidArgument if it is none or a field has a wrong type.
  static Result<SampledHistorySpec> parse(std::string_view json);
};

struct ConsoleLine {
  std::int64_t number = 0;
  std::string text;
};
struct ConsolePage {
  std::int64_t total = 0;  ///< 1 + the highest line number
  std::vector<ConsoleLine> lines;
};

/// A page of a list. `cursor` of each item is echoed back as `after` to go on behind it.
struct RunItem {
  store::RunInfo run;
  std::string cursor;
};
struct RunPage {
  std::vector<RunItem> items;
  bool has_next = false;
};
struct RunListRequest {
  store::ProjectId project{};
  std::string filters;      ///< JSON of the wire's operators; "" or "{}" for all
  std::string order;        ///< "+created_at", "-summary_metrics.loss", several separated by commas
  std::int64_t first = -1;  ///< page size, at most 10,000 are given; negative: all
  std::string after;        ///< a cursor; "" for the start
  store::RunColumns columns{true, true};  ///< what the runs given are to have
};
struct ProjectItem {
  store::Project project;
  std::string cursor;
};
struct ProjectPage {
  std::vector<ProjectItem> items;
  bool has_next = false;
};

/// Every read of runs. Blocking, thread-safe; never writes. Borrows the store and the objects.
/// Errors pass up from them: kNotFound, kIo, kCorrupt; bad filters and cursors are
/// kInvalidArgument.
using ProjectTest = std::function<bool(const store::Project&)>;

class Query {
 public:
  struct Limits {
    std::int64_t part_cache_bytes = 256ll << 20;    ///< opened parts with their overviews
    std::int64_t tail_cache_bytes = 256ll << 20;    ///< decoded tails of live runs
    std::int64_t column_cache_bytes = 128ll << 20;  ///< columns of charts over any metric
    std::int64_t run_index_bytes = 128ll << 20;     ///< projects' runs, for filters and orders
  };
  Query(const store::Store& store, const objects::ObjectStore& objects);
  Query(const store::Store& store, const objects::ObjectStore& objects, Limits limits);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Charts ---------------------------------------------------------------------------------------
  /// One line of a chart; `run` must exist. An unknown key gives no points and no error.
  Result<Series> series(const store::RunInfo& run, const SeriesRequest& request) const;
  /// Many lines, answers in the order asked; each as series() gives it. Those of one run and stream
  /// are drawn from one view of it. The runs are borrowed.
  struct SeriesOfRun {
    const store::RunInfo* run = nullptr;
    SeriesRequest request;
  };
  std::vector<Result<Series>> series_many(const std::vector<SeriesOfRun>& asked) const;

  // History and events ---------------------------------------------------------------------------
  /// Lines as JSON, ascending by step (ties by line), values equal to what was logged.
  Result<std::vector<std::string>> history(const store::RunInfo& run, store::Stream stream,
                                           const HistoryRange& range) const;
  /// The same, `samples` rows spread evenly over all of them (all, if there are no more).
  Result<std::vector<std::string>> history_samples(const store::RunInfo& run, store::Stream stream,
                                                   std::int64_t samples) const;
  /// One object per row that has every key, holding just these; evenly spread, first and last kept.
  Result<std::vector<Value>> sampled_history(const store::RunInfo& run,
                                             const SampledHistorySpec& spec) const;
  /// {"sets":[],"keys":{name:{"typeCounts":[...],"monotonic","previousValue"}},"lastStep"}
  Result<Value> history_keys(const store::RunInfo& run) const;
  /// The same for a page of runs, from the store's catalogue of keys, in one statement: up to 2 s
  /// behind a live run, and without what only the rows tell (monotonic, previousValue).
  Result<std::map<store::RunId, Value>> history_keys(std::span<const store::RunId> runs) const;
  /// The newest value of every system metric as a JSON object, of those runs that have any; in two
  /// statements.
  Result<std::map<store::RunId, std::string>> system_metrics(
      std::span<const store::RunId> runs) const;
  /// Keys of the history with type, count, last step, by name.
  Result<std::vector<store::KeyInfo>> keys(const store::RunInfo& run) const;
  /// Keys of the event stream (system metrics).
  Result<std::vector<store::KeyInfo>> event_keys(const store::RunInfo& run) const;
  /// The last line of the stream as JSON; nothing if there is none. For resuming.
  Result<std::optional<std::string>> last_line(const store::RunInfo& run,
                                               store::Stream stream) const;

  // Console --------------------------------------------------------------------------------------
  /// Lines [first, first + count); negative `first` counts from the end. At most 10,000.
  Result<ConsolePage> console(const store::RunInfo& run, std::int64_t first,
                              std::int64_t count) const;

  // Lists ----------------------------------------------------------------------------------------
  /// Runs that pass the filters, in the order asked; ties by creation, so that pages are stable.
  Result<RunPage> runs(const RunListRequest& request) const;
  Result<std::int64_t> count_runs(store::ProjectId project, std::string_view filters) const;
  /// What lists of the projects that were active last need, made beforehand: their first page after
  /// a start is then as quick as any. For a thread of its own; ends early once `stop` is set.
  Result<void> prepare_lists(const std::atomic<bool>& stop) const;
  Result<store::RunInfo> run(std::string_view entity, std::string_view project,
                             std::string_view name) const;
  /// The visible projects of an entity, newest activity first.
  Result<ProjectPage> projects(std::string_view entity, std::int64_t first, std::string_view after,
                               const ProjectTest& visible) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runstone::query
