#include "query/run_fields.h"

#include <array>
#include <utility>

#include "base/json.h"

namespace runstone::query {
namespace {

/// "displayName" and "display_name" are the same field.
std::string plain_name(std::string_view path) {
  std::string name;
  for (const char c : path) {
    if (c >= 'A' && c <= 'Z') {
      name.push_back('_');
      name.push_back(static_cast<char>(c - 'A' + 'a'));
    } else {
      name.push_back(c);
    }
  }
  return name;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// What was never set is null to clients, so it is missing for filters, too.
Value text_value(const std::string& text) { return text.empty() ? Value() : Value(text); }
template <std::string store::RunInfo::*column>
Value text_of(const store::RunInfo& run) {
  return text_value(run.*column);
}
template <std::int64_t store::RunInfo::*column>
Value number_of(const store::RunInfo& run) {
  return Value(run.*column);
}
Value tags_of(const store::RunInfo& run) { return List(run.tags.begin(), run.tags.end()); }
Value duration_of(const store::RunInfo& run) {
  return static_cast<double>(run.heartbeat_at_us - run.created_at_us) * 1e-6;
}

using store::RunInfo;
struct Column {
  std::string_view name;
  FieldPath::Column read;
};
constexpr std::array kColumns = {
    Column{"name", text_of<&RunInfo::name>},
    Column{"display_name", text_of<&RunInfo::display_name>},
    Column{"state", [](const RunInfo& run) { return Value(store::to_string(run.state)); }},
    Column{"group", text_of<&RunInfo::group>},
    Column{"group_name", text_of<&RunInfo::group>},
    Column{"job_type", text_of<&RunInfo::job_type>},
    Column{"sweep", text_of<&RunInfo::sweep>},
    Column{"sweep_name", text_of<&RunInfo::sweep>},
    Column{"notes", text_of<&RunInfo::notes>},
    Column{"description", text_of<&RunInfo::description>},
    Column{"host", text_of<&RunInfo::host>},
    Column{"program", text_of<&RunInfo::program>},
    Column{"commit", text_of<&RunInfo::commit>},
    Column{"repo", text_of<&RunInfo::repo>},
    Column{"username", text_of<&RunInfo::user_name>},
    Column{"user.username", text_of<&RunInfo::user_name>},
    Column{"user.name", text_of<&RunInfo::user_name>},
    Column{"user", text_of<&RunInfo::user_name>},
    Column{"created_at", number_of<&RunInfo::created_at_us>},
    Column{"heartbeat_at", number_of<&RunInfo::heartbeat_at_us>},
    Column{"updated_at", number_of<&RunInfo::updated_at_us>},
    Column{"finished_at",
           [](const RunInfo& run) {
             return run.finished_at_us ? Value(*run.finished_at_us) : Value();
           }},
    Column{"exit_code",
           [](const RunInfo& run) { return run.exit_code ? Value(*run.exit_code) : Value(); }},
    Column{"history_line_count", number_of<&RunInfo::history_lines>},
    Column{"last_step", number_of<&RunInfo::last_step>},
    Column{"duration", duration_of},
    Column{"_runtime", duration_of},
    Column{"tags", tags_of},
};

/// Follows a path whose labels may hold dots themselves: the longest label that is there wins.
const Value* follow(const Value& value, std::string_view path) {
  if (path.empty()) return &value;
  const Dict* dict = value.if_dict();
  if (dict == nullptr) return nullptr;
  for (std::size_t end = path.size(); end != std::string_view::npos && end > 0;
       end = path.rfind('.', end - 1)) {
    if (const Value* inner = dict->find(path.substr(0, end))) {
      const auto rest = end == path.size() ? std::string_view() : path.substr(end + 1);
      if (const Value* found = follow(*inner, rest)) return found;
    }
    if (end == 0) break;
  }
  return nullptr;
}

/// A config key's value stands in {"value": ...}; `config.lr` and `config.lr.value` both name it.
const Value* follow_config(const Value& config, std::string_view path) {
  if (const Value* found = follow(config, path)) {
    const Dict* wrapped = found->if_dict();
    const Value* value = wrapped == nullptr ? nullptr : wrapped->find("value");
    return value != nullptr ? value : found;
  }
  const Dict* dict = config.if_dict();
  if (dict == nullptr) return nullptr;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const Value* entry = dict->find(path.substr(0, dot));
    const Value* value = entry == nullptr ? nullptr : entry->get("value");
    if (value == nullptr) continue;
    if (const Value* found = follow(*value, path.substr(dot + 1))) return found;
  }
  return nullptr;
}

}  // namespace

bool is_time_field(std::string_view path) {
  const auto name = plain_name(path);
  return name == "created_at" || name == "heartbeat_at" || name == "updated_at" ||
         name == "finished_at";
}

std::optional<FieldPath> FieldPath::parse(std::string_view path) {
  FieldPath field;
  field.text = std::string(path);
  for (const auto prefix : {"config.", "summary_metrics.", "summaryMetrics.", "summary."}) {
    auto rest = path;
    if (!take_prefix(rest, prefix) || rest.empty()) continue;
    field.source = prefix[0] == 'c' ? Source::kConfig : Source::kSummary;
    field.key = std::string(rest);
    return field;
  }
  const std::string name = plain_name(path);
  for (const auto& column : kColumns) {
    if (column.name != name) continue;
    field.source = Source::kColumn;
    field.column = column.read;
    return field;
  }
  return std::nullopt;
}

Error FieldPath::unknown(std::string_view path) {
  std::string names;
  for (const auto& column : kColumns)
    names += (names.empty() ? "" : ", ") + std::string(column.name);
  return Error(ErrorCode::kInvalidArgument,
               "runs have no field \"" + std::string(path) +
                   "\"; there are config.<key>, summary_metrics.<key> and " + names);
}

store::RunColumns FieldPath::columns() const {
  return {source == Source::kConfig, source == Source::kSummary};
}

const Value* RunFields::find(std::string_view path) const {
  const auto field = FieldPath::parse(path);
  return field ? find(*field) : nullptr;
}

const Value* RunFields::find(const FieldPath& field) const {
  const auto parsed = [](std::unique_ptr<Value>& kept, const std::string& text) -> const Value& {
    if (kept == nullptr) {
      auto value = json::parse(text.empty() ? "{}" : text);
      kept = std::make_unique<Value>(value ? *std::move(value) : Value(Dict()));
    }
    return *kept;
  };
  switch (field.source) {
    case FieldPath::Source::kConfig:
      return follow_config(parsed(config_, run_.config_json), field.key);
    case FieldPath::Source::kSummary:
      return follow(parsed(summary_, run_.summary_json), field.key);
    case FieldPath::Source::kColumn:
      break;
  }
  auto [kept, is_new] = columns_.try_emplace(field.text);
  if (is_new) kept->second = field.column(run_);
  return kept->second.is_null() ? nullptr : &kept->second;
}

}  // namespace runstone::query
