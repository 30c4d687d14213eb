#include "sweeps/bayes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sweeps/gaussian_process.h"
#include "sweeps/random_search.h"

namespace runstone::sweeps {
namespace {

// A model of more runs than this would take longer than an agent should wait; the best and the
// newest say most.
constexpr std::size_t kMaxModelRuns = 400;
constexpr std::size_t kMaxPendingRuns = 64;
constexpr std::size_t kRandomCandidates = 400;
constexpr std::size_t kLocalCandidates = 150;
constexpr int kLocalRounds = 2;
// Categories past this are places on a line: a dimension each would drown all others.
constexpr std::size_t kMaxOneHot = 32;
constexpr double kCategory = M_SQRT1_2;

// Where one searched parameter's coordinates are.
struct Axis {
  std::size_t parameter = 0;
  std::size_t first = 0;
  std::size_t width = 1;
};

// The parameters as coordinates; constants have none.
class Space {
 public:
  explicit Space(const SweepConfig& config) : config_(config) {
    for (std::size_t i = 0; i < config.parameters.size(); ++i) {
      const Law& law = config.parameters[i].law;
      if (law.distribution == Distribution::kConstant) continue;
      if ((is_categorical(law) || is_stepped(law)) && fixed(law)) continue;
      const std::size_t width = one_hot(law) ? law.values.size() : 1;
      axes_.push_back({i, dimensions_, width});
      dimensions_ += width;
    }
  }
  std::size_t dimensions() const { return dimensions_; }
  const std::vector<Axis>& axes() const { return axes_; }
  const Law& law(const Axis& axis) const { return config_.parameters[axis.parameter].law; }

  /// Nothing if a value is not one that the parameter can have.
  std::optional<std::vector<double>> locate(const std::vector<Value>& values) const {
    std::vector<double> point(dimensions_, 0);
    for (const auto& axis : axes_) {
      const Law& own = law(axis);
      const Value& value = values[axis.parameter];
      if (axis.width > 1) {
        const auto category = category_of(own, value);
        if (!category) return std::nullopt;
        point[axis.first + *category] = kCategory;
      } else {
        const auto place = place_of(own, value);
        if (!place) return std::nullopt;
        point[axis.first] = *place;
      }
    }
    return point;
  }

 private:
  static bool one_hot(const Law& law) {
    return is_categorical(law) && law.values.size() <= kMaxOneHot;
  }
  static bool fixed(const Law& law) {
    return is_categorical(law)
               ? law.values.size() == 1
               : law.distribution == Distribution::kIntUniform && law.min == law.max;
  }

  const SweepConfig& config_;
  std::vector<Axis> axes_;
  std::size_t dimensions_ = 0;
};

struct Known {
  PointSet points;
  std::vector<double> losses;
  std::vector<const std::vector<Value>*> values;
  std::vector<std::vector<double>> pending;
};

// A loss so far off that it would flatten all the others: cut to a few times the usual spread.
void tame_outliers(std::vector<double>& losses) {
  if (losses.size() < 4) return;
  auto sorted = losses;
  std::sort(sorted.begin(), sorted.end());
  const double best = sorted.front();
  const double upper = sorted[sorted.size() * 3 / 4];
  const double limit = upper + 5 * (upper - best);
  if (!(limit > best)) return;
  for (double& loss : losses) loss = std::min(loss, limit);
}

std::optional<double> imputed(const SweepConfig& config,
                              const std::vector<Observation>& observations) {
  std::optional<double> worst, best, latest;
  for (const auto& seen : observations) {
    if (!seen.loss) continue;
    worst = worst ? std::max(*worst, *seen.loss) : *seen.loss;
    best = best ? std::min(*best, *seen.loss) : *seen.loss;
    latest = *seen.loss;
  }
  switch (config.metric ? config.metric->impute : Impute::kWorst) {
    case Impute::kWorst:
      return worst;
    case Impute::kBest:
      return best;
    case Impute::kLatest:
      return latest;
    case Impute::kIgnore:
      return std::nullopt;
  }
  return std::nullopt;
}

Known gather(const SweepConfig& config, const Space& space,
             const std::vector<Observation>& observations) {
  struct Entry {
    std::vector<double> point;
    double loss;
    const std::vector<Value>* values;
    std::size_t age;
  };
  Known known;
  std::vector<Entry> entries;
  const auto fallback = imputed(config, observations);
  for (std::size_t i = 0; i < observations.size(); ++i) {
    const auto& seen = observations[i];
    auto point = space.locate(seen.values);
    if (!point) continue;
    const auto loss = seen.loss ? seen.loss : seen.ended ? fallback : std::nullopt;
    if (loss) {
      entries.push_back({*std::move(point), *loss, &seen.values, observations.size() - i});
    } else if (!seen.ended) {
      known.pending.push_back(*std::move(point));
    }
  }
  if (entries.size() > kMaxModelRuns) {
    const auto half = static_cast<std::ptrdiff_t>(kMaxModelRuns / 2);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto& a, const auto& b) { return a.loss < b.loss; });
    std::stable_sort(entries.begin() + half, entries.end(),
                     [](const auto& a, const auto& b) { return a.age < b.age; });
    entries.resize(kMaxModelRuns);
  }
  if (known.pending.size() > kMaxPendingRuns) {
    known.pending.erase(known.pending.begin(),
                        known.pending.end() - static_cast<std::ptrdiff_t>(kMaxPendingRuns));
  }
  known.points.dimensions = space.dimensions();
  for (auto& entry : entries) {
    known.points.add(entry.point);
    known.losses.push_back(entry.loss);
    known.values.push_back(entry.values);
  }
  tame_outliers(known.losses);
  return known;
}

