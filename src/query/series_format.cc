#include "query/series_format.h"

#include <cmath>
#include <limits>
#include <string>

#include "base/json.h"
#include "base/try.h"

namespace runstone::query {
namespace {

Failure bad(std::size_t index, const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "queries[" + std::to_string(index) + "]: " + what);
}

Result<std::optional<double>> optional_number(const Value& query, const char* name,
                                              std::size_t index) {
  const Value* value = query.get(name);
  if (value == nullptr || value->is_null()) return std::optional<double>();
  if (!value->is_number() || std::isnan(value->number_or(0))) {
    return bad(index, std::string(name) + " must be a number or null");
  }
  return std::optional<double>(value->number_or(0));
}

Result<SeriesQuery> parse_query(const Value& value, std::size_t index) {
  if (!value.is_dict()) return bad(index, "must be an object");
  SeriesQuery query;
  const Value* run = value.get("run");
  const Value* key = value.get("key");
  if (run == nullptr || !run->is_string()) return bad(index, "run must be a text");
  if (key == nullptr || !key->is_string()) return bad(index, "key must be a text");
  query.run = *run->if_string();
  query.request.key = *key->if_string();
  if (const Value* x = value.get("x"); x != nullptr && !x->is_null()) {
    if (!x->is_string()) return bad(index, "x must be a text");
    query.request.x = *x->if_string();
  }
  if (const Value* stream = value.get("stream"); stream != nullptr && !stream->is_null()) {
    const auto name = stream->string_or("");
    if (name != "history" && name != "events")
      return bad(index, "stream must be history or events");
    if (name == "events") query.request.stream = store::Stream::kEvents;
  }
  RUNSTONE_TRY(query.request.min, optional_number(value, "min", index));
  RUNSTONE_TRY(query.request.max, optional_number(value, "max", index));
  if (const Value* points = value.get("points"); points != nullptr && !points->is_null()) {
    query.request.points = points->int_or(0);
    if (query.request.points < 1 || query.request.points > kMaxPoints) {
      return bad(index, "points must be 1 to " + std::to_string(kMaxPoints));
    }
  }
  if (const Value* after = value.get("after"); after != nullptr && !after->is_null()) {
    if (!after->is_int()) return bad(index, "after must be an int or null");
    query.request.after = after->int_or(0);
  }
  return query;
}

void append_column(std::string& out, const std::vector<double>& column) {
  out.append(reinterpret_cast<const char*>(column.data()), column.size() * sizeof(double));
}

}  // namespace

Result<std::vector<SeriesQuery>> parse_series_request(std::string_view body) {
  RUNSTONE_TRY(const auto request, json::parse(body));
  const Value* list = request.get("queries");
  const List* items = list == nullptr ? nullptr : list->if_list();
  if (items == nullptr) return fail(ErrorCode::kInvalidArgument, "queries must be a list");
  if (static_cast<std::int64_t>(items->size()) > kMaxSeriesQueries) {
    return fail(ErrorCode::kInvalidArgument,
                "at most " + std::to_string(kMaxSeriesQueries) + " queries in a request");
  }
  std::vector<SeriesQuery> queries;
  std::int64_t points = 0;
  for (std::size_t i = 0; i < items->size(); ++i) {
    RUNSTONE_TRY(auto query, parse_query((*items)[i], i));
    points += query.request.points;
    queries.push_back(std::move(query));
  }
  if (points > kMaxSeriesPoints) {
    return fail(ErrorCode::kInvalidArgument,
                "at most " + std::to_string(kMaxSeriesPoints) + " points in a request");
  }
  return queries;
}

std::string encode_series(const std::vector<SeriesAnswer>& answers) {
  List entries;
  std::string columns;
  for (const auto& answer : answers) {
    const Series& series = answer.series;
    Dict entry;
    entry.set("run", answer.run);
    entry.set("key", answer.key);
    entry.set("count", series.count);
    entry.set("points", static_cast<std::int64_t>(series.x.size()));
    entry.set("sampled", series.sampled);
    entry.set("last_step", series.last_step);
    entry.set("columns", series.sampled ? List{"x", "mean", "min", "max"} : List{"x", "value"});
    entry.set("offset", static_cast<std::int64_t>(columns.size()));
    entry.set("error", answer.error.empty() ? Value() : Value(answer.error));
    entries.push_back(Value(std::move(entry)));
    append_column(columns, series.x);
    append_column(columns, series.mean);
    if (series.sampled) {
      append_column(columns, series.min);
      append_column(columns, series.max);
    }
  }
  std::string header = json::to_text(Value(Dict{{"series", std::move(entries)}}));
  while ((header.size() + 4) % 8 != 0) header.push_back(' ');
  const auto length = static_cast<std::uint32_t>(header.size());
  std::string out(reinterpret_cast<const char*>(&length), 4);
  out.reserve(4 + header.size() + columns.size());
  out.append(header);
  out.append(columns);
  return out;
}

}  // namespace runstone::query
