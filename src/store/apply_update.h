#pragma once

#include "store/store.h"

namespace runstone::store {

/// Sets in `run` what `update` names. The memory engine's way, and ingest's for its own copy.
void apply_update(RunInfo& run, const RunUpdate& update);

}  // namespace runstone::store
