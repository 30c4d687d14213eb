#include "sweeps/grid.h"

#include <cmath>

#include "base/json.h"

namespace runstone::sweeps {
namespace {

Value grid_value(const Law& law, std::int64_t index) {
  switch (law.distribution) {
    case Distribution::kIntUniform:
      return static_cast<std::int64_t>(law.min) + index;
    case Distribution::kQUniform: {
      // Steps of q from the first multiple inside [min, max]; value_at() rounds the same way.
      const double first = std::ceil(law.min / law.q - 1e-9);
      Law step = law;
      step.min = step.max = (first + static_cast<double>(index)) * law.q;
      return value_at(step, 0.5);
    }
    default:
      return law.values[static_cast<std::size_t>(index)];
  }
}

// 1.0 as 1: a config may come back with either.
Value plain_number(const Value& value) {
  const auto* number = value.if_double();
  if (number == nullptr || *number != std::floor(*number) || std::abs(*number) > 9e15) return value;
  return static_cast<std::int64_t>(*number);
}

}  // namespace

std::optional<std::int64_t> grid_size(const Law& law) {
  switch (law.distribution) {
    case Distribution::kConstant:
    case Distribution::kCategorical:
    case Distribution::kCategoricalWithProbabilities:
      return static_cast<std::int64_t>(law.values.size());
    case Distribution::kIntUniform:
      return static_cast<std::int64_t>(law.max - law.min) + 1;
    case Distribution::kQUniform:
      return static_cast<std::int64_t>(std::floor(law.max / law.q + 1e-9) -
                                       std::ceil(law.min / law.q - 1e-9)) +
             1;
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> grid_points(const SweepConfig& config) {
  std::int64_t points = 1;
  for (const auto& parameter : config.parameters) {
    const auto size = grid_size(parameter.law);
    if (!size) return std::nullopt;
    if (*size > 0 && points > kMaxGridRuns / *size) return std::nullopt;
    points *= *size;
  }
  return points;
}

std::vector<Value> grid_point(const SweepConfig& config, std::int64_t index) {
  std::vector<Value> values(config.parameters.size());
  for (std::size_t i = values.size(); i-- > 0;) {
    const auto& law = config.parameters[i].law;
    const std::int64_t size = *grid_size(law);
    values[i] = grid_value(law, index % size);
    index /= size;
  }
  return values;
}

std::string point_key(const std::vector<Value>& values) {
  std::string key;
  for (const auto& value : values) {
    json::append(key, plain_number(value));
    key += ',';
  }
  return key;
}

GridStep next_grid_point(const SweepConfig& config, std::int64_t index,
                         const std::set<std::string>& taken) {
  const std::int64_t points = grid_points(config).value_or(0);
  for (; index < points; ++index) {
    auto values = grid_point(config, index);
    if (!taken.contains(point_key(values))) return {index + 1, std::move(values)};
  }
  return {points, std::nullopt};
}

}  // namespace runstone::sweeps
