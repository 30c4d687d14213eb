#include "sweeps/objective.h"

#include <cmath>
#include <string_view>

namespace runstone::sweeps {
namespace {

// "val.acc" may be one key or the way into a dict: the longest key that is there wins.
const Value* find_path(const Value& summary, std::string_view path) {
  if (const auto* whole = summary.get(path)) return whole;
  for (auto dot = path.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = path.rfind('.', dot - 1)) {
    const auto* part = summary.get(path.substr(0, dot));
    if (part == nullptr) continue;
    if (const auto* found = find_path(*part, path.substr(dot + 1))) return found;
  }
  return nullptr;
}

}  // namespace

std::optional<double> metric_of(const Metric& metric, const Value& summary) {
  const auto* value = find_path(summary, metric.name);
  if (value != nullptr && value->is_dict()) {
    const auto* kept = value;
    for (const auto* key : {metric.maximize ? "max" : "min", "best", "last"}) {
      if (const auto* one = kept->get(key)) {
        value = one;
        break;
      }
    }
  }
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->number_or(0);
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace runstone::sweeps
