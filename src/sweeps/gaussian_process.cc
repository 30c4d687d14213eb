#include "sweeps/gaussian_process.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace runstone::sweeps {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

// All as logarithms, so that every number is allowed.
struct Settings {
  Vector log_lengths;
  double log_scale = 0;  // of the function's deviation
  double log_noise = std::log(0.05);
};

// k(r) = (1 + sqrt5 r + 5/3 r^2) exp(-sqrt5 r), on squared distances.
void to_matern(Matrix& squares, double variance) {
  const auto r = (5.0 * squares.array()).max(0.0).sqrt();
  squares = (variance * (1.0 + r + squares.array().max(0.0) * (5.0 / 3.0)) * (-r).exp()).matrix();
}

// Columns are points, divided by the lengths.
Matrix scaled(const Matrix& points, const Vector& log_lengths) {
  return (-log_lengths).array().exp().matrix().asDiagonal() * points;
}

Matrix kernel(const Matrix& a, const Matrix& b, double variance) {
  Matrix squares = -2.0 * a.transpose() * b;
  squares.colwise() += a.colwise().squaredNorm().transpose();
  squares.rowwise() += b.colwise().squaredNorm();
  to_matern(squares, variance);
  return squares;
}

struct Fitted {
  Eigen::LLT<Matrix> cholesky;
  Vector weights;  // K^-1 y
};

bool factorize(const Matrix& points, const Vector& values, const Settings& settings, Fitted& out) {
  const Matrix at = scaled(points, settings.log_lengths);
  Matrix k = kernel(at, at, std::exp(2 * settings.log_scale));
  k.diagonal().array() += std::exp(2 * settings.log_noise) + 1e-8;
  out.cholesky.compute(k);
  if (out.cholesky.info() != Eigen::Success) return false;
  out.weights = out.cholesky.solve(values);
  return true;
}

double squared_over(double value, double mean, double deviation) {
  return 0.5 * (value - mean) * (value - mean) / (deviation * deviation);
}

// Minus the logarithm of likelihood times priors; infinite where the matrix is no covariance.
double cost(const Matrix& points, const Vector& values, const Settings& settings) {
  Fitted fitted;
  if (!factorize(points, values, settings, fitted)) return HUGE_VAL;
  double sum = 0.5 * values.dot(fitted.weights);
  const auto& factor = fitted.cholesky.matrixLLT();
  for (Eigen::Index i = 0; i < factor.rows(); ++i) sum += std::log(factor(i, i));
  // Lengths around half the range, more with more dimensions, where points are farther apart.
  const double usual =
      std::log(0.5) +
      0.25 * std::log(static_cast<double>(std::max<Eigen::Index>(1, points.rows())));
  for (const double length : settings.log_lengths) sum += squared_over(length, usual, 1.0);
  sum += squared_over(settings.log_scale, 0, 1.0);
  sum += squared_over(settings.log_noise, std::log(0.02), 1.5);
  return sum;
}

// One number after the other, up or down by a step that shrinks: no gradients are needed, and the
// cost of a few dozen numbers is a hundred small factorizations.
void minimize(const Matrix& points, const Vector& values, Settings& settings, int rounds) {
  std::vector<double*> numbers = {&settings.log_scale, &settings.log_noise};
  for (Eigen::Index i = 0; i < settings.log_lengths.size(); ++i) {
    numbers.push_back(&settings.log_lengths[i]);
  }
  double best = cost(points, values, settings);
  double step = 0.9;
  for (int round = 0; round < rounds; ++round, step *= 0.5) {
    for (double* number : numbers) {
      const double before = *number;
      for (const double direction : {1.0, -1.0}) {
        *number = std::clamp(before + direction * step, -7.0, 5.0);
        const double tried = cost(points, values, settings);
        if (tried < best) {
          best = tried;
          break;
        }
        *number = before;
      }
    }
  }
}

// One length for all dimensions first: the best place to begin, found in few steps.
Settings begin_at(const Matrix& points, const Vector& values) {
  Settings best;
  double lowest = HUGE_VAL;
  for (const double length : {0.15, 0.35, 0.8, 2.0}) {
    for (const double noise : {0.01, 0.2}) {
      Settings tried;
      tried.log_lengths = Vector::Constant(points.rows(), std::log(length));
      tried.log_noise = std::log(noise);
      const double at = cost(points, values, tried);
      if (best.log_lengths.size() == 0 || at < lowest) {
        lowest = at;
        best = tried;
      }
    }
  }
  return best;
}

