#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "sweeps/config.h"

namespace runstone::sweeps {

/// What early termination knows of one run: how many values of the metric it has logged, and its
/// best value when it had logged as many as each bracket asks for. Fed value by value, so that a
/// growing history is read once.
class RunProgress {
 public:
  explicit RunProgress(std::vector<std::int64_t> brackets) : brackets_(std::move(brackets)) {}

  /// `loss`: lower is better; NaN counts as an iteration and is never the best.
  void add(double loss);
  std::int64_t iterations() const { return iterations_; }
  /// The best within the first brackets[i] iterations; nothing before it has that many.
  std::optional<double> best_at(std::size_t bracket) const;
  double best() const { return best_; }
  /// Index of the highest bracket that it has reached.
  std::optional<std::size_t> reached() const;

 private:
  std::vector<std::int64_t> brackets_;
  std::vector<double> best_at_;  // of the brackets reached so far
  std::int64_t iterations_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
};

/// Brackets of min_iter: min_iter, min_iter*eta, ... up to 2^40; of max_iter and s: max_iter/eta,
/// max_iter/eta^2, ..., s of them, ascending.
std::vector<std::int64_t> brackets_from_min(std::int64_t min_iter, double eta);
std::vector<std::int64_t> brackets_from_max(std::int64_t max_iter, std::int64_t s, double eta);

/// Which live runs should end now. A run is compared at the highest bracket that it and at least
/// `eta` runs have reached: it must be among the best 1/eta (rounded up) of those, live or ended.
/// `strict` judges it by its best value within the bracket's iterations; otherwise all that it has
/// logged since counts in its favour, too.
/// Source   asynchronous successive halving: L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, M.
///          Hardt, B. Recht, A. Talwalkar, "A system for massively parallel hyperparameter tuning",
///          MLSys 2020; brackets as in Hyperband, L. Li et al., JMLR 18, 2018.
struct JudgedRun {
  const RunProgress* progress = nullptr;
  bool live = false;
};
std::vector<std::size_t> runs_to_stop(const Hyperband& rule, const std::vector<JudgedRun>& runs);

}  // namespace runstone::sweeps
