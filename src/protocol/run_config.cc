#include "protocol/run_config.h"

#include <cstdint>
#include <unordered_map>

#include "model/config_rules.h"

namespace runstone::protocol {
namespace {

// Field numbers of the metric record, docs/format/journal.md; JSON keys are text.
constexpr const char* kName = "1";
constexpr const char* kGlobName = "2";
constexpr const char* kStepMetricIndex = "5";
constexpr const char* kOptions = "6";
constexpr const char* kSummary = "7";
constexpr const char* kGoal = "8";
constexpr int kOptionStepSync = 1, kOptionHidden = 2, kOptionDefined = 3;
constexpr int kSummaryOpCount = 8;
// Means what no operation means; the stock client does not tell it to a server.
constexpr int kSummaryOpCopy = 7;

Value metric_json(const MetricDefinition& metric,
                  const std::unordered_map<std::string_view, std::int64_t>& index_of) {
  Dict out;
  out.set(metric.is_glob() ? kGlobName : kName, metric.name);
  if (const auto step = index_of.find(metric.step_metric);
      !metric.step_metric.empty() && step != index_of.end()) {
    out.set(kStepMetricIndex, step->second);
  }
  List options, summary;
  if (metric.step_sync) options.emplace_back(kOptionStepSync);
  if (metric.hidden) options.emplace_back(kOptionHidden);
  // The stock client marks names only: a pattern stands in the list because it was defined.
  if (metric.defined && !metric.is_glob()) options.emplace_back(kOptionDefined);
  for (int bit = 0; bit < kSummaryOpCount; ++bit) {
    if (((metric.ops >> bit) & 1u) && bit + 1 != kSummaryOpCopy) summary.emplace_back(bit + 1);
  }
  out.set(kOptions, std::move(options));
  out.set(kSummary, std::move(summary));
  if (metric.goal != Goal::kUnset) out.set(kGoal, static_cast<std::int64_t>(metric.goal));
  return out;
}

}  // namespace

List metric_definitions_json(const MetricTable& metrics) {
  std::unordered_map<std::string_view, std::int64_t> index_of;
  for (const auto& metric : metrics.all()) {
    index_of.emplace(metric.name, static_cast<std::int64_t>(index_of.size()) + 1);
  }
  List out;
  for (const auto& metric : metrics.all()) out.push_back(metric_json(metric, index_of));
  return out;
}

Dict full_config(const Dict& config, const MetricTable& metrics, const RunConfigFacts& facts) {
  const std::string& core = facts.core_version.empty() ? facts.client_version : facts.core_version;
  Dict telemetry{{"3", List{}},
                 {"4", facts.python_version},
                 {"5", facts.client_version},
                 {"12", core},
                 {"13", facts.platform}};
  if (facts.python_version.empty()) telemetry.erase("4");  // a C++ program
  Dict wandb{{"cli_version", facts.client_version},
             {"t", std::move(telemetry)},
             {"m", metric_definitions_json(metrics)}};
  wandb.set("python_version", facts.python_version);
  if (!facts.metadata.empty()) {
    Dict by_writer;
    by_writer.set(facts.writer_id, facts.metadata);
    wandb.set("e", std::move(by_writer));
  }
  Dict all = config;
  if (const Value* own = config.find("_wandb"); own != nullptr && own->is_dict()) {
    for (const auto& [key, value] : *own->if_dict()) wandb.set(key, value);
  }
  all.set("_wandb", std::move(wandb));
  return wrap_config(all);
}

}  // namespace runstone::protocol
