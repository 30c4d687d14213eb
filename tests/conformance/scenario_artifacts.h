#pragma once

#include "runstone/result.h"
#include "runstone/run.h"
#include "runstone/value.h"
#include "scenario_tables.h"

namespace runstone::conformance {

// What a scenario does with artifacts; scenario_artifacts.py is the same in Python. The first key
// of a command names it.

Result<void> log_artifact(Run& run, MediaMaker& maker, const Dict& command);
Result<void> upsert_artifact(Run& run, MediaMaker& maker, const Dict& command);
Result<void> finish_artifact(Run& run, MediaMaker& maker, const Dict& command);
Result<void> use_artifact(Run& run, MediaMaker& maker, const Dict& command);
Result<void> link_artifact(Run& run, MediaMaker& maker, const Dict& command);
Result<void> log_model(Run& run, MediaMaker& maker, const Dict& command);
Result<void> use_model(Run& run, MediaMaker& maker, const Dict& command);
Result<void> link_model(Run& run, MediaMaker& maker, const Dict& command);
Result<void> log_code(Run& run, MediaMaker& maker, const Dict& command);

}  // namespace runstone::conformance
