#pragma once

#include <optional>

#include "runstone/value.h"
#include "sweeps/config.h"

namespace runstone::sweeps {

/// The metric in a run's summary: the value under its name, or along its dotted path. Where the run
/// keeps several values of it (define_metric), the minimum or maximum, as the goal asks, else the
/// best, else the last. Nothing if there is none or it is no finite number.
std::optional<double> metric_of(const Metric& metric, const Value& summary);

/// Lower is better, whatever the goal.
inline double to_loss(const Metric& metric, double value) {
  return metric.maximize ? -value : value;
}
inline bool reaches_target(const Metric& metric, double value) {
  return metric.target && to_loss(metric, value) <= to_loss(metric, *metric.target);
}

}  // namespace runstone::sweeps