double expected_improvement(const Prediction& at, double best) {
  if (at.deviation < 1e-12) return std::max(0.0, best - at.mean);
  const double z = (best - at.mean) / at.deviation;
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * M_PI);
  return at.deviation * (z * 0.5 * std::erfc(-z * M_SQRT1_2) + density);
}

struct Candidate {
  std::vector<Value> values;
  std::vector<double> point;
  double gain = 0;
};

class Search {
 public:
  Search(const SweepConfig& config, const Space& space, const GaussianProcess& model, double best,
         Random& random)
      : config_(config), space_(space), model_(model), best_(best), random_(random) {}

  void add_random(std::size_t count) {
    std::vector<Candidate> fresh;
    for (std::size_t i = 0; i < count; ++i) add(fresh, random_point(config_, random_));
    judge(fresh);
  }
  void add_around(const std::vector<std::vector<Value>>& centers, std::size_t count, double reach) {
    std::vector<Candidate> fresh;
    for (std::size_t i = 0; i < count && !centers.empty(); ++i) {
      add(fresh, step_from(centers[i % centers.size()], reach));
    }
    judge(fresh);
  }
  /// Values of the best candidates so far.
  std::vector<std::vector<Value>> leaders(std::size_t count) const {
    std::vector<std::vector<Value>> values;
    for (std::size_t i = 0; i < std::min(count, all_.size()); ++i) values.push_back(all_[i].values);
    return values;
  }
  const Candidate& best() const { return all_.front(); }

 private:
  void add(std::vector<Candidate>& fresh, std::vector<Value> values) {
    // Located anew from the rounded values: the model sees what the run would get.
    auto point = space_.locate(values);
    if (point) fresh.push_back({std::move(values), *std::move(point), 0});
  }
  void judge(std::vector<Candidate>& fresh) {
    PointSet points;
    points.dimensions = space_.dimensions();
    for (const auto& candidate : fresh) points.add(candidate.point);
    if (fresh.empty()) return;
    const auto predictions = model_.predict(points);
    for (std::size_t i = 0; i < fresh.size(); ++i) {
      fresh[i].gain = expected_improvement(predictions[i], best_);
      all_.push_back(std::move(fresh[i]));
    }
    std::stable_sort(all_.begin(), all_.end(),
                     [](const auto& a, const auto& b) { return a.gain > b.gain; });
    if (all_.size() > 64) all_.resize(64);
  }
  // Some coordinates moved a little, a category or step now and then to another.
  std::vector<Value> step_from(const std::vector<Value>& center, double reach) {
    auto values = center;
    const auto& axes = space_.axes();
    const double share = std::max(1.0 / static_cast<double>(axes.size()), 0.35);
    bool moved = false;
    while (!moved) {
      for (const auto& axis : axes) {
        if (random_.unit() > share) continue;
        moved = true;
        const Law& law = space_.law(axis);
        const auto place = place_of(law, values[axis.parameter]);
        if (is_categorical(law) || !place) {
          values[axis.parameter] = value_at(law, random_.unit());
          continue;
        }
        // The sum of two uniforms is near enough to a bell; beyond an end it turns around.
        double moved_to = *place + reach * (random_.unit() + random_.unit() - 1);
        if (moved_to < 0) moved_to = -moved_to;
        if (moved_to > 1) moved_to = 2 - moved_to;
        values[axis.parameter] = value_at(law, moved_to);
      }
    }
    return values;
  }

  const SweepConfig& config_;
  const Space& space_;
  const GaussianProcess& model_;
  const double best_;
  Random& random_;
  std::vector<Candidate> all_;  // by gain, largest first
};

// The runs in flight as if they had ended at what the model expects.
void believe(Known& known, std::unique_ptr<GaussianProcess>& model) {
  if (known.pending.empty()) return;
  PointSet points;
  points.dimensions = known.points.dimensions;
  for (const auto& point : known.pending) points.add(point);
  const auto expected = model->predict(points);
  for (std::size_t i = 0; i < known.pending.size(); ++i) {
    known.points.add(known.pending[i]);
    known.losses.push_back(expected[i].mean);
  }
  model = std::make_unique<GaussianProcess>(known.points, known.losses, *model);
}

}  // namespace

std::vector<Value> bayes_point(const SweepConfig& config,
                               const std::vector<Observation>& observations, Random& random) {
  const Space space(config);
  if (space.dimensions() == 0) return random_point(config, random);
  Known known = gather(config, space, observations);
  std::size_t with_value = 0;
  for (const auto& seen : observations) with_value += seen.loss ? 1 : 0;
  const std::size_t needed =
      std::min<std::size_t>(std::max<std::size_t>(4, space.axes().size() + 1), 12);
  if (with_value < needed || known.losses.size() < 2) return random_point(config, random);

  auto model = std::make_unique<GaussianProcess>(known.points, known.losses);
  believe(known, model);
  // With noise the lowest observation may be luck: improvement is counted from the lowest mean.
  double best = HUGE_VAL;
  for (const auto& at : model->predict(known.points)) best = std::min(best, at.mean);

  std::vector<std::size_t> order(known.values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return known.losses[a] < known.losses[b]; });
  std::vector<std::vector<Value>> tried_best;
  for (std::size_t i = 0; i < std::min<std::size_t>(5, order.size()); ++i) {
    tried_best.push_back(*known.values[order[i]]);
  }
  Search search(config, space, *model, best, random);
  search.add_random(kRandomCandidates);
  search.add_around(tried_best, kLocalCandidates, 0.15);
  double reach = 0.08;
  for (int round = 0; round < kLocalRounds; ++round, reach *= 0.25) {
    search.add_around(search.leaders(8), kLocalCandidates, reach);
  }
  return search.best().values;
}

}  // namespace runstone::sweeps
