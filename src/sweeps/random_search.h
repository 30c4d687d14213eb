#pragma once

#include <vector>

#include "sweeps/config.h"
#include "sweeps/random.h"

namespace runstone::sweeps {

/// Every parameter drawn from its law, each by itself.
inline std::vector<Value> random_point(const SweepConfig& config, Random& random) {
  std::vector<Value> values;
  values.reserve(config.parameters.size());
  for (const auto& parameter : config.parameters) {
    values.push_back(value_at(parameter.law, random.unit()));
  }
  return values;
}

}  // namespace runstone::sweeps