// The best half of what may be used, since the model matters there, and others evenly.
std::vector<Eigen::Index> chosen_for_fit(const Vector& values, std::size_t count_max) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), 0);
  if (order.size() <= count_max) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return values[a] < values[b]; });
  const std::size_t best = count_max / 2, others = count_max - best;
  std::vector<Eigen::Index> chosen(order.begin(),
                                   order.begin() + static_cast<std::ptrdiff_t>(best));
  for (std::size_t i = 0; i < others; ++i) {
    chosen.push_back(order[best + i * (order.size() - best) / others]);
  }
  return chosen;
}

}  // namespace

struct GaussianProcess::Impl {
  Settings settings;
  Matrix points;
  Vector values;  // of mean 0 and deviation 1
  Matrix at;      // points, scaled
  Fitted fitted;
  double mean = 0;
  double spread = 1;
};

void GaussianProcess::take(const PointSet& points, const std::vector<double>& values) {
  const auto rows = static_cast<Eigen::Index>(points.dimensions);
  const auto count = static_cast<Eigen::Index>(values.size());
  impl_->points = Eigen::Map<const Matrix>(points.coordinates.data(), rows, count);
  Vector y = Eigen::Map<const Vector>(values.data(), count);
  impl_->mean = y.mean();
  y.array() -= impl_->mean;
  const double deviation = std::sqrt(y.squaredNorm() / static_cast<double>(count));
  impl_->spread = deviation > 0 && std::isfinite(deviation) ? deviation : 1;
  impl_->values = y / impl_->spread;
}

void GaussianProcess::factorize_all() {
  auto& own = *impl_;
  // Points that are nearly the same may need more noise than was found for some of them.
  while (!factorize(own.points, own.values, own.settings, own.fitted) &&
         own.settings.log_noise < 5) {
    own.settings.log_noise += 1;
  }
  own.at = scaled(own.points, own.settings.log_lengths);
}

GaussianProcess::GaussianProcess(PointSet points, std::vector<double> values,
                                 std::size_t fit_points_max)
    : impl_(std::make_unique<Impl>()) {
  take(points, values);
  const auto rows = impl_->points.rows();
  const auto chosen = chosen_for_fit(impl_->values, fit_points_max);
  Matrix some(rows, static_cast<Eigen::Index>(chosen.size()));
  Vector their(static_cast<Eigen::Index>(chosen.size()));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    some.col(static_cast<Eigen::Index>(i)) = impl_->points.col(chosen[i]);
    their[static_cast<Eigen::Index>(i)] = impl_->values[chosen[i]];
  }
  impl_->settings = begin_at(some, their);
  // Fewer rounds where each costs more, so that a suggestion has a bounded price.
  minimize(some, their, impl_->settings, rows <= 6 ? 5 : rows <= 16 ? 3 : 1);
  factorize_all();
}

GaussianProcess::GaussianProcess(PointSet points, std::vector<double> values,
                                 const GaussianProcess& fitted)
    : impl_(std::make_unique<Impl>()) {
  take(points, values);
  impl_->settings = fitted.impl_->settings;
  factorize_all();
}

GaussianProcess::~GaussianProcess() = default;

std::vector<Prediction> GaussianProcess::predict(const PointSet& points) const {
  const auto count = static_cast<Eigen::Index>(points.size());
  const Matrix asked =
      scaled(Eigen::Map<const Matrix>(points.coordinates.data(),
                                      static_cast<Eigen::Index>(points.dimensions), count),
             impl_->settings.log_lengths);
  const double variance = std::exp(2 * impl_->settings.log_scale);
  Matrix k = kernel(impl_->at, asked, variance);
  const Vector means = k.transpose() * impl_->fitted.weights;
  impl_->fitted.cholesky.matrixL().solveInPlace(k);
  std::vector<Prediction> predictions(static_cast<std::size_t>(count));
  for (Eigen::Index i = 0; i < count; ++i) {
    const double left = std::max(0.0, variance - k.col(i).squaredNorm());
    predictions[static_cast<std::size_t>(i)] = {impl_->mean + impl_->spread * means[i],
                                                impl_->spread * std::sqrt(left)};
  }
  return predictions;
}

}  // namespace runstone::sweeps
