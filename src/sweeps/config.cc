#include "sweeps/config.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/json.h"
#include "base/try.h"
#include "model/yaml_text.h"
#include "sweeps/grid.h"
#include "sweeps/hyperband.h"

namespace runstone::sweeps {
namespace {

constexpr std::int64_t kMaxDepthOfParameters = 16;
constexpr std::size_t kMaxCategories = 100'000;
constexpr double kMaxInt = 9007199254740992.0;  // 2^53: doubles hold these exactly

Failure bad(std::string_view where, const std::string& why) {
  return fail(ErrorCode::kInvalidArgument, std::string(where) + ": " + why);
}

std::string shown(const Value& value) {
  auto text = json::to_text(value);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}
std::string shown(double value) { return json::to_text(Value(value)); }

std::string one_of(const std::vector<const char*>& names) {
  std::string text;
  for (const auto* name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// The keys of one dict of the config: each is asked for by name, those never asked for are
// warnings.
class Section {
 public:
  Section(std::string path, const Dict& dict) : path_(std::move(path)), dict_(dict) {}

  const std::string& path() const { return path_; }
  std::string at(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }
  const Value* find(std::string_view key) {
    known_.insert(std::string(key));
    const auto* value = dict_.find(key);
    return value != nullptr && value->is_null() ? nullptr : value;
  }
  bool has(std::string_view key) { return find(key) != nullptr; }
  /// `value: null` is a value, too.
  const Value* find_with_null(std::string_view key) {
    known_.insert(std::string(key));
    return dict_.find(key);
  }

  Result<std::optional<double>> number(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr) return std::optional<double>();
    if (!value->is_number()) return bad(at(key), shown(*value) + " is no number");
    const double number = value->number_or(0);
    if (!std::isfinite(number)) return bad(at(key), shown(*value) + " is no finite number");
    return std::optional(number);
  }
  Result<double> required_number(std::string_view key) {
    RUNSTONE_TRY(const auto found, number(key));
    if (!found) return bad(path_, "'" + std::string(key) + "' is missing");
    return *found;
  }
  Result<double> positive_number(std::string_view key, double fallback) {
    RUNSTONE_TRY(const auto found, number(key));
    if (found && *found <= 0) return bad(at(key), shown(*found) + " is not greater than 0");
    return found.value_or(fallback);
  }
  Result<std::optional<std::int64_t>> whole_number(std::string_view key, std::int64_t min) {
    RUNSTONE_TRY(const auto found, number(key));
    if (!found) return std::optional<std::int64_t>();
    if (*found != std::floor(*found) || *found > kMaxInt) {
      return bad(at(key), shown(*found) + " is no whole number");
    }
    if (*found < static_cast<double>(min)) {
      return bad(at(key), shown(*found) + " is less than " + std::to_string(min));
    }
    return std::optional(static_cast<std::int64_t>(*found));
  }
  Result<std::string> text(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr) return std::string();
    if (value->is_string()) return *value->if_string();
    if (value->is_number()) return shown(*value);  // a name like 2024 is meant as text
    return bad(at(key), shown(*value) + " is no text");
  }

  /// After all that counts was asked for.
  void warn_of_others(std::vector<std::string>& warnings) const {
    for (const auto& [key, value] : dict_) {
      if (!known_.contains(key)) {
        warnings.push_back("'" + at(key) + "' is not a known key here and has no effect");
      }
    }
  }

 private:
  std::string path_;
  const Dict& dict_;
  std::set<std::string> known_;
};

Result<Distribution> distribution_of(Section& section) {
  const auto* name = section.find("distribution");
  if (name != nullptr) {
    const auto found =
        name->is_string() ? distribution_from(*name->if_string()) : std::optional<Distribution>();
    if (found) return *found;
    return bad(section.at("distribution"), "unknown distribution " + shown(*name) + "; there are " +
                                               one_of(distribution_names()));
  }
  if (section.find_with_null("value") != nullptr) return Distribution::kConstant;
  if (section.has("values")) {
    return section.has("probabilities") ? Distribution::kCategoricalWithProbabilities
                                        : Distribution::kCategorical;
  }
  const auto* min = section.find("min");
  const auto* max = section.find("max");
  if (min != nullptr && max != nullptr) {
    return min->is_int() && max->is_int() ? Distribution::kIntUniform : Distribution::kUniform;
  }
  if (section.has("mu") || section.has("sigma")) return Distribution::kNormal;
  if (section.has("a") && section.has("b")) return Distribution::kBeta;
  return bad(section.path(),
             "has none of 'value', 'values', 'min' with 'max', 'distribution', 'parameters'");
}

Result<void> read_categories(Section& section, Law& law) {
  const auto* values = section.find("values");
  if (values == nullptr) return bad(section.path(), "'values' is missing");
  if (!values->is_list()) return bad(section.at("values"), shown(*values) + " is no list");
  law.values = *values->if_list();
  if (law.values.empty()) return bad(section.at("values"), "is empty");
  if (law.values.size() > kMaxCategories) {
    return bad(section.at("values"), "more than " + std::to_string(kMaxCategories) + " values");
  }
  const auto* probabilities = section.find("probabilities");
  if (probabilities == nullptr) {
    if (law.distribution == Distribution::kCategoricalWithProbabilities) {
      return bad(section.path(), "'probabilities' is missing");
    }
    return {};
  }
  law.distribution = Distribution::kCategoricalWithProbabilities;
  const std::string where = section.at("probabilities");
  if (!probabilities->is_list()) return bad(where, shown(*probabilities) + " is no list");
  double sum = 0;
  for (const auto& item : *probabilities->if_list()) {
    const double probability = item.number_or(-1);
    if (!(probability >= 0 && probability <= 1)) {
      return bad(where, shown(item) + " is no probability");
    }
    law.probabilities.push_back(probability);
    sum += probability;
  }
  if (law.probabilities.size() != law.values.size()) {
    return bad(where, std::to_string(law.probabilities.size()) + " probabilities for " +
                          std::to_string(law.values.size()) + " values");
  }
  if (std::abs(sum - 1) > 1e-6) return bad(where, "their sum is " + shown(sum) + ", not 1");
  return {};
}

Result<void> read_bounds(Section& section, Law& law) {
  RUNSTONE_TRY(law.min, section.required_number("min"));
  RUNSTONE_TRY(law.max, section.required_number("max"));
  if (law.min > law.max) {
    return bad(section.path(), "min " + shown(law.min) + " is greater than max " + shown(law.max));
  }
  switch (law.distribution) {
    case Distribution::kIntUniform:
      for (const double bound : {law.min, law.max}) {
        if (bound != std::floor(bound) || std::abs(bound) > kMaxInt) {
          return bad(section.path(),
                     "int_uniform needs whole numbers; " + shown(bound) + " is none");
        }
      }
      return {};
    case Distribution::kLogUniformValues:
    case Distribution::kQLogUniformValues:
    case Distribution::kInvLogUniformValues:
      if (law.min > 0) return {};
      return bad(section.at("min"), shown(law.min) + " has no logarithm: it must be above 0");
    case Distribution::kLogUniform:
    case Distribution::kQLogUniform:
    case Distribution::kInvLogUniform:
      // These take exponents; a value of 700 and more is past what a double holds.
      if (std::max(std::abs(law.min), std::abs(law.max)) < 700) return {};
      return bad(section.path(), std::string(to_string(law.distribution)) +
                                     " takes exponents of e, these are too large; " +
                                     "log_uniform_values takes the values themselves");
    default:
      return {};
  }
}

Result<Law> read_law(Section& section) {
  Law law;
  RUNSTONE_TRY(law.distribution, distribution_of(section));
  switch (law.distribution) {
    case Distribution::kConstant: {
      const auto* value = section.find_with_null("value");
      if (value == nullptr) return bad(section.path(), "'value' is missing");
      law.values.push_back(*value);
      break;
    }
    case Distribution::kCategorical:
    case Distribution::kCategoricalWithProbabilities: {
      RUNSTONE_TRY(read_categories(section, law));
      break;
    }
    case Distribution::kNormal:
    case Distribution::kQNormal:
    case Distribution::kLogNormal:
    case Distribution::kQLogNormal: {
      RUNSTONE_TRY(const auto mu, section.number("mu"));
      law.mu = mu.value_or(0);
      RUNSTONE_TRY(law.sigma, section.positive_number("sigma", 1));
      break;
    }
    case Distribution::kBeta:
    case Distribution::kQBeta: {
      RUNSTONE_TRY(law.a, section.positive_number("a", 1));
      RUNSTONE_TRY(law.b, section.positive_number("b", 1));
      break;
    }
    default: {
      RUNSTONE_TRY(read_bounds(section, law));
      break;
    }
  }
  if (is_stepped(law) && law.distribution != Distribution::kIntUniform) {
    RUNSTONE_TRY(law.q, section.positive_number("q", 1));
  }
  return law;
}

Result<void> read_parameters(const Value& value, std::vector<std::string> labels,
                             const std::string& where, SweepConfig& config) {
  const auto* dict = value.if_dict();
  if (dict == nullptr) return bad(where, shown(value) + " is no set of named parameters");
  if (dict->empty()) return bad(where, "is empty");
  if (labels.size() >= static_cast<std::size_t>(kMaxDepthOfParameters)) {
    return bad(where, "nested deeper than " + std::to_string(kMaxDepthOfParameters) + " levels");
  }
  for (const auto& [name, content] : *dict) {
    const std::string own = where + "." + name;
    if (name.empty()) return bad(where, "a parameter without a name");
    if (!content.is_dict()) {
      return bad(own, shown(content) + " is no parameter; a constant is written {value: ...}");
    }
    labels.push_back(name);
    Section section(own, *content.if_dict());
    // A dict with a law of its own is a parameter even if it is called "parameters".
    if (const auto* nested = section.find("parameters");
        nested != nullptr && !section.has("value") && !section.has("values")) {
      RUNSTONE_TRY(read_parameters(*nested, labels, own + ".parameters", config));
    } else {
      if (config.parameters.size() >= kMaxParameters) {
        return bad(where, "more than " + std::to_string(kMaxParameters) + " parameters");
      }
      Parameter parameter;
      parameter.path = labels;
      RUNSTONE_TRY(parameter.law, read_law(section));
      config.parameters.push_back(std::move(parameter));
    }
    section.warn_of_others(config.warnings);
    labels.pop_back();
  }
  return {};
}

Result<void> read_method(Section& top, SweepConfig& config) {
  const auto* method = top.find("method");
  if (method == nullptr) return bad("method", "is missing; there are grid, random, bayes");
  const auto name = method->string_or("");
  if (name == "grid") {
    config.method = Method::kGrid;
  } else if (name == "random") {
    config.method = Method::kRandom;
  } else if (name == "bayes") {
    config.method = Method::kBayes;
  } else if (name == "custom") {
    config.method = Method::kCustom;
  } else {
    return bad("method", "unknown method " + shown(*method) + "; there are grid, random, bayes");
  }
  return {};
}

Result<void> read_metric(Section& top, SweepConfig& config) {
  const auto* value = top.find("metric");
  if (value == nullptr) return {};
  if (!value->is_dict()) return bad("metric", shown(*value) + " is not {name: ..., goal: ...}");
  Section section("metric", *value->if_dict());
  Metric metric;
  RUNSTONE_TRY(metric.name, section.text("name"));
  if (metric.name.empty()) return bad("metric.name", "is missing");
  if (const auto* goal = section.find("goal")) {
    const auto name = goal->string_or("");
    if (name != "minimize" && name != "maximize") {
      return bad("metric.goal", shown(*goal) + " is neither minimize nor maximize");
    }
    metric.maximize = name == "maximize";
  }
  RUNSTONE_TRY(metric.target, section.number("target"));
  if (const auto* impute = section.find("impute")) {
    const auto name = impute->string_or("");
    if (name == "worst") {
      metric.impute = Impute::kWorst;
    } else if (name == "best") {
      metric.impute = Impute::kBest;
    } else if (name == "latest") {
      metric.impute = Impute::kLatest;
    } else if (name == "ignore") {
      metric.impute = Impute::kIgnore;
    } else {
      return bad("metric.impute", shown(*impute) + " is none of worst, best, latest, ignore");
    }
  }
  if (section.has("impute_while_running")) {
    config.warnings.push_back(
        "'metric.impute_while_running' has no effect: running runs count as what the model "
        "expects of them");
  }
  section.warn_of_others(config.warnings);
  config.metric = std::move(metric);
  return {};
}

Result<void> read_early_terminate(Section& top, SweepConfig& config) {
  const auto* value = top.find("early_terminate");
  if (value == nullptr) return {};
  const std::string where = "early_terminate";
  if (!value->is_dict()) return bad(where, shown(*value) + " is not {type: hyperband, ...}");
  Section section(where, *value->if_dict());
  const auto* type = section.find("type");
  if (type == nullptr || type->string_or("") != "hyperband") {
    return bad(section.at("type"), (type == nullptr ? "is missing" : shown(*type) + " is unknown") +
                                       std::string("; there is hyperband"));
  }
  Hyperband rule;
  RUNSTONE_TRY(rule.eta, section.positive_number("eta", 3));
  if (rule.eta < 1.01 || rule.eta > 1e6) {
    return bad(section.at("eta"), shown(rule.eta) + " is not above 1");
  }
  if (const auto* strict = section.find("strict")) {
    if (!strict->is_bool()) return bad(section.at("strict"), shown(*strict) + " is no bool");
    rule.strict = *strict->if_bool();
  }
  RUNSTONE_TRY(const auto min_iter, section.whole_number("min_iter", 1));
  RUNSTONE_TRY(const auto max_iter, section.whole_number("max_iter", 1));
  RUNSTONE_TRY(const auto s, section.whole_number("s", 1));
  if (min_iter) {
    rule.brackets = brackets_from_min(*min_iter, rule.eta);
  } else if (max_iter) {
    if (!s) return bad(where, "'s' is missing: how many brackets max_iter is divided into");
    rule.brackets = brackets_from_max(*max_iter, std::min<std::int64_t>(*s, 100), rule.eta);
    if (rule.brackets.empty()) {
      return bad(section.at("max_iter"), "is less than eta: no bracket is left");
    }
  } else {
    return bad(where, "needs 'min_iter', or 'max_iter' with 's'");
  }
  if (!config.metric) return bad(where, "needs 'metric', by which runs are compared");
  section.warn_of_others(config.warnings);
  config.early_terminate = std::move(rule);
  return {};
}

// What only the method can tell.
Result<void> check_search(const SweepConfig& config) {
  if (config.local_controller) return {};  // its own process decides
  if (config.method == Method::kCustom) {
    return bad("method", "'custom' needs controller.type: local, whose process picks the runs");
  }
  if (config.parameters.empty()) return bad("parameters", "is missing");
  if (config.method == Method::kBayes && !config.metric) {
    return bad("metric", "is missing: bayes needs to know what to minimize or maximize");
  }
  if (config.method != Method::kGrid) return {};
  for (const auto& parameter : config.parameters) {
    if (grid_size(parameter.law)) continue;
    return bad(parameter.shown_path(),
               std::string("a grid needs values that can be counted; distribution ") +
                   to_string(parameter.law.distribution) + " cannot, method random can use it");
  }
  if (!grid_points(config)) {
    return bad("parameters", "the grid has more than " + std::to_string(kMaxGridRuns) + " points");
  }
  return {};
}

Result<void> read_rest(Section& top, SweepConfig& config) {
  RUNSTONE_TRY(config.name, top.text("name"));
  RUNSTONE_TRY(config.description, top.text("description"));
  RUNSTONE_TRY(config.run_cap, top.whole_number("run_cap", 1));
  if (const auto* program = top.find("program")) {
    if (!program->is_string()) return bad("program", shown(*program) + " is no text");
    config.program = *program;
  }
  if (const auto* command = top.find("command"); command != nullptr && !command->is_list()) {
    return bad("command", shown(*command) + " is no list of words");
  }
  if (const auto* controller = top.find("controller")) {
    const auto* type = controller->get("type");
    const auto name = type == nullptr ? "cloud" : type->string_or("?");
    if (!controller->is_dict() || (name != "local" && name != "cloud")) {
      return bad("controller.type", "is neither cloud (this server) nor local");
    }
    config.local_controller = name == "local";
  }
  for (const auto* key :
       {"project", "entity", "settings", "job", "image_uri", "launch", "scheduler", "apiVersion"}) {
    top.find(key);  // for clients; nothing here depends on them
  }
  return {};
}

}  // namespace

const char* to_string(Method method) {
  switch (method) {
    case Method::kGrid:
      return "grid";
    case Method::kRandom:
      return "random";
    case Method::kBayes:
      return "bayes";
    case Method::kCustom:
      return "custom";
  }
  return "?";
}

std::string Parameter::shown_path() const {
  std::string text;
  for (const auto& label : path) text += (text.empty() ? "parameters." : ".parameters.") + label;
  return text;
}

std::optional<std::int64_t> SweepConfig::runs_expected() const {
  std::optional<std::int64_t> expected = run_cap;
  if (method == Method::kGrid && !local_controller) {
    const auto points = grid_points(*this);
    if (points && (!expected || *points < *expected)) expected = points;
  }
  return expected;
}

Result<SweepConfig> parse_config(std::string_view yaml) {
  auto parsed = parse_yaml(yaml);
  if (!parsed) return fail(std::move(parsed).error().with_context("sweep config"));
  const auto* dict = parsed->if_dict();
  if (dict == nullptr) return bad("sweep config", "is no set of keys like 'method: random'");
  SweepConfig config;
  Section top("", *dict);
  const auto read = [&]() -> Result<void> {
    RUNSTONE_TRY(read_method(top, config));
    RUNSTONE_TRY(read_rest(top, config));
    RUNSTONE_TRY(read_metric(top, config));
    if (const auto* parameters = top.find("parameters")) {
      RUNSTONE_TRY(read_parameters(*parameters, {}, "parameters", config));
    }
    RUNSTONE_TRY(read_early_terminate(top, config));
    return check_search(config);
  };
  if (auto done = read(); !done) return fail(std::move(done).error().with_context("sweep config"));
  top.warn_of_others(config.warnings);
  return config;
}

Dict make_args(const SweepConfig& config, const std::vector<Value>& values) {
  Dict args;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& path = config.parameters[i].path;
    Value& top = args[path.front()];
    if (!top.is_dict()) top = Dict{{"value", Value()}};
    Value* place = top.if_dict()->find("value");
    for (std::size_t label = 1; label < path.size(); ++label) {
      if (!place->is_dict()) *place = Dict{};
      place = &(*place->if_dict())[path[label]];
    }
    *place = values[i];
  }
  return args;
}

std::vector<Value> values_of(const SweepConfig& config, const Value& run_config) {
  std::vector<Value> values;
  values.reserve(config.parameters.size());
  for (const auto& parameter : config.parameters) {
    const auto* place = run_config.get(parameter.path.front());
    if (place != nullptr) place = place->get("value");
    for (std::size_t label = 1; place != nullptr && label < parameter.path.size(); ++label) {
      place = place->get(parameter.path[label]);
    }
    values.push_back(place == nullptr ? Value() : *place);
  }
  return values;
}

}  // namespace runstone::sweeps
