#include "query/query.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/try.h"
#include "query/chart_series.h"
#include "query/history_rows.h"
#include "query/page_facts.h"
#include "query/run_index.h"
#include "query/run_list.h"
#include "query/stream_view.h"
#include "store/tail_lines.h"

namespace runstone::query {
namespace {
constexpr std::int64_t kMaxConsoleLines = 10'000;
}

struct Query::Impl {
  const store::Store& store;
  const objects::ObjectStore& objects;
  StreamReader reader;
  mutable ColumnCache columns;
  mutable RunIndexes indexes;
};

Query::Query(const store::Store& store, const objects::ObjectStore& objects)
    : Query(store, objects, Limits()) {}

Query::Query(const store::Store& store, const objects::ObjectStore& objects, Limits limits)
    : impl_(new Impl{store, objects,
                     StreamReader(store, objects, limits.part_cache_bytes, limits.tail_cache_bytes),
                     ColumnCache(limits.column_cache_bytes), RunIndexes(limits.run_index_bytes)}) {}
Query::~Query() = default;

Result<Series> Query::series(const store::RunInfo& run, const SeriesRequest& request) const {
  return std::move(series_many({{&run, request}}).front());
}

std::vector<Result<Series>> Query::series_many(const std::vector<SeriesOfRun>& asked) const {
  // One view at a time: those of hundreds of runs together could be large.
  std::map<std::pair<store::RunId, store::Stream>, std::vector<std::size_t>> by_stream;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    by_stream[{asked[i].run->id, asked[i].request.stream}].push_back(i);
  }
  std::vector<Result<Series>> answers(asked.size(), Series());
  for (const auto& [stream, queries] : by_stream) {
    auto after = std::numeric_limits<std::int64_t>::max();
    for (const auto i : queries) {
      after = std::min(after,
                       asked[i].request.after.value_or(std::numeric_limits<std::int64_t>::min()));
    }
    const auto& run = *asked[queries.front()].run;
    const auto view = after == std::numeric_limits<std::int64_t>::min()
                          ? impl_->reader.open(run, stream.second)
                          : impl_->reader.open_after(run, stream.second, after);
    for (const auto i : queries) {
      if (view) {
        answers[i] = chart_series(*view, asked[i].request, &impl_->columns);
      } else {
        answers[i] = fail(view.error());
      }
    }
  }
  return answers;
}

Result<std::vector<std::string>> Query::history(const store::RunInfo& run, store::Stream stream,
                                                const HistoryRange& range) const {
  RUNSTONE_TRY(const auto view,
               impl_->reader.open_range(run, stream, range.min_step, range.end_step));
  RUNSTONE_TRY(const auto rows, rows_in_range(impl_->reader, view, range));
  return to_json_lines(rows);
}

Result<std::vector<std::string>> Query::history_samples(const store::RunInfo& run,
                                                        store::Stream stream,
                                                        std::int64_t samples) const {
  RUNSTONE_TRY(const auto view, impl_->reader.open(run, stream));
  RUNSTONE_TRY(const auto rows, spread_rows(view, samples));
  return to_json_lines(rows);
}

Result<std::vector<Value>> Query::sampled_history(const store::RunInfo& run,
                                                  const SampledHistorySpec& spec) const {
  constexpr auto kNoEnd = std::numeric_limits<std::int64_t>::max();
  const auto end = spec.max_step == kNoEnd ? kNoEnd : spec.max_step + 1;
  RUNSTONE_TRY(const auto view,
               impl_->reader.open_range(run, store::Stream::kHistory, spec.min_step, end));
  return rows_with_keys(impl_->reader, view, spec);
}

Result<Value> Query::history_keys(const store::RunInfo& run) const {
  RUNSTONE_TRY(const auto view, impl_->reader.open(run, store::Stream::kHistory));
  return describe_keys(view);
}

Result<std::map<store::RunId, Value>> Query::history_keys(
    std::span<const store::RunId> runs) const {
  return page_history_keys(impl_->store, runs);
}

Result<std::map<store::RunId, std::string>> Query::system_metrics(
    std::span<const store::RunId> runs) const {
  return page_system_metrics(impl_->store, impl_->objects, runs);
}

Result<std::vector<store::KeyInfo>> Query::keys(const store::RunInfo& run) const {
  RUNSTONE_TRY(const auto view, impl_->reader.open(run, store::Stream::kHistory));
  return count_keys(view);
}

Result<std::vector<store::KeyInfo>> Query::event_keys(const store::RunInfo& run) const {
  RUNSTONE_TRY(const auto view, impl_->reader.open(run, store::Stream::kEvents));
  return count_keys(view);
}

Result<std::optional<std::string>> Query::last_line(const store::RunInfo& run,
                                                    store::Stream stream) const {
  RUNSTONE_TRY(const auto view, impl_->reader.open(run, stream));
  RUNSTONE_TRY(const auto rows, newest_row(view));
  if (rows.empty()) return std::optional<std::string>();
  return std::optional<std::string>(to_json_lines(rows).front());
}

Result<ConsolePage> Query::console(const store::RunInfo& run, std::int64_t first,
                                   std::int64_t count) const {
  ConsolePage page;
  page.total = run.console_lines;
  if (first < 0) first = std::max<std::int64_t>(0, page.total + first);
  count = std::clamp<std::int64_t>(count, 0, kMaxConsoleLines);
  if (count == 0) return page;
  RUNSTONE_TRY(const auto chunks,
               impl_->store.tail(run.id, store::Stream::kConsole, first, first + count));
  for (const auto& chunk : chunks) {
    RUNSTONE_TRY(const auto lines, store::DecodedLines::decode(chunk.data));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto number = chunk.first_line + static_cast<std::int64_t>(i);
      page.total = std::max(page.total, number + 1);
      if (number >= first && number < first + count) {
        page.lines.push_back({number, std::string(lines[i])});
      }
    }
  }
  return page;
}

Result<RunPage> Query::runs(const RunListRequest& request) const {
  return list_runs(impl_->store, impl_->indexes, request);
}

Result<std::int64_t> Query::count_runs(store::ProjectId project, std::string_view filters) const {
  return count_filtered(impl_->store, impl_->indexes, project, filters);
}

Result<void> Query::prepare_lists(const std::atomic<bool>& stop) const {
  return impl_->indexes.prepare(impl_->store, stop);
}

Result<store::RunInfo> Query::run(std::string_view entity, std::string_view project,
                                  std::string_view name) const {
  return impl_->store.find_run(entity, project, name);
}

Result<ProjectPage> Query::projects(std::string_view entity, std::int64_t first,
                                    std::string_view after, const ProjectTest& visible) const {
  return list_projects(impl_->store, entity, first, after, visible);
}

}  // namespace runstone::query
