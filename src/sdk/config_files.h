#pragma once

#include "sdk/init_plan.h"

namespace runstone {

/// The config that a run begins with, from the weakest: config-defaults.yaml of the working
/// directory, init(config=), the files of the setting config_paths, the later over the earlier. The
/// file of sweep_param_path goes apart, since it is locked.
/// Errors   kConfigLocked: a file that is named but not there, or of another form; says which.
Result<void> fill_config(InitPlan& plan, const InitOptions& options);

}  // namespace runstone
