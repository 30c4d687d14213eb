// Grid, random and Bayesian search, each with fixed seeds.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <set>

#include "base/json.h"
#include "sweeps/gaussian_process.h"
#include "sweeps/grid.h"
#include "sweeps/suggest.h"

namespace runstone::sweeps {
namespace {

using testing::ElementsAre;

SweepConfig parse(std::string_view yaml) {
  auto config = parse_config(yaml);
  EXPECT_TRUE(config) << (config ? "" : config.error().message);
  return *std::move(config);
}

Observation ended(std::vector<Value> values, std::optional<double> loss) {
  return {std::move(values), loss, true};
}

TEST(Grid, GoesThroughAllPointsInTheOrderOfNestedLoops) {
  const auto config = parse(
      "{method: grid, parameters: {a: {values: [x, y]}, b: {min: 1, max: 2}, c: {value: 7}, "
      "d: {distribution: q_uniform, min: 0.0, max: 0.5, q: 0.25}}}");
  EXPECT_EQ(config.runs_expected(), 12);
  std::vector<std::string> points;
  std::int64_t next = 0;
  while (const auto step = suggest(config, 1, next, {})) {
    points.push_back(json::to_text(Value(List(step->values.begin(), step->values.end()))));
    next = step->suggestions;
  }
  ASSERT_EQ(points.size(), 12u);
  EXPECT_EQ(points[0], R"(["x",1,7,0])");
  EXPECT_EQ(points[1], R"(["x",1,7,0.25])");
  EXPECT_EQ(points[11], R"(["y",2,7,0.5])");
  EXPECT_EQ(std::set<std::string>(points.begin(), points.end()).size(), 12u);
}

TEST(Grid, PointsThatRunsHaveAlreadyAreLeftOut) {
  const auto config = parse("{method: grid, parameters: {a: {values: [1, 2, 3]}}}");
  const auto step = suggest(config, 1, 0, {ended({1.0}, 0.5), ended({2}, std::nullopt)});
  ASSERT_TRUE(step);
  EXPECT_THAT(step->values, ElementsAre(Value(3)));
  EXPECT_FALSE(suggest(config, 1, step->suggestions, {}));
}

TEST(RandomSearch, FollowsTheSeed) {
  const auto config =
      parse("{method: random, parameters: {a: {min: 0.0, max: 1.0}, b: {min: 0, max: 1000}}}");
  const auto first = suggest(config, 5, 0, {});
  EXPECT_EQ(first->values, suggest(config, 5, 0, {})->values);
  EXPECT_NE(first->values, suggest(config, 5, 1, {})->values);
  EXPECT_NE(first->values, suggest(config, 6, 0, {})->values);
}

TEST(GaussianProcess, GoesThroughWhatItSawAndIsUnsureElsewhere) {
  PointSet points{1, {}};
  std::vector<double> values;
  for (int i = 0; i <= 10; ++i) {
    points.add({i / 20.0});
    values.push_back(std::sin(6.0 * i / 20.0));
  }
  const GaussianProcess model(points, values);
  const auto predictions = model.predict({1, {0.225, 0.5, 1.0}});
  EXPECT_NEAR(predictions[0].mean, std::sin(6 * 0.225), 0.02);
  EXPECT_LT(predictions[1].deviation, 0.1);
  EXPECT_GT(predictions[2].deviation, 5 * predictions[1].deviation);
}

TEST(GaussianProcess, TakesEqualPointsAndEqualValues) {
  PointSet points{2, {}};
  for (int i = 0; i < 20; ++i) points.add({0.5, 0.5});
  const GaussianProcess same(points, std::vector<double>(20, 3.0));
  EXPECT_NEAR(same.predict({2, {0.5, 0.5}})[0].mean, 3, 1e-6);
}

// A sweep of `budget` runs; the best loss that it finds.
double best_of(const SweepConfig& config, std::int64_t seed, int budget,
               const std::function<double(const std::vector<Value>&)>& loss) {
  std::vector<Observation> seen;
  double best = HUGE_VAL;
  for (int i = 0; i < budget; ++i) {
    auto step = suggest(config, seed, i, seen);
    const double value = loss(step->values);
    best = std::min(best, value);
    seen.push_back(ended(std::move(step->values), value));
  }
  return best;
}

// Branin's function: three minima of 0.397887.
double branin(const std::vector<Value>& at) {
  const double x = at[0].number_or(0), y = at[1].number_or(0);
  const double bend = y - 5.1 / (4 * M_PI * M_PI) * x * x + 5 / M_PI * x - 6;
  return bend * bend + 10 * (1 - 1 / (8 * M_PI)) * std::cos(x) + 10;
}

// Hartmann's function of six dimensions: minimum -3.32237.
double hartmann6(const std::vector<Value>& at) {
  constexpr double kAlpha[4] = {1.0, 1.2, 3.0, 3.2};
  constexpr double kA[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                               {0.05, 10, 17, 0.1, 8, 14},
                               {3, 3.5, 1.7, 10, 17, 8},
                               {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kP[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                               {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                               {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                               {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    double inner = 0;
    for (int k = 0; k < 6; ++k) {
      const double off = at[static_cast<std::size_t>(k)].number_or(0) - kP[i][k];
      inner += kA[i][k] * off * off;
    }
    sum -= kAlpha[i] * std::exp(-inner);
  }
  return sum;
}

std::string branin_config(const char* method) {
  return std::string("{method: ") + method +
         ", metric: {name: y}, parameters: {a: {min: -5.0, max: 10.0}, b: {min: 0.0, max: 15.0}}}";
}
std::string hartmann_config(const char* method) {
  std::string yaml = std::string("{method: ") + method + ", metric: {name: y}, parameters: {";
  for (int k = 0; k < 6; ++k) yaml += "x" + std::to_string(k) + ": {min: 0.0, max: 1.0}, ";
  return yaml + "}}";
}

TEST(Bayes, FindsBetterMinimaOfBraninThanRandomSearch) {
  const auto bayes = parse(branin_config("bayes")), random = parse(branin_config("random"));
  int better = 0;
  for (std::int64_t seed = 1; seed <= 5; ++seed) {
    const double found = best_of(bayes, seed, 30, branin);
    EXPECT_LT(found, 0.5) << "seed " << seed;
    better += found < best_of(random, seed, 30, branin) ? 1 : 0;
  }
  EXPECT_EQ(better, 5);
}

TEST(Bayes, FindsBetterMinimaOfHartmannThanRandomSearch) {
  const auto bayes = parse(hartmann_config("bayes")), random = parse(hartmann_config("random"));
  double sum = 0;
  for (std::int64_t seed = 1; seed <= 3; ++seed) {
    const double found = best_of(bayes, seed, 60, hartmann6);
    EXPECT_LT(found, best_of(random, seed, 60, hartmann6)) << "seed " << seed;
    sum += found;
  }
  EXPECT_LT(sum / 3, -2.9);
}

TEST(Bayes, SearchesWholeNumbersStepsAndCategories) {
  const auto config = parse(
      "{method: bayes, metric: {name: y}, parameters: {n: {min: 0, max: 30}, lr: {distribution: "
      "log_uniform_values, min: 0.000001, max: 1.0}, opt: {values: [a, b, c]}, fixed: {value: "
      "1}}}");
  const auto loss = [](const std::vector<Value>& at) {
    const double n = at[0].number_or(0), lr = std::log10(at[1].number_or(1));
    return (n - 17) * (n - 17) / 50 + (lr + 3) * (lr + 3) + (at[2] == Value("b") ? 0 : 2);
  };
  EXPECT_LT(best_of(config, 3, 40, loss), 0.3);
}

TEST(Bayes, RunsInFlightAreNotTriedAgain) {
  const auto config = parse(branin_config("bayes"));
  std::vector<Observation> seen;
  for (int i = 0; i < 12; ++i) {
    auto values = suggest(config, 9, i, seen)->values;
    const double loss = branin(values);
    seen.push_back(ended(std::move(values), loss));
  }
  std::vector<std::vector<Value>> flight;
  for (int i = 12; i < 16; ++i) {  // four agents ask before any of their runs ends
    auto values = suggest(config, 9, i, seen)->values;
    for (const auto& other : flight) {
      const double far = std::hypot(values[0].number_or(0) - other[0].number_or(0),
                                    values[1].number_or(0) - other[1].number_or(0));
      EXPECT_GT(far, 0.05);
    }
    flight.push_back(values);
    seen.push_back({std::move(values), std::nullopt, false});
  }
}

TEST(Bayes, TakesWhatRunsLeaveBehind) {
  const auto config = parse(branin_config("bayes"));
  std::vector<Observation> seen;
  for (int i = 0; i < 20; ++i) {
    auto values = suggest(config, 2, i, seen)->values;
    std::optional<double> loss = branin(values);
    if (i % 4 == 1) loss = std::nullopt;         // failed, or logged NaN, or nothing
    if (i % 4 == 2) values[0] = "not a number";  // a run added by hand
    if (i == 7) loss = 1e300;
    seen.push_back(ended(std::move(values), loss));
  }
  const auto step = suggest(config, 2, 20, seen);
  ASSERT_TRUE(step);
  EXPECT_GE(step->values[0].number_or(-99), -5);
  EXPECT_LE(step->values[0].number_or(99), 10);
}

TEST(Bayes, NothingToSearchIsTheConstants) {
  const auto config =
      parse("{method: bayes, metric: {name: y}, parameters: {a: {value: 3}, b: {values: [4]}}}");
  std::vector<Observation> seen(20, ended({3, 4}, 1.0));
  EXPECT_THAT(suggest(config, 1, 20, seen)->values, ElementsAre(Value(3), Value(4)));
}

}  // namespace
}  // namespace runstone::sweeps
