#pragma once

#include <optional>
#include <vector>

#include "sweeps/config.h"
#include "sweeps/random.h"

namespace runstone::sweeps {

/// A run as the search sees it.
struct Observation {
  std::vector<Value> values;   ///< of the parameters; null where the run has none
  std::optional<double> loss;  ///< lower is better; none: it still runs, or has no finite value
  bool ended = false;
};

/// The next point of method bayes: the one with the largest expected improvement over the best
/// value that the model expects at a point tried, found among random points and steps around the
/// best ones. Until min(max(4, parameters + 1), 12) runs have a value, points are drawn at random.
///
/// Each searched parameter is put on (0, 1) by its own distribution's cumulative function, so
/// that log_uniform is searched in its logarithm; a category is a dimension of its own, 0 or
/// 1/sqrt(2), so that any two are at distance 1. Candidates are rounded to what the parameter can
/// be before the model is asked. Runs that still run count as what the model expects of them, so
/// that several agents do not try the same; ended ones without a value count as
/// `config.metric->impute` says.
/// Source   expected improvement: J. Mockus 1978; D. R. Jones, M. Schonlau, W. J. Welch, "Efficient
///          global optimization of expensive black-box functions", J. Global Optimization 13, 1998.
///          Runs in flight as the "kriging believer": D. Ginsbourger, R. Le Riche, L. Carraro 2010.
///          Rounding: E. C. Garrido-Merchan, D. Hernandez-Lobato, Neurocomputing 380, 2020.
std::vector<Value> bayes_point(const SweepConfig& config,
                               const std::vector<Observation>& observations, Random& random);

}  // namespace runstone::sweeps
