#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace runstone::sweeps {

/// Points of one search space, one after the other: `points[i * dimensions + k]`.
struct PointSet {
  std::size_t dimensions = 0;
  std::vector<double> coordinates;

  std::size_t size() const { return dimensions == 0 ? 0 : coordinates.size() / dimensions; }
  void add(const std::vector<double>& point) {
    coordinates.insert(coordinates.end(), point.begin(), point.end());
  }
};

struct Prediction {
  double mean = 0;
  double deviation = 0;  ///< of the function itself, without the noise of an observation
};

/// Regression by a Gaussian process: constant mean, Matern 5/2 kernel with a length of its own per
/// dimension, Gaussian noise. Lengths, scale and noise maximize the likelihood of the observations
/// times weak priors, which keep few observations from being explained by noise alone.
/// Source   C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", MIT
///          Press 2006, algorithm 2.1 and section 5.4; the choice of kernel as in J. Snoek, H.
///          Larochelle, R. P. Adams, "Practical Bayesian optimization of machine learning
///          algorithms", NIPS 2012.
class GaussianProcess {
 public:
  /// At least two points; `values` are finite, one per point. Deterministic. At most
  /// `fit_points_max` of the points are used for the likelihood, all of them for predictions.
  GaussianProcess(PointSet points, std::vector<double> values, std::size_t fit_points_max = 72);
  /// With the lengths, scale and noise of another one: for a few points more, much cheaper.
  GaussianProcess(PointSet points, std::vector<double> values, const GaussianProcess& fitted);
  ~GaussianProcess();
  GaussianProcess(const GaussianProcess&) = delete;
  GaussianProcess& operator=(const GaussianProcess&) = delete;

  /// O(size^2) per point, many at once.
  std::vector<Prediction> predict(const PointSet& points) const;

 private:
  void take(const PointSet& points, const std::vector<double>& values);
  void factorize_all();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runstone::sweeps
