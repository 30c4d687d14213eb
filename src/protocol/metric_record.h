#pragma once

#include "model/metric_rules.h"
#include "protocol/record.h"

namespace runstone::protocol {

/// A definition as a record that replaces what was defined before, and back.
MetricRecord to_record(const MetricDefinition& definition);
MetricDefinition to_definition(const MetricRecord& record);

}  // namespace runstone::protocol
