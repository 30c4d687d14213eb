#pragma once

#include <optional>
#include <string>
#include <vector>

namespace runstone {

/// What define_metric() is asked; what is not given stays as it was defined before.
struct MetricOptions {
  std::optional<std::string> step_metric;  ///< name of the metric that is this one's x axis
  std::optional<bool> step_sync;           ///< add the step metric to rows that lack it
  std::optional<bool> hidden;              ///< not shown in the pages
  /// Comma separated, any case: min max mean last first best copy none.
  std::optional<std::string> summary;
  std::optional<std::string> goal;  ///< minimize or maximize; three letters do
  bool overwrite = false;           ///< forget what was defined before
};

/// A defined metric, as it stands after the call that returned it.
struct Metric {
  std::string name;  ///< leaf path, or a prefix with `*` at the end
  std::string step_metric;
  bool step_sync = false;
  bool hidden = false;
  std::vector<std::string> summary;  ///< ops in the order min max mean best last none copy first
  std::string goal;                  ///< "minimize", "maximize" or ""
};

}  // namespace runstone
