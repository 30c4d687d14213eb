#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runstone/metric.h"
#include "runstone/result.h"

namespace runstone {

/// Summary operations as bits, in the order of their numbers in the metric record (bit n-1 is field
/// n).
enum SummaryOp : std::uint32_t {
  kOpMin = 1u << 0,
  kOpMax = 1u << 1,
  kOpMean = 1u << 2,
  kOpBest = 1u << 3,
  kOpLast = 1u << 4,
  kOpNone = 1u << 5,
  kOpCopy = 1u << 6,
  kOpFirst = 1u << 7,
};
/// "min", ...; bit index 0..7.
const char* summary_op_name(int bit);

enum class Goal : std::uint8_t { kUnset = 0, kMinimize = 1, kMaximize = 2 };

/// A metric definition as the records have it.
struct MetricDefinition {
  std::string name;  ///< leaf path; of a glob the prefix with the `*` at its end
  std::string step_metric;
  bool step_sync = false;
  bool hidden = false;
  bool defined = true;  ///< by a call; false if it is only another's step metric
  std::uint32_t ops = 0;
  Goal goal = Goal::kUnset;

  bool is_glob() const { return !name.empty() && name.back() == '*'; }
  /// Operations that make the summary a dict; none: the last value, or no entry with kOpNone.
  std::uint32_t aggregates() const { return ops & ~(kOpNone | kOpCopy); }
  bool no_summary() const { return (ops & kOpNone) != 0; }
  Metric to_public() const;
};

/// A checked call of define_metric().
struct MetricChange {
  std::string name;
  std::optional<std::string> step_metric;
  std::optional<bool> step_sync, hidden;
  std::optional<std::uint32_t> ops;
  std::optional<Goal> goal;
  bool overwrite = false;
};
/// Checks names, operations and goal. Errors: kInvalidArgument, with the words of run-api.
Result<MetricChange> parse_metric_change(std::string_view name, const MetricOptions& options);

/// Every definition of one run, by name, in the order in which they were made.
class MetricTable {
 public:
  /// Puts a definition that a glob made for a key in its place, so that a later call merges with
  /// it.
  void seed(const MetricDefinition& definition) { at(definition.name) = definition; }
  /// Merges (or, with overwrite, replaces) and returns the definition as it is now. A step metric
  /// that has no definition of its own gets one with defined = false.
  const MetricDefinition& define(const MetricChange& change);
  /// Takes a definition from a record: with `overwrite` as it is, else merged like a call.
  const MetricDefinition& apply_record(const MetricDefinition& record, bool overwrite);

  const MetricDefinition* find(std::string_view name) const;
  /// The definition that rules a leaf: its own (if a call made it), else that of the glob with the
  /// longest matching prefix; globs never match keys that start with `_`. Null if there is none.
  const MetricDefinition* ruling(std::string_view leaf_path) const;
  const std::vector<MetricDefinition>& all() const { return definitions_; }
  bool empty() const { return definitions_.empty(); }

 private:
  MetricDefinition& at(std::string_view name);
  std::vector<MetricDefinition> definitions_;
  std::unordered_map<std::string, std::size_t> index_;  // name to position in definitions_
};

}  // namespace runstone
