#pragma once

#include <string>
#include <string_view>

#include "model/metric_rules.h"
#include "runstone/value.h"

namespace runstone::protocol {

/// What a run's config has under `_wandb`, beside what records put there themselves.
struct RunConfigFacts {
  std::string client_version, python_version, platform;  ///< `platform`: "linux-x86_64"
  std::string core_version;                              ///< empty: as client_version
  Dict metadata;  ///< facts of wandb-metadata.json, put under `e` by writer id; empty: left out
  std::string writer_id;
};

/// Metric definitions as `_wandb.m` has them: fields by number, a step metric as an index into the
/// list, starting at 1.
List metric_definitions_json(const MetricTable& metrics);

/// The whole config as the server and config.yaml have it:
/// {"lr":{"value":0.1},"_wandb":{"value":..}}. `config` is keys to plain values; what it has under
/// `_wandb` wins over the facts.
Dict full_config(const Dict& config, const MetricTable& metrics, const RunConfigFacts& facts);

}  // namespace runstone::protocol
