#include "api/api_context.h"
#include "api/resolvers/resolvers.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Resolved;

constexpr std::int64_t kDefaultSamples = 500;

const store::RunInfo& run_of(const FieldCall& call) { return call.parent<RunNode>().run; }
const query::Query& query_of(const FieldCall& call) { return context_of(call).services.query; }

Value texts(std::vector<std::string> lines) {
  List list;
  list.reserve(lines.size());
  for (auto& line : lines) list.emplace_back(std::move(line));
  return list;
}

Result<Resolved> history(const FieldCall& call) {
  const auto* min = call.argument("minStep");
  const auto* max = call.argument("maxStep");
  if (min == nullptr && max == nullptr) {
    RUNSTONE_TRY(auto lines,
                 query_of(call).history_samples(run_of(call), store::Stream::kHistory,
                                                call.integer("samples", kDefaultSamples)));
    return Resolved(texts(std::move(lines)));
  }
  query::HistoryRange range;
  if (min != nullptr) range.min_step = min->int_or(range.min_step);
  if (max != nullptr) range.end_step = max->int_or(range.end_step);
  RUNSTONE_TRY(auto lines, query_of(call).history(run_of(call), store::Stream::kHistory, range));
  return Resolved(texts(std::move(lines)));
}

Result<Resolved> events(const FieldCall& call) {
  RUNSTONE_TRY(auto lines,
               query_of(call).history_samples(run_of(call), store::Stream::kEvents,
                                              call.integer("samples", kDefaultSamples)));
  return Resolved(texts(std::move(lines)));
}

Result<Resolved> sampled_history(const FieldCall& call) {
  List answers;
  for (const auto& text : *call.argument("specs")->if_list()) {
    RUNSTONE_TRY(const auto spec, query::SampledHistorySpec::parse(text.string_or("")));
    RUNSTONE_TRY(auto rows, query_of(call).sampled_history(run_of(call), spec));
    answers.emplace_back(
        List(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end())));
  }
  return Resolved(Value(std::move(answers)));
}

// Our parts are tall, the client's reader wants wide ones: it is told of none and reads live, from
// the first step on. Without that step a download of the files would pass for the whole history.
Result<Resolved> parquet_history(const FieldCall& call) {
  List live;
  if (run_of(call).last_step >= 0) live.push_back(Dict{{"_step", 0}});
  return Resolved(Value(Dict{{"parquetUrls", List{}}, {"liveData", std::move(live)}}));
}

Result<Resolved> tail(const FieldCall& call, store::Stream stream) {
  List lines;
  const auto& run = run_of(call);
  // A fork may have rows before its first line.
  if (run.lines(stream) > 0 || (stream == store::Stream::kHistory && run.last_step >= 0)) {
    RUNSTONE_TRY(auto last, query_of(call).last_line(run, stream));
    if (last) lines.emplace_back(*std::move(last));
  }
  return Resolved(json::to_text(lines));
}

}  // namespace

void register_run_history(graphql::Engine& engine) {
  engine.resolve("Run.history", history);
  engine.resolve("Run.events", events);
  engine.resolve("Run.sampledHistory", sampled_history);
  engine.resolve("Run.parquetHistory", parquet_history);
  engine.resolve("Run.historyKeys", [](const FieldCall& call) -> Result<Resolved> {
    const auto& node = call.parent<RunNode>();
    RUNSTONE_TRY(auto keys, node.peers ? node.peers->history_keys(node.run.id)
                                       : query_of(call).history_keys(node.run));
    return Resolved(std::move(keys));
  });
  engine.resolve("Run.historyTail", [](const FieldCall& call) -> Result<Resolved> {
    return tail(call, store::Stream::kHistory);
  });
  engine.resolve("Run.eventsTail", [](const FieldCall& call) -> Result<Resolved> {
    return tail(call, store::Stream::kEvents);
  });
  engine.resolve("Run.systemMetrics", [](const FieldCall& call) -> Result<Resolved> {
    if (run_of(call).event_lines == 0) return Resolved("{}");
    const auto& node = call.parent<RunNode>();
    if (node.peers) {
      RUNSTONE_TRY(auto metrics, node.peers->system_metrics(node.run.id));
      return Resolved(std::move(metrics));
    }
    RUNSTONE_TRY(auto last, query_of(call).last_line(run_of(call), store::Stream::kEvents));
    return Resolved(last ? *std::move(last) : std::string("{}"));
  });
}

}  // namespace runstone::api
