#include "public_api/history_answer.h"

#include <cmath>
#include <limits>
#include <optional>

#include "base/json.h"
#include "base/try.h"
#include "protocol/documents.h"
#include "public_api/json_node.h"

namespace runstone::public_api {
namespace {

Failure no_api(const RunRecord& run, const std::string& what) {
  return fail(ErrorCode::kUnavailable, run.session().options().target.base_url +
                                           " answers, but not as a server of this API (" + what +
                                           "): is the address right?");
}

// The list in project.run[field]; kept in `answer`.
Result<List*> list_in(Value& data, std::string_view field, const RunRecord& run) {
  RUNSTONE_TRY(const Value* node, run.run_in(data));
  const Value* rows = node->get(field);
  if (rows == nullptr || rows->if_list() == nullptr) {
    return no_api(run, "no " + std::string(field));
  }
  return const_cast<Value*>(rows)->if_list();
}

Result<Value> data_of(const std::string& text, const RunRecord& run) {
  auto answer = protocol::parse_graphql_answer(text);
  if (!answer) return no_api(run, "no JSON");
  if (!answer->errors.empty()) {
    return fail(ErrorCode::kInvalidArgument, run.session().options().target.base_url +
                                                 " refuses to give history: " + answer->errors);
  }
  return std::move(answer->data);
}

std::optional<double> number_in(const std::string& text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace

Result<std::vector<Dict>> rows_of_texts(const std::string& answer, std::string_view field,
                                        const RunRecord& run) {
  RUNSTONE_TRY(auto data, data_of(answer, run));
  RUNSTONE_TRY(List * lines, list_in(data, field, run));
  std::vector<Dict> rows;
  rows.reserve(lines->size());
  for (const Value& line : *lines) {
    const std::string* text = line.if_string();
    auto row = text != nullptr ? json::parse(*text) : Result<Value>(line);
    if (!row || row->if_dict() == nullptr) return no_api(run, "a row is no JSON object");
    rows.push_back(std::move(*row->if_dict()));
  }
  return rows;
}

Result<std::vector<Dict>> rows_of_objects(const std::string& answer, const RunRecord& run) {
  RUNSTONE_TRY(auto data, data_of(answer, run));
  RUNSTONE_TRY(List * specs, list_in(data, "sampledHistory", run));
  if (specs->empty() || specs->front().if_list() == nullptr) return no_api(run, "no sample");
  List& samples = *specs->front().if_list();
  std::vector<Dict> rows;
  rows.reserve(samples.size());
  for (Value& sample : samples) {
    if (sample.if_dict() == nullptr) return no_api(run, "a row is no JSON object");
    rows.push_back(std::move(*sample.if_dict()));
  }
  return rows;
}

bool may_hide_numbers(const std::vector<Dict>& rows) {
  for (const Dict& row : rows) {
    for (const auto& [key, value] : row) {
      const std::string* text = value.if_string();
      if (text != nullptr && number_in(*text)) return true;
    }
  }
  return false;
}

void restore_numbers(std::vector<Dict>& rows, const Value& history_keys) {
  const auto is_never_text = [&](std::string_view key) {
    const Value* types = at(&history_keys, "keys", key, "typeCounts");
    if (types == nullptr || types->if_list() == nullptr) return false;
    for (const Value& type : *types->if_list()) {
      if (text_at(&type, "type") == "string") return false;
    }
    return !types->if_list()->empty();
  };
  Dict known;  // key to bool
  for (Dict& row : rows) {
    for (auto& [key, value] : row) {
      const std::string* text = value.if_string();
      const auto number = text != nullptr ? number_in(*text) : std::nullopt;
      if (!number) continue;
      const Value* answer = known.find(key);
      if (answer == nullptr) answer = &known.set(key, is_never_text(key));
      if (answer->bool_or(false)) value = *number;
    }
  }
}

}  // namespace runstone::public_api
