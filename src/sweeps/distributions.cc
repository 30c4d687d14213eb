#include "sweeps/distributions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace runstone::sweeps {
namespace {

constexpr std::array<std::pair<Distribution, const char*>, 18> kNames = {{
    {Distribution::kConstant, "constant"},
    {Distribution::kCategorical, "categorical"},
    {Distribution::kCategoricalWithProbabilities, "categorical_w_probabilities"},
    {Distribution::kIntUniform, "int_uniform"},
    {Distribution::kUniform, "uniform"},
    {Distribution::kQUniform, "q_uniform"},
    {Distribution::kLogUniform, "log_uniform"},
    {Distribution::kLogUniformValues, "log_uniform_values"},
    {Distribution::kQLogUniform, "q_log_uniform"},
    {Distribution::kQLogUniformValues, "q_log_uniform_values"},
    {Distribution::kInvLogUniform, "inv_log_uniform"},
    {Distribution::kInvLogUniformValues, "inv_log_uniform_values"},
    {Distribution::kNormal, "normal"},
    {Distribution::kQNormal, "q_normal"},
    {Distribution::kLogNormal, "log_normal"},
    {Distribution::kQLogNormal, "q_log_normal"},
    {Distribution::kBeta, "beta"},
    {Distribution::kQBeta, "q_beta"},
}};

constexpr double kEdge = 1e-12;  // places stay inside (0, 1)

double normal_cdf(double z) { return 0.5 * std::erfc(-z * M_SQRT1_2); }

// The cumulative distribution is monotonic: halving an interval finds its inverse to a double.
template <typename Cdf>
double invert(Cdf cdf, double low, double high, double unit) {
  for (int i = 0; i < 100 && high - low > 1e-15 * std::max(1.0, std::abs(low)); ++i) {
    const double middle = 0.5 * (low + high);
    (cdf(middle) < unit ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// The continued fraction of the incomplete beta function, by Lentz's method; DLMF 8.17.22.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= c * d;
    if (std::abs(c * d - 1) < 1e-14) break;
  }
  return fraction;
}

double beta_cdf(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on this side of the mean; the other is its mirror image.
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

// What is drawn before rounding: every law is a plain one, its exponential, or its steps.
enum class Shape { kUniform, kNormal, kBeta };
struct Plain {
  Shape shape = Shape::kUniform;
  double low = 0, high = 1;  // of the uniform
  bool exponential = false;
  bool inverse = false;  // exp(-x)
};

Plain plain_of(const Law& law) {
  Plain plain{Shape::kUniform, law.min, law.max, false, false};
  switch (law.distribution) {
    case Distribution::kLogUniform:
    case Distribution::kQLogUniform:
      plain.exponential = true;
      break;
    case Distribution::kLogUniformValues:
    case Distribution::kQLogUniformValues:
      plain = {Shape::kUniform, std::log(law.min), std::log(law.max), true, false};
      break;
    case Distribution::kInvLogUniform:
      plain.inverse = true;
      break;
    case Distribution::kInvLogUniformValues:
      plain = {Shape::kUniform, -std::log(law.max), -std::log(law.min), false, true};
      break;
    case Distribution::kNormal:
    case Distribution::kQNormal:
      plain.shape = Shape::kNormal;
      break;
    case Distribution::kLogNormal:
    case Distribution::kQLogNormal:
      plain.shape = Shape::kNormal;
      plain.exponential = true;
      break;
    case Distribution::kBeta:
    case Distribution::kQBeta:
      plain.shape = Shape::kBeta;
      break;
    default:
      break;
  }
  return plain;
}

bool is_quantized(const Law& law) {
  switch (law.distribution) {
    case Distribution::kQUniform:
    case Distribution::kQLogUniform:
    case Distribution::kQLogUniformValues:
    case Distribution::kQNormal:
    case Distribution::kQLogNormal:
    case Distribution::kQBeta:
      return true;
    default:
      return false;
  }
}

// Steps of a whole q give whole numbers, so that they read as such in a config.
Value quantized(double value, double q) {
  const double steps = std::nearbyint(value / q);
  const double rounded = steps * q;
  if (q == std::floor(q) && std::abs(rounded) < 9e15) return static_cast<std::int64_t>(rounded);
  // 3 * 0.1 is 0.30000000000000004: a step's own reciprocal, where it is whole, avoids that.
  const double per_unit = std::nearbyint(1 / q);
  if (q < 1 && std::abs(per_unit * q - 1) < 1e-12) return steps / per_unit;
  return rounded;
}

}  // namespace

const char* to_string(Distribution distribution) {
  for (const auto& [value, name] : kNames) {
    if (value == distribution) return name;
  }
  return "?";
}

std::optional<Distribution> distribution_from(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (name == known) return value;
  }
  return std::nullopt;
}

std::vector<const char*> distribution_names() {
  std::vector<const char*> names;
  for (const auto& [value, name] : kNames) names.push_back(name);
  return names;
}

bool is_categorical(const Law& law) {
  return law.distribution == Distribution::kCategorical ||
         law.distribution == Distribution::kCategoricalWithProbabilities;
}

bool is_stepped(const Law& law) {
  return law.distribution == Distribution::kIntUniform || is_quantized(law);
}

Value value_at(const Law& law, double unit) {
  unit = std::clamp(unit, kEdge, 1 - kEdge);
  if (law.distribution == Distribution::kConstant) return law.values.front();
  if (is_categorical(law)) {
    const std::size_t count = law.values.size();
    if (law.distribution == Distribution::kCategorical) {
      return law.values[static_cast<std::size_t>(unit * static_cast<double>(count))];
    }
    double sum = 0;
    std::size_t last = 0;  // the sum of the probabilities may fall short of 1 by rounding
    for (std::size_t i = 0; i < count; ++i) {
      sum += law.probabilities[i];
      if (law.probabilities[i] > 0) last = i;
      if (unit < sum) return law.values[i];
    }
    return law.values[last];
  }
  if (law.distribution == Distribution::kIntUniform) {
    const double whole = std::floor(law.min + unit * (law.max - law.min + 1));
    return static_cast<std::int64_t>(std::min(whole, law.max));
  }
  const Plain plain = plain_of(law);
  double x = 0;
  switch (plain.shape) {
    case Shape::kUniform:
      x = plain.low + unit * (plain.high - plain.low);
      break;
    case Shape::kNormal:
      x = law.mu + law.sigma * invert(normal_cdf, -10, 10, unit);
      break;
    case Shape::kBeta:
      x = invert([&](double at) { return beta_cdf(law.a, law.b, at); }, 0, 1, unit);
      break;
  }
  if (plain.exponential) x = std::exp(x);
  if (plain.inverse) x = std::exp(-x);
  if (is_quantized(law)) return quantized(x, law.q);
  return x;
}

std::optional<std::size_t> category_of(const Law& law, const Value& value) {
  for (std::size_t i = 0; i < law.values.size(); ++i) {
    if (same_value(law.values[i], value)) return i;
  }
  return std::nullopt;
}

std::optional<double> place_of(const Law& law, const Value& value) {
  if (law.distribution == Distribution::kConstant) return 0.5;
  if (is_categorical(law)) {
    const auto index = category_of(law, value);
    if (!index) return std::nullopt;
    return (static_cast<double>(*index) + 0.5) / static_cast<double>(law.values.size());
  }
  if (!value.is_number()) return std::nullopt;
  double x = value.number_or(0);
  if (!std::isfinite(x)) return std::nullopt;
  const auto inside = [](double unit) { return std::clamp(unit, kEdge, 1 - kEdge); };
  if (law.distribution == Distribution::kIntUniform) {
    return inside((x - law.min + 0.5) / (law.max - law.min + 1));
  }
  const Plain plain = plain_of(law);
  if (plain.exponential || plain.inverse) {
    if (x <= 0) return plain.inverse ? inside(1) : inside(0);
    x = plain.inverse ? -std::log(x) : std::log(x);
  }
  switch (plain.shape) {
    case Shape::kUniform:
      if (plain.high <= plain.low) return 0.5;
      return inside((x - plain.low) / (plain.high - plain.low));
    case Shape::kNormal:
      return inside(normal_cdf((x - law.mu) / law.sigma));
    case Shape::kBeta:
      return inside(beta_cdf(law.a, law.b, x));
  }
  return std::nullopt;
}

}  // namespace runstone::sweeps
