#include "sweeps/config.h"

#include <gmock/gmock.h>

#include <source_location>

#include "base/json.h"
#include "sweeps/objective.h"

namespace runstone::sweeps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SweepConfig parse(std::string_view yaml) {
  auto config = parse_config(yaml);
  EXPECT_TRUE(config) << (config ? "" : config.error().message);
  return config ? *std::move(config) : SweepConfig();
}

void check_error(std::string_view yaml, std::string_view message,
                 std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), yaml);
  const auto config = parse_config(yaml);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(config.error().message, HasSubstr(message));
}

std::string with_parameter(const std::string& parameter) {
  return "{method: random, parameters: {x: " + parameter + "}}";
}

TEST(SweepConfig, ReadsWhatTheStockClientSends) {
  const auto config = parse(R"(
command:
- ${env}
- python
early_terminate:
  min_iter: 3
  type: hyperband
method: bayes
metric:
  goal: maximize
  name: val/acc
name: first
parameters:
  layers:
    distribution: int_uniform
    max: 8
    min: 2
  lr:
    distribution: log_uniform_values
    max: 0.1
    min: 1.0e-05
  opt:
    values: [adam, sgd, null]
program: train.py
run_cap: 20
)");
  EXPECT_EQ(config.method, Method::kBayes);
  EXPECT_EQ(config.metric->name, "val/acc");
  EXPECT_TRUE(config.metric->maximize);
  ASSERT_EQ(config.parameters.size(), 3u);
  EXPECT_EQ(config.parameters[1].law.min, 1e-5);
  EXPECT_EQ(config.parameters[2].law.values.size(), 3u);
  EXPECT_EQ(config.early_terminate->brackets[1], 9);
  EXPECT_EQ(config.program, Value("train.py"));
  EXPECT_EQ(config.runs_expected(), 20);
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(SweepConfig, TheDistributionFollowsFromTheKeys) {
  const auto of = [](const std::string& parameter) {
    return std::string(
        to_string(parse(with_parameter(parameter)).parameters.at(0).law.distribution));
  };
  EXPECT_EQ(of("{value: null}"), "constant");
  EXPECT_EQ(of("{values: [1, 2]}"), "categorical");
  EXPECT_EQ(of("{values: [1, 2], probabilities: [0.5, 0.5]}"), "categorical_w_probabilities");
  EXPECT_EQ(of("{distribution: categorical, values: [1, 2], probabilities: [0.5, 0.5]}"),
            "categorical_w_probabilities");
  EXPECT_EQ(of("{min: 1, max: 2}"), "int_uniform");
  EXPECT_EQ(of("{min: 1.0, max: 2}"), "uniform");
  EXPECT_EQ(of("{mu: 1}"), "normal");
  EXPECT_EQ(of("{a: 1, b: 2}"), "beta");
}

TEST(SweepConfig, ErrorsNameTheKey) {
  check_error("", "no set of keys");
  check_error("[1, 2]", "no set of keys");
  check_error("{parameters: {x: {value: 1}}}", "method: is missing");
  check_error("{method: gird, parameters: {x: {value: 1}}}", "method: unknown method \"gird\"");
  check_error("{method: custom, parameters: {x: {value: 1}}}", "method: 'custom' needs");
  check_error("{method: random}", "parameters: is missing");
  check_error("{method: random, parameters: {}}", "parameters: is empty");
  check_error("{method: random, parameters: 3}", "parameters: 3 is no set");
  check_error(with_parameter("3"), "parameters.x: 3 is no parameter");
  check_error(with_parameter("{}"), "parameters.x: has none of");
  check_error(with_parameter("{min: 3, max: 1}"), "parameters.x: min 3 is greater than max 1");
  check_error(with_parameter("{min: 3, distribution: uniform}"), "parameters.x: 'max' is missing");
  check_error(with_parameter("{min: a, max: 1}"), "parameters.x.min: \"a\" is no number");
  check_error(with_parameter("{min: 0, max: .inf}"), "parameters.x.max: Infinity is no finite");
  check_error(with_parameter("{values: []}"), "parameters.x.values: is empty");
  check_error(with_parameter("{values: 3}"), "parameters.x.values: 3 is no list");
  check_error(with_parameter("{values: [1, 2], probabilities: [0.5, 0.4]}"),
              "parameters.x.probabilities: their sum is 0.9, not 1");
  check_error(with_parameter("{values: [1, 2], probabilities: [1]}"),
              "parameters.x.probabilities: 1 probabilities for 2 values");
  check_error(with_parameter("{values: [1, 2], probabilities: [-1, 2]}"), "-1 is no probability");
  check_error(with_parameter("{distribution: gauss, mu: 1}"),
              "parameters.x.distribution: unknown distribution \"gauss\"; there are constant");
  check_error(with_parameter("{distribution: int_uniform, min: 0.5, max: 2}"),
              "needs whole numbers");
  check_error(with_parameter("{distribution: log_uniform_values, min: 0, max: 2}"),
              "parameters.x.min: 0 has no logarithm");
  check_error(with_parameter("{distribution: log_uniform, min: 1, max: 1000}"), "exponents");
  check_error(with_parameter("{distribution: normal, sigma: 0}"), "parameters.x.sigma: 0 is not");
  check_error(with_parameter("{distribution: q_uniform, min: 0, max: 1, q: 0}"), "parameters.x.q");
  check_error(with_parameter("{distribution: beta, a: -1}"), "parameters.x.a");
  check_error(with_parameter("{parameters: {y: {min: 2, max: 1}}}"),
              "parameters.x.parameters.y: min");
}

TEST(SweepConfig, ErrorsOfTheSearchNameTheKey) {
  check_error("{method: bayes, parameters: {x: {min: 0.0, max: 1.0}}}", "metric: is missing");
  check_error("{method: bayes, metric: {goal: minimize}, parameters: {x: {min: 0, max: 1}}}",
              "metric.name: is missing");
  check_error("{method: bayes, metric: {name: a, goal: best}, parameters: {x: {min: 0, max: 1}}}",
              "metric.goal: \"best\" is neither");
  check_error("{method: grid, parameters: {x: {min: 0.0, max: 1.0}}}",
              "parameters.x: a grid needs values that can be counted");
  check_error(
      "{method: grid, parameters: {x: {min: 0, max: 10000000}, y: {min: 0, max: 10000000}}}",
      "parameters: the grid has more than");
  check_error("{method: random, run_cap: 0, parameters: {x: {value: 1}}}", "run_cap: 0 is less");
  const std::string start = "{method: random, parameters: {x: {value: 1}}, metric: {name: a}, ";
  check_error(start + "early_terminate: {type: median}}", "early_terminate.type: \"median\"");
  check_error(start + "early_terminate: {type: hyperband}}", "early_terminate: needs 'min_iter'");
  check_error(start + "early_terminate: {type: hyperband, max_iter: 9}}", "'s' is missing");
  check_error(start + "early_terminate: {type: hyperband, min_iter: 1, eta: 1}}",
              "early_terminate.eta");
  check_error(
      "{method: random, parameters: {x: {value: 1}}, early_terminate: {type: hyperband, min_iter: "
      "1}}",
      "early_terminate: needs 'metric'");
  check_error(start + "controller: {type: moon}}", "controller.type");
}

TEST(SweepConfig, UnknownKeysAreWarnings) {
  const auto config = parse(
      "{method: random, metod: x, parameters: {x: {min: 1, max: 2, mean: 3}}, metric: {name: a, "
      "gaol: b}}");
  EXPECT_THAT(config.warnings,
              testing::UnorderedElementsAre(HasSubstr("'parameters.x.mean'"),
                                            HasSubstr("'metric.gaol'"), HasSubstr("'metod'")));
}

TEST(SweepConfig, NestedParametersBecomeNestedArgs) {
  const auto config = parse(R"(
method: grid
parameters:
  optimizer:
    parameters:
      name: {value: adam}
      betas:
        parameters:
          first: {values: [0.8, 0.9]}
  seed: {value: 3}
)");
  ASSERT_EQ(config.parameters.size(), 3u);
  EXPECT_EQ(config.parameters[1].shown_path(),
            "parameters.optimizer.parameters.betas.parameters.first");
  const auto args = make_args(config, {"adam", 0.9, 3});
  EXPECT_EQ(json::to_text(args),
            R"({"optimizer":{"value":{"name":"adam","betas":{"first":0.9}}},"seed":{"value":3}})");
  EXPECT_THAT(values_of(config, args), ElementsAre(Value("adam"), Value(0.9), Value(3)));
  EXPECT_THAT(values_of(config, Value()), ElementsAre(Value(), Value(), Value()));
}

TEST(Objective, FindsTheMetricInASummary) {
  const auto found = [](const char* name, bool maximize, const char* summary) {
    Metric metric;
    metric.name = name;
    metric.maximize = maximize;
    return metric_of(metric, *json::parse(summary));
  };
  EXPECT_EQ(found("loss", false, R"({"loss":1.5})"), 1.5);
  EXPECT_EQ(found("loss", false, R"({"loss":{"min":1,"max":3,"last":2}})"), 1);
  EXPECT_EQ(found("loss", true, R"({"loss":{"min":1,"max":3}})"), 3);
  EXPECT_EQ(found("loss", true, R"({"loss":{"last":2}})"), 2);
  EXPECT_EQ(found("val.loss", false, R"({"val":{"loss":4}})"), 4);
  EXPECT_EQ(found("val.loss", false, R"({"val.loss":5,"val":{"loss":4}})"), 5);
  EXPECT_EQ(found("a.b.c", false, R"({"a.b":{"c":6}})"), 6);
  EXPECT_FALSE(found("loss", false, R"({"loss":NaN})"));
  EXPECT_FALSE(found("loss", false, R"({"loss":"low"})"));
  EXPECT_FALSE(found("loss", false, R"({})"));
}

}  // namespace
}  // namespace runstone::sweeps
