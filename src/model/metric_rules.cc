#include "model/metric_rules.h"

#include <array>
#include <cctype>

namespace runstone {
namespace {

constexpr std::array<const char*, 8> kOpNames = {"min",  "max",  "mean", "best",
                                                 "last", "none", "copy", "first"};

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

Result<std::uint32_t> parse_ops(const std::string& text) {
  std::uint32_t ops = 0;
  const std::string lower = to_lower(text);
  for (std::size_t begin = 0; begin <= lower.size();) {
    const std::size_t end = std::min(lower.find(',', begin), lower.size());
    const std::string_view word = std::string_view(lower).substr(begin, end - begin);
    std::uint32_t bit = 0;
    for (std::size_t i = 0; i < kOpNames.size(); ++i) {
      if (word == kOpNames[i]) bit = 1u << i;
    }
    if (bit == 0) {
      return fail(ErrorCode::kInvalidArgument,
                  "Unhandled define_metric() arg: summary op: '" + std::string(word) +
                      "' (use min, max, mean, last, first, best, copy or none)");
    }
    ops |= bit;
    begin = end + 1;
  }
  return ops;
}

Result<Goal> parse_goal(const std::string& text) {
  const std::string start = to_lower(text).substr(0, 3);
  if (start == "min") return Goal::kMinimize;
  if (start == "max") return Goal::kMaximize;
  return fail(ErrorCode::kInvalidArgument,
              "Unhandled define_metric() arg: goal: '" + text + "' (use minimize or maximize)");
}

// Merging as run-api says: operations add up, but none follows the latest call that has any.
void merge(MetricDefinition& into, const MetricChange& change) {
  if (change.overwrite) {
    const std::string name = into.name;
    into = MetricDefinition{};
    into.name = name;
  }
  into.defined = true;
  if (change.step_metric) into.step_metric = *change.step_metric;
  if (change.step_sync) into.step_sync = into.step_sync || *change.step_sync;
  if (change.hidden) into.hidden = into.hidden || *change.hidden;
  if (change.ops) into.ops = (into.ops & ~static_cast<std::uint32_t>(kOpNone)) | *change.ops;
  if (change.goal) into.goal = *change.goal;
}

}  // namespace

const char* summary_op_name(int bit) { return kOpNames[static_cast<std::size_t>(bit)]; }

Metric MetricDefinition::to_public() const {
  Metric metric;
  metric.name = name;
  metric.step_metric = step_metric;
  metric.step_sync = step_sync;
  metric.hidden = hidden;
  for (std::size_t i = 0; i < kOpNames.size(); ++i) {
    if ((ops & (1u << i)) != 0) metric.summary.emplace_back(kOpNames[i]);
  }
  metric.goal = goal == Goal::kMinimize ? "minimize" : goal == Goal::kMaximize ? "maximize" : "";
  return metric;
}

Result<MetricChange> parse_metric_change(std::string_view name, const MetricOptions& options) {
  if (name.empty()) {
    return fail(ErrorCode::kInvalidArgument, "define_metric() requires non-empty name argument");
  }
  const std::size_t star = name.find('*');
  if (star != std::string_view::npos && star + 1 != name.size()) {
    return fail(ErrorCode::kInvalidArgument,
                "Unhandled define_metric() arg: name (glob suffixes only): " + std::string(name));
  }
  MetricChange change;
  change.name = std::string(name);
  change.step_metric = options.step_metric;
  change.step_sync = options.step_sync;
  if (!change.step_sync && change.step_metric && !change.step_metric->empty()) {
    change.step_sync = true;
  }
  change.hidden = options.hidden;
  change.overwrite = options.overwrite;
  if (options.summary) {
    auto ops = parse_ops(*options.summary);
    if (!ops) return fail(std::move(ops).error());
    change.ops = *ops;
  }
  if (options.goal) {
    auto goal = parse_goal(*options.goal);
    if (!goal) return fail(std::move(goal).error());
    change.goal = *goal;
  }
  return change;
}

MetricDefinition& MetricTable::at(std::string_view name) {
  const auto found = index_.find(std::string(name));
  if (found != index_.end()) return definitions_[found->second];
  index_.emplace(std::string(name), definitions_.size());
  MetricDefinition& made = definitions_.emplace_back();
  made.name = std::string(name);
  made.defined = false;
  return made;
}

const MetricDefinition& MetricTable::define(const MetricChange& change) {
  merge(at(change.name), change);
  if (change.step_metric && !change.step_metric->empty()) at(*change.step_metric);
  return at(change.name);
}

const MetricDefinition& MetricTable::apply_record(const MetricDefinition& record, bool overwrite) {
  MetricChange change;
  change.name = record.name;
  if (!record.step_metric.empty()) change.step_metric = record.step_metric;
  change.step_sync = record.step_sync;
  change.hidden = record.hidden;
  if (record.ops != 0) change.ops = record.ops;
  if (record.goal != Goal::kUnset) change.goal = record.goal;
  change.overwrite = overwrite;
  const bool was_defined = find(record.name) != nullptr && find(record.name)->defined;
  define(change);
  MetricDefinition& now = at(record.name);
  now.defined = record.defined || was_defined;
  return now;
}

const MetricDefinition* MetricTable::find(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? nullptr : &definitions_[found->second];
}

const MetricDefinition* MetricTable::ruling(std::string_view leaf_path) const {
  const MetricDefinition* own = find(leaf_path);
  if (own != nullptr && own->defined) return own;
  if (!leaf_path.empty() && leaf_path.front() == '_') return nullptr;
  const MetricDefinition* best = nullptr;
  for (const MetricDefinition& candidate : definitions_) {
    if (!candidate.is_glob() || !candidate.defined) continue;
    const std::string_view prefix(candidate.name.data(), candidate.name.size() - 1);
    if (leaf_path.substr(0, prefix.size()) != prefix) continue;
    if (best == nullptr || candidate.name.size() > best->name.size()) best = &candidate;
  }
  return best;
}

}  // namespace runstone
