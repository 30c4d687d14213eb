#include "runstone/settings.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/json.h"
#include "base/try.h"
#include "base/utf8.h"
#include "sdk/settings_sources.h"

extern "C" char** environ;

namespace runstone {
namespace {

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string lower = to_lower(text);
  for (const char* yes : {"1", "y", "yes", "t", "true", "on"}) {
    if (lower == yes) return true;
  }
  for (const char* no : {"0", "n", "no", "f", "false", "off"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Failure wrong_value(std::string_view name, const Value& value, std::string_view wanted) {
  return fail(ErrorCode::kInvalidArgument, "setting " + std::string(name) + ": " +
                                               json::to_text(value) + " is not " +
                                               std::string(wanted));
}

// The value as its setting's type, converted where nothing is lost ("true" for a bool).
Result<Value> to_type(const SettingField& field, Value value) {
  if (value.is_null()) {
    if (field.nullable) return value;
    return wrong_value(field.name, value, "a value it can have");
  }
  switch (field.type) {
    case SettingType::kBool:
      if (value.is_bool()) return value;
      if (const auto* text = value.if_string()) {
        if (const auto parsed = parse_bool(*text)) return Value(*parsed);
      }
      if (const auto* i = value.if_int(); i != nullptr && (*i == 0 || *i == 1))
        return Value(*i == 1);
      return wrong_value(field.name, value, "a bool");
    case SettingType::kInt:
      if (value.is_int()) return value;
      if (const auto* text = value.if_string()) {
        const auto parsed = parse_number(*text);
        constexpr double kIntsEnd = 9.2e18;  // a conversion past that is no number at all
        if (parsed && *parsed > -kIntsEnd && *parsed < kIntsEnd && *parsed == std::trunc(*parsed)) {
          return Value(static_cast<std::int64_t>(*parsed));
        }
      }
      return wrong_value(field.name, value, "a whole number");
    case SettingType::kNumber:
      if (value.is_number()) return Value(value.number_or(0));
      if (const auto* text = value.if_string()) {
        if (const auto parsed = parse_number(*text)) return Value(*parsed);
      }
      return wrong_value(field.name, value, "a number");
    case SettingType::kText:
      if (value.is_string()) return value;
      return wrong_value(field.name, value, "a string");
    case SettingType::kTextList:
      if (const List* list = value.if_list()) {
        if (std::all_of(list->begin(), list->end(), [](const Value& v) { return v.is_string(); })) {
          return value;
        }
      }
      return wrong_value(field.name, value, "a list of strings");
    case SettingType::kAny:
      return value;
  }
  return value;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

// What a setting's type alone does not say.
Result<Value> check_meaning(std::string_view name, Value value) {
  if (name == "mode") {
    const auto mode = value.string_or("");
    if (mode == "dryrun") return Value("offline");
    if (mode == "run") return Value("online");
    if (is_one_of(mode, {"online", "offline", "disabled", "shared"})) return value;
    return wrong_value(name, value, "one of online, offline, disabled, shared, dryrun, run");
  }
  if (name == "resume") {
    if (const bool* b = value.if_bool()) return *b ? Value("auto") : Value(nullptr);
    if (value.is_null() || is_one_of(value.string_or(""), {"allow", "never", "must", "auto"})) {
      return value;
    }
    return wrong_value(name, value, "a bool or one of allow, never, must, auto");
  }
  if (name == "reinit") {
    const bool known = is_one_of(value.string_or(""),
                                 {"default", "return_previous", "finish_previous", "create_new"});
    if (value.is_null() || value.is_bool() || known) return value;
    return wrong_value(name, value,
                       "a bool or one of default, return_previous, finish_previous, create_new");
  }
  if (name == "console" && !is_one_of(value.string_or(""), {"auto", "off", "wrap", "redirect",
                                                            "wrap_raw", "wrap_emu"})) {
    return wrong_value(name, value, "one of auto, off, wrap, redirect");
  }
  if (name == "step_order" && value.string_or("") != "increasing") {
    return wrong_value(name, value, "\"increasing\", the only order that there is");
  }
  if (name == "run_tags" && value.is_list()) RUNSTONE_TRY(check_tags(*value.if_list()));
  if (name.rfind("console_chunk_max_", 0) == 0 && value.int_or(0) < 0) {
    return wrong_value(name, value, "a number from 0 on");
  }
  if (name == "x_stats_gpu_device_ids" && !value.is_null()) {
    const List* ids = value.if_list();
    if (ids == nullptr || !std::all_of(ids->begin(), ids->end(),
                                       [](const Value& id) { return id.int_or(-1) >= 0; })) {
      return wrong_value(name, value, "a list of numbers of GPUs, from 0 on");
    }
  }
  if (name == "x_stats_sampling_interval" && value.number_or(0) < 0.1) {
    return fail(ErrorCode::kFailedPrecondition,
                "x_stats_sampling_interval must be at least 0.1 seconds");
  }
  return value;
}

}  // namespace

Result<void> check_tags(const List& tags) {
  for (const Value& tag : tags) {
    const std::size_t length = count_characters(tag.string_or(""));
    if (!tag.is_string() || length < 1 || length > 64) {
      return fail(ErrorCode::kInvalidArgument,
                  "Tags must be between 1 and 64 characters: " + json::to_text(tag));
    }
  }
  return {};
}

Result<void> Settings::set(std::string_view name, Value value) {
  const SettingField* field = find(name);
  if (field == nullptr || field->computed) {
    return fail(ErrorCode::kInvalidArgument,
                field == nullptr
                    ? "Extra inputs are not permitted: no setting '" + std::string(name) + "'"
                    : "Extra inputs are not permitted: the setting '" + std::string(name) +
                          "' is computed and cannot be set");
  }
  RUNSTONE_TRY(auto typed, to_type(*field, std::move(value)));
  RUNSTONE_TRY(auto checked, check_meaning(name, std::move(typed)));
  values_.set(name, std::move(checked));
  return {};
}

Result<Value> Settings::get(std::string_view name) const {
  if (const Value* set = values_.find(name)) return *set;
  const SettingField* field = find(name);
  if (field == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "no setting '" + std::string(name) + "'");
  }
  return field->default_value;
}

void Settings::merge(const Settings& over) {
  for (const auto& [name, value] : over.values_) values_.set(name, value);
}

Dict Settings::all() const {
  Dict out;
  for (const SettingField& field : fields()) {
    const Value* set = values_.find(field.name);
    out.set(field.name, set != nullptr ? *set : field.default_value);
  }
  return out;
}

std::string Settings::text(std::string_view name) const {
  const auto value = get(name);
  return value ? std::string(value->string_or("")) : std::string();
}
bool Settings::flag(std::string_view name) const {
  const auto value = get(name);
  return value && value->bool_or(false);
}
double Settings::number(std::string_view name) const {
  const auto value = get(name);
  return value ? value->number_or(0) : 0;
}
std::vector<std::string> Settings::texts(std::string_view name) const {
  std::vector<std::string> out;
  const auto value = get(name);
  if (!value || !value->is_list()) return out;
  for (const Value& item : *value->if_list()) out.emplace_back(item.string_or(""));
  return out;
}

// --- sources -------------------------------------------------------------------------------------

namespace {

struct Spelling {
  const char* variable;
  const char* setting;
};
// Where the rule "RUNSTONE_<NAME> sets <name>" has an exception.
constexpr Spelling kSpellings[] = {
    {"NAME", "run_name"},
    {"NOTES", "run_notes"},
    {"TAGS", "run_tags"},
    {"DIR", "root_dir"},
    {"JOB_TYPE", "run_job_type"},
    {"USER_EMAIL", "email"},
    {"GIT_REMOTE_URL", "git_remote_url"},
};

std::string setting_of_variable(std::string_view variable) {
  for (const Spelling& spelling : kSpellings) {
    if (variable == spelling.variable) return spelling.setting;
  }
  std::string name = to_lower(variable);
  if (!name.empty() && name.front() == '_') name = "x" + name;
  return name;
}

// Text as a setting's value: lists are split at commas, nothing is trimmed.
Value from_text(const SettingField& field, std::string_view text) {
  if (field.type != SettingType::kTextList) {
    if (field.type == SettingType::kAny && std::string_view(field.name) == "resume") {
      const auto as_bool = parse_bool(text);
      if (as_bool) return Value(*as_bool);
    }
    return Value(text);
  }
  List items;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    items.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

Result<void> set_from_text(Settings& into, std::string_view name, std::string_view text) {
  const SettingField* field = Settings::find(name);
  if (field == nullptr || field->computed) return {};  // unknown names are ignored
  return into.set(name, from_text(*field, text));
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

Result<Settings> settings_from_variables(std::string_view prefix) {
  Settings settings;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const std::size_t equals = entry.find('=');
    if (equals == entry.npos || entry.substr(0, prefix.size()) != prefix) continue;
    if (equals + 1 == entry.size()) continue;  // set to nothing is not set
    const std::string_view variable = entry.substr(0, equals);
    auto done = set_from_text(settings, setting_of_variable(variable.substr(prefix.size())),
                              entry.substr(equals + 1));
    if (!done) return fail(std::move(done).error().with_context(std::string(variable)));
  }
  return settings;
}

namespace {

// The one thing that belongs to the process, as the environment does.
struct ProcessEnvironment {
  std::mutex mutex;
  std::optional<EnvironmentSettings> settings;
  std::map<std::string, std::string> variables;  // as they were then
  std::set<std::string> told;
};
ProcessEnvironment& process_environment() {
  static auto* environment = new ProcessEnvironment;  // a run may start while the process ends
  return *environment;
}

std::map<std::string, std::string> variables_now() {
  std::map<std::string, std::string> found;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const std::size_t equals = entry.find('=');
    if (equals == entry.npos) continue;
    if (entry.substr(0, 9) != "RUNSTONE_" && entry.substr(0, 6) != "WANDB_") continue;
    found.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return found;
}

}  // namespace

Result<EnvironmentSettings> environment_settings() {
  ProcessEnvironment& process = process_environment();
  const std::scoped_lock lock(process.mutex);
  auto now = variables_now();
  if (!process.settings) {
    EnvironmentSettings read;
    RUNSTONE_TRY(read.wandb, settings_from_variables("WANDB_"));
    RUNSTONE_TRY(read.runstone, settings_from_variables("RUNSTONE_"));
    process.settings = std::move(read);
    process.variables = std::move(now);
    return *process.settings;
  }
  EnvironmentSettings known = *process.settings;
  const auto note = [&](const std::string& name) {
    if (process.told.insert(name).second) known.changed.push_back(name);
  };
  for (const auto& [name, value] : now) {
    const auto before = process.variables.find(name);
    if (before == process.variables.end() || before->second != value) note(name);
  }
  for (const auto& [name, value] : process.variables) {
    if (now.count(name) == 0) note(name);
  }
  return known;
}

void forget_environment() {
  ProcessEnvironment& process = process_environment();
  const std::scoped_lock lock(process.mutex);
  process.settings.reset();
  process.variables.clear();
  process.told.clear();
}

Result<Settings> settings_from_environment() {
  RUNSTONE_TRY(auto settings, settings_from_variables("WANDB_"));
  RUNSTONE_TRY(const auto ours, settings_from_variables("RUNSTONE_"));
  settings.merge(ours);
  return settings;
}

Result<Settings> settings_from_file(const std::string& path) {
  Settings settings;
  std::ifstream file(path);
  std::string line;
  bool in_default = false;
  while (std::getline(file, line)) {
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    if (text.front() == '[') {
      in_default = text == "[default]";
      continue;
    }
    const std::size_t equals = text.find('=');
    if (!in_default || equals == text.npos) continue;
    auto done =
        set_from_text(settings, trim(text.substr(0, equals)), trim(text.substr(equals + 1)));
    if (!done) return fail(std::move(done).error().with_context(path));
  }
  return settings;
}

}  // namespace runstone
