#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"
#include "sweeps/distributions.h"

namespace runstone::sweeps {

inline constexpr std::size_t kMaxParameters = 1000;
inline constexpr std::int64_t kMaxGridRuns = 1'000'000'000'000;

enum class Method { kGrid, kRandom, kBayes, kCustom };
const char* to_string(Method method);

/// One searched (or constant) value. `path` has more than one label below nested `parameters`.
struct Parameter {
  std::vector<std::string> path;
  Law law;
  std::string shown_path() const;  ///< "parameters.optimizer.parameters.lr"
};

/// What a run counts as whose metric is missing or no finite number.
enum class Impute { kWorst, kBest, kLatest, kIgnore };

struct Metric {
  std::string name;
  bool maximize = false;
  std::optional<double> target;  ///< a run that reaches it ends the sweep
  Impute impute = Impute::kWorst;
};

/// early_terminate of type hyperband; src/sweeps/hyperband.h says what it means.
struct Hyperband {
  std::vector<std::int64_t> brackets;  ///< iterations at which runs are judged, ascending
  double eta = 3;
  bool strict = false;
};

/// The sweep configuration of the stock client, checked.
struct SweepConfig {
  std::string name;
  std::string description;
  Method method = Method::kRandom;
  std::vector<Parameter> parameters;  ///< in the order written
  std::optional<Metric> metric;
  std::optional<Hyperband> early_terminate;
  std::optional<std::int64_t> run_cap;
  Value program;                  ///< text or null
  bool local_controller = false;  ///< a client's own process decides what runs next
  std::vector<std::string> warnings;

  /// The runs that it will have; none if there is no end.
  std::optional<std::int64_t> runs_expected() const;
};

/// Reads YAML text (JSON is YAML).
/// Errors   kInvalidArgument naming the key that is wrong: "parameters.lr: min 3 is greater than
///          max 1". Keys that mean nothing here are warnings.
Result<SweepConfig> parse_config(std::string_view yaml);

/// {"lr": {"value": 0.1}} of one choice of values, in the order of the parameters; nested
/// parameters become dicts. What agents are told and a run's config starts with.
Dict make_args(const SweepConfig& config, const std::vector<Value>& values);
/// The values of a run's config, in the order of the parameters; null where it has none.
std::vector<Value> values_of(const SweepConfig& config, const Value& run_config);

}  // namespace runstone::sweeps
