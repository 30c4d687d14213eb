#include "media/chart.h"

namespace runstone::media {
namespace {

Value plain_query(const char* name) { return Value{{"name", name}, {"fields", List()}}; }

Value query_with_argument(const char* name, const char* argument, std::string value, List fields) {
  return Value{{"name", name},
               {"args", List{Value{{"name", argument}, {"value", std::move(value)}}}},
               {"fields", std::move(fields)}};
}

}  // namespace

std::string ChartObject::table_key(const std::string& key) const {
  if (spec_.is_visualize) return key;
  return (spec_.split_table ? "Custom Chart Tables/" : "") + key + "_table";
}

std::vector<std::string> ChartObject::config_path(const std::string& key) const {
  return {spec_.is_visualize ? "viz" : "visualize", key};
}

// Source: data-formats 4.9.
Value ChartObject::config_value(const std::string& key) const {
  if (spec_.is_visualize) {
    return Value{{"id", spec_.name}, {"historyFieldSettings", {{"x-axis", "_step"}, {"key", key}}}};
  }
  List run_fields = {plain_query("id"), plain_query("name"), plain_query("_defaultColorIndex"),
                     query_with_argument("summaryTable", "tableKey", table_key(key), List())};
  const Value query{{"queryFields", List{query_with_argument("runSets", "runSets", "${runSets}",
                                                             std::move(run_fields))}}};
  return Value{{"panel_type", "Vega2"},
               {"panel_config",
                {{"panelDefId", spec_.name},
                 {"fieldSettings", Value(spec_.fields)},
                 {"stringSettings", Value(spec_.string_fields)},
                 {"transform", {{"name", "tableWithLeafColNames"}}},
                 {"userQuery", query}}}};
}

Result<Value> ChartObject::encode(Sink&, const Place& place) {
  return fail(ErrorCode::kInvalidArgument,
              "the chart of '" + place.key +
                  "' can only be logged by itself, under a key of a row: not in a list, nor set in "
                  "the summary");
}

}  // namespace runstone::media
