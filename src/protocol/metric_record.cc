#include "protocol/metric_record.h"

#include <utility>

namespace runstone::protocol {
namespace {

constexpr std::pair<bool MetricRecord::*, SummaryOp> kOps[] = {
    {&MetricRecord::summary_min, kOpMin},   {&MetricRecord::summary_max, kOpMax},
    {&MetricRecord::summary_mean, kOpMean}, {&MetricRecord::summary_best, kOpBest},
    {&MetricRecord::summary_last, kOpLast}, {&MetricRecord::summary_none, kOpNone},
    {&MetricRecord::summary_copy, kOpCopy}, {&MetricRecord::summary_first, kOpFirst}};

}  // namespace

MetricRecord to_record(const MetricDefinition& definition) {
  MetricRecord record;
  (definition.is_glob() ? record.glob_name : record.name) = definition.name;
  record.step_metric = definition.step_metric;
  record.step_sync = definition.step_sync;
  record.hidden = definition.hidden;
  record.defined = true;
  for (const auto& [flag, op] : kOps) record.*flag = (definition.ops & op) != 0;
  record.goal = static_cast<MetricRecord::Goal>(definition.goal);
  record.overwrite = true;  // it holds everything that is defined by now
  return record;
}

MetricDefinition to_definition(const MetricRecord& record) {
  MetricDefinition definition;
  definition.name = record.glob_name.empty() ? record.name : record.glob_name;
  definition.step_metric = record.step_metric;
  definition.step_sync = record.step_sync;
  definition.hidden = record.hidden;
  definition.defined = record.defined;
  definition.goal = static_cast<Goal>(record.goal);
  for (const auto& [flag, op] : kOps) {
    if (record.*flag) definition.ops |= op;
  }
  return definition;
}

}  // namespace runstone::protocol
