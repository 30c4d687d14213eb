#include "sweeps/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/json.h"
#include "sweeps/random.h"

namespace runstone::sweeps {
namespace {

Law law(Distribution distribution, double min, double max, double q = 1) {
  Law made;
  made.distribution = distribution;
  made.min = min;
  made.max = max;
  made.q = q;
  return made;
}
Law bell(Distribution distribution, double mu, double sigma, double q = 1) {
  Law made;
  made.distribution = distribution;
  made.mu = mu;
  made.sigma = sigma;
  made.q = q;
  return made;
}
Law beta(double a, double b, Distribution distribution = Distribution::kBeta, double q = 1) {
  Law made;
  made.distribution = distribution;
  made.a = a;
  made.b = b;
  made.q = q;
  return made;
}
double number_at(const Law& of, double unit) { return value_at(of, unit).number_or(NAN); }

TEST(Distributions, NamesGoBothWays) {
  EXPECT_EQ(distribution_names().size(), 18u);
  for (const auto* name : distribution_names()) {
    EXPECT_STREQ(to_string(*distribution_from(name)), name);
  }
  EXPECT_FALSE(distribution_from("uniformly"));
}

TEST(Distributions, TheMedianIsWhatTheLawSays) {
  EXPECT_DOUBLE_EQ(number_at(law(Distribution::kUniform, 2, 4), 0.5), 3);
  EXPECT_NEAR(number_at(law(Distribution::kLogUniform, -2, 0), 0.5), std::exp(-1), 1e-12);
  EXPECT_NEAR(number_at(law(Distribution::kLogUniformValues, 1e-4, 1), 0.5), 1e-2, 1e-12);
  EXPECT_NEAR(number_at(law(Distribution::kInvLogUniform, 1, 3), 0.5), std::exp(-2), 1e-12);
  EXPECT_NEAR(number_at(law(Distribution::kInvLogUniformValues, 1e-4, 1), 0.5), 1e-2, 1e-12);
  EXPECT_NEAR(number_at(bell(Distribution::kNormal, 5, 2), 0.5), 5, 1e-9);
  EXPECT_NEAR(number_at(bell(Distribution::kLogNormal, 1, 2), 0.5), std::exp(1), 1e-9);
  EXPECT_NEAR(number_at(beta(2, 2), 0.5), 0.5, 1e-9);
}

// 1.9599639845 is the 97.5th percentile of the normal law, any table has it; I_x(2,5) and
// I_x(0.5,0.5) have closed forms: the latter is 2/pi asin(sqrt(x)).
TEST(Distributions, QuantilesAgreeWithTables) {
  EXPECT_NEAR(number_at(bell(Distribution::kNormal, 0, 1), 0.975), 1.959963984540054, 1e-9);
  EXPECT_NEAR(number_at(beta(0.5, 0.5), 0.25), std::pow(std::sin(M_PI / 8), 2), 1e-9);
  EXPECT_NEAR(number_at(beta(1, 3), 0.4), 1 - std::cbrt(0.6), 1e-9);
  EXPECT_NEAR(number_at(beta(4, 1), 0.4), std::pow(0.4, 0.25), 1e-9);
}

TEST(Distributions, StepsAreMultiplesOfQ) {
  const auto stepped = law(Distribution::kQUniform, 0, 1, 0.1);
  for (double unit = 0.01; unit < 1; unit += 0.01) {
    const double tenths = number_at(stepped, unit) * 10;
    EXPECT_NEAR(tenths, std::nearbyint(tenths), 1e-9);
  }
  EXPECT_EQ(json::to_text(value_at(stepped, 0.3)), "0.3");  // not 0.30000000000000004
  EXPECT_TRUE(value_at(law(Distribution::kQUniform, 0, 100, 5), 0.52).is_int());
  EXPECT_EQ(value_at(law(Distribution::kQUniform, 0, 100, 5), 0.52), Value(50));
  EXPECT_EQ(value_at(law(Distribution::kQLogUniformValues, 1, 1000, 10), 0.5), Value(30));
  EXPECT_EQ(value_at(law(Distribution::kQLogUniform, 0, std::log(1000.0), 10), 0.5), Value(30));
  EXPECT_EQ(value_at(bell(Distribution::kQNormal, 7, 1, 2), 0.6), Value(8));
  EXPECT_EQ(value_at(bell(Distribution::kQLogNormal, 2, 1, 2), 0.5), Value(8));
  EXPECT_EQ(value_at(beta(2, 2, Distribution::kQBeta, 0.25), 0.5), Value(0.5));
}

TEST(Distributions, EveryWholeNumberIsAsLikely) {
  const auto dice = law(Distribution::kIntUniform, 1, 6);
  std::map<std::int64_t, int> counts;
  Random random(7);
  for (int i = 0; i < 60000; ++i) ++counts[value_at(dice, random.unit()).int_or(0)];
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [face, count] : counts) EXPECT_NEAR(count, 10000, 400) << face;
}

TEST(Distributions, CategoriesComeAsOftenAsTheirProbabilitiesSay) {
  Law colors;
  colors.distribution = Distribution::kCategoricalWithProbabilities;
  colors.values = {"red", "blue", "green"};
  colors.probabilities = {0.7, 0.0, 0.3};
  std::map<std::string, int> counts;
  Random random(8);
  for (int i = 0; i < 10000; ++i)
    ++counts[std::string(value_at(colors, random.unit()).string_or(""))];
  EXPECT_NEAR(counts["red"], 7000, 200);
  EXPECT_EQ(counts.count("blue"), 0u);
  EXPECT_EQ(value_at(colors, 1.0), Value("green"));
}

TEST(Distributions, AValuesPlaceLeadsBackToIt) {
  const std::vector<Law> laws = {
      law(Distribution::kUniform, -3, 9),
      law(Distribution::kLogUniform, -7, -1),
      law(Distribution::kLogUniformValues, 1e-5, 10),
      law(Distribution::kInvLogUniform, 1, 3),
      law(Distribution::kInvLogUniformValues, 1e-5, 10),
      law(Distribution::kIntUniform, -4, 12),
      law(Distribution::kQUniform, 0, 10, 0.5),
      bell(Distribution::kNormal, 3, 0.1),
      bell(Distribution::kLogNormal, 0, 1),
      beta(2, 5),
  };
  for (const auto& one : laws) {
    SCOPED_TRACE(to_string(one.distribution));
    for (double unit = 0.05; unit < 1; unit += 0.05) {
      const Value value = value_at(one, unit);
      const auto place = place_of(one, value);
      ASSERT_TRUE(place);
      EXPECT_NEAR(value_at(one, *place).number_or(NAN), value.number_or(0),
                  1e-6 * (1 + std::abs(value.number_or(0))));
    }
  }
}

TEST(Distributions, WhatCannotComeFromTheLawHasNoPlace) {
  EXPECT_FALSE(place_of(law(Distribution::kUniform, 0, 1), "text"));
  EXPECT_FALSE(place_of(law(Distribution::kUniform, 0, 1), nullptr));
  EXPECT_FALSE(place_of(law(Distribution::kUniform, 0, 1), NAN));
  Law colors;
  colors.distribution = Distribution::kCategorical;
  colors.values = {"red", 1};
  EXPECT_FALSE(place_of(colors, "pink"));
  EXPECT_TRUE(place_of(colors, 1.0));
  EXPECT_TRUE(place_of(law(Distribution::kLogUniformValues, 1, 2), -5));  // put at the end
}

TEST(Random, IsTheSameEverywhere) {
  Random random(42, 3);
  EXPECT_EQ(random.next(), Random(42, 3).next());
  EXPECT_NE(Random(42, 3).next(), Random(42, 4).next());
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double unit = random.unit();
    ASSERT_GT(unit, 0);
    ASSERT_LT(unit, 1);
    sum += unit;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.01);
}

}  // namespace
}  // namespace runstone::sweeps
