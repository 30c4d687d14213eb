#pragma once

#include "runstone/plot.h"
#include "runstone/result.h"
#include "runstone/table.h"
#include "runstone/value.h"

namespace runstone::conformance {

/// The chart that `{"$media": "chart", "chart": preset, ...}` of the scenario describes; `over` is
/// its table, for the presets that draw a given one.
Result<Chart> make_chart(const Dict& spec, const Table& over);

}  // namespace runstone::conformance
