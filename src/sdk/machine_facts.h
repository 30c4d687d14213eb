#pragma once

#include "runstone/value.h"
#include "sdk/init_plan.h"

namespace runstone {

/// What wandb-metadata.json says of the program and the machine, without asking any other program.
Dict machine_facts(const InitPlan& plan, std::int64_t start_time_us);
/// The git repository around the program: {"remote", "commit"}; empty if there is none.
Dict git_facts(const InitPlan& plan);

}  // namespace runstone
