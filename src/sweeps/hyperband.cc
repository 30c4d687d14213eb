#include "sweeps/hyperband.h"

#include <algorithm>
#include <cmath>

namespace runstone::sweeps {

void RunProgress::add(double loss) {
  if (!std::isnan(loss)) best_ = std::min(best_, loss);
  ++iterations_;
  while (best_at_.size() < brackets_.size() && brackets_[best_at_.size()] <= iterations_) {
    best_at_.push_back(best_);
  }
}

std::optional<double> RunProgress::best_at(std::size_t bracket) const {
  if (bracket >= best_at_.size()) return std::nullopt;
  return best_at_[bracket];
}

std::optional<std::size_t> RunProgress::reached() const {
  if (best_at_.empty()) return std::nullopt;
  return best_at_.size() - 1;
}

std::vector<std::int64_t> brackets_from_min(std::int64_t min_iter, double eta) {
  constexpr double kLast = 1LL << 40;
  std::vector<std::int64_t> brackets;
  for (double at = static_cast<double>(min_iter); at < kLast; at *= eta) {
    const auto whole = static_cast<std::int64_t>(at);
    if (brackets.empty() || whole > brackets.back()) brackets.push_back(whole);
  }
  return brackets;
}

std::vector<std::int64_t> brackets_from_max(std::int64_t max_iter, std::int64_t s, double eta) {
  std::vector<std::int64_t> brackets;
  double at = static_cast<double>(max_iter);
  for (std::int64_t i = 0; i < s; ++i) {
    at /= eta;
    const auto whole = static_cast<std::int64_t>(at);
    if (whole < 1) break;
    if (brackets.empty() || whole < brackets.back()) brackets.push_back(whole);
  }
  std::reverse(brackets.begin(), brackets.end());
  return brackets;
}

std::vector<std::size_t> runs_to_stop(const Hyperband& rule, const std::vector<JudgedRun>& runs) {
  // The worst value that may go on, by bracket; computed when a live run stands there.
  std::vector<std::optional<double>> thresholds(rule.brackets.size());
  std::vector<bool> known(rule.brackets.size());
  const auto threshold = [&](std::size_t bracket) {
    if (known[bracket]) return thresholds[bracket];
    known[bracket] = true;
    std::vector<double> values;
    for (const auto& run : runs) {
      if (const auto best = run.progress->best_at(bracket)) values.push_back(*best);
    }
    if (static_cast<double>(values.size()) < rule.eta) return thresholds[bracket];
    const auto kept =
        static_cast<std::size_t>(std::ceil(static_cast<double>(values.size()) / rule.eta));
    std::sort(values.begin(), values.end());
    thresholds[bracket] = values[kept - 1];
    return thresholds[bracket];
  };
  std::vector<std::size_t> stop;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].live) continue;
    const auto reached = runs[i].progress->reached();
    if (!reached) continue;
    // A run far ahead of all others is compared where they have been, too.
    std::size_t bracket = *reached;
    while (bracket > 0 && !threshold(bracket)) --bracket;
    const auto limit = threshold(bracket);
    if (!limit) continue;
    const double value =
        rule.strict ? *runs[i].progress->best_at(bracket) : runs[i].progress->best();
    if (value > *limit) stop.push_back(i);
  }
  return stop;
}

}  // namespace runstone::sweeps
