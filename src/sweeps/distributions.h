#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "runstone/value.h"

namespace runstone::sweeps {

/// The distributions of the sweep configuration, by its names: kQUniform is "q_uniform".
enum class Distribution {
  kConstant,
  kCategorical,
  kCategoricalWithProbabilities,
  kIntUniform,
  kUniform,
  kQUniform,
  kLogUniform,
  kLogUniformValues,
  kQLogUniform,
  kQLogUniformValues,
  kInvLogUniform,
  kInvLogUniformValues,
  kNormal,
  kQNormal,
  kLogNormal,
  kQLogNormal,
  kBeta,
  kQBeta,
};
const char* to_string(Distribution distribution);
std::optional<Distribution> distribution_from(std::string_view name);
/// Every name, for messages.
std::vector<const char*> distribution_names();

/// How one parameter is drawn. Which fields count depends on the distribution.
struct Law {
  Distribution distribution = Distribution::kConstant;
  std::vector<Value> values;          ///< one for constant; the categories
  std::vector<double> probabilities;  ///< as many, sum 1
  double min = 0, max = 1;            ///< of the value; of its logarithm for (q_/inv_)log_uniform
  double mu = 0, sigma = 1;
  double a = 1, b = 1;
  double q = 1;  ///< the step of q_...
};

bool is_categorical(const Law& law);
/// Whole-number steps that a search model should know of: int_uniform and all q_...
bool is_stepped(const Law& law);

/// The value at a place in (0, 1) of the law: the inverse of its cumulative distribution, so that
/// evenly spread places give values as the law says.
///   uniform              min + u (max - min)
///   int_uniform          whole numbers min..max, each as likely as the others
///   log_uniform          exp of a uniform between the exponents min and max
///   log_uniform_values   the same between the values min and max
///   inv_log_uniform      exp(-x), x uniform between min and max; ..._values: 1/X log-uniform
///   normal, log_normal   mu, sigma of the value or of its logarithm
///   beta                 a, b on (0, 1)
///   q_...                round(X / q) * q
/// Source   definitions of the stock client's sweep configuration; the incomplete beta function by
///          its continued fraction, DLMF 8.17.22.
Value value_at(const Law& law, double unit);

/// The place of a value, for a search model; nothing if the value cannot come from the law's kind
/// (text for a number, a category that is not listed). Values beyond the ends are put at the ends.
std::optional<double> place_of(const Law& law, const Value& value);

/// Index of a category; nothing if it is not listed.
std::optional<std::size_t> category_of(const Law& law, const Value& value);

}  // namespace runstone::sweeps
