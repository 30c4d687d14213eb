// Charts: their tables, their definitions, and the curves against what scikit-learn gives.
#include "runstone/plot.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "media/chart.h"

namespace runstone {
namespace {

using testing::HasSubstr;

std::string column(const Chart& chart, const char* name) {
  return json::to_text(Value(*chart.table().get_column(name)));
}

Table some_table() {
  Table table = *Table::create({"x", "y"});
  EXPECT_TRUE(table.add_data({1, 2}));
  return table;
}

TEST(Plot, PL1LinesOfASeriesAreRows) {
  const std::vector<List> xs = {{0, 1}}, ys = {{1, 2}, {3, 4}};
  plot::LineSeriesOptions options;
  options.keys = {"a", "b"};
  const auto chart = plot::line_series(xs, ys, options);
  ASSERT_TRUE(chart) << chart.error().message;
  EXPECT_EQ(column(*chart, "step"), "[0,1,0,1]");
  EXPECT_EQ(column(*chart, "lineKey"), R"(["a","a","b","b"])");
  EXPECT_EQ(column(*chart, "lineVal"), "[1,2,3,4]");
  EXPECT_EQ(json::to_text(Value(chart->string_fields())), R"({"title":"","xname":"x"})");
  EXPECT_EQ(column(*plot::line_series(xs, ys), "lineKey"),
            R"(["line_0","line_0","line_1","line_1"])");
  options.keys = {"a"};
  EXPECT_THAT(plot::line_series(xs, ys, options).error().message, HasSubstr("keys (1)"));
  const std::vector<List> three = {{0}, {1}, {2}};
  EXPECT_THAT(plot::line_series(three, ys).error().message, HasSubstr("x-series (3)"));
}

TEST(Plot, PL2AConfusionMatrixCountsPairs) {
  const std::vector<std::int64_t> y_true = {0, 1, 1}, preds = {0, 1, 0};
  plot::ConfusionOptions options;
  options.class_names = {"n", "y"};
  const auto chart = plot::confusion_matrix(y_true, Span<const std::int64_t>(preds), options);
  ASSERT_TRUE(chart) << chart.error().message;
  EXPECT_EQ(column(*chart, "Actual"), R"(["n","n","y","y"])");
  EXPECT_EQ(column(*chart, "Predicted"), R"(["n","y","n","y"])");
  EXPECT_EQ(column(*chart, "nPredictions"), "[1,0,1,1]");
  const std::vector<double> probs = {.9, .1, .2, .8, .6, .4};
  EXPECT_EQ(column(*plot::confusion_matrix(y_true, probs, 2), "nPredictions"), "[1,0,1,1]");
  EXPECT_EQ(column(*plot::confusion_matrix(y_true, probs, 2), "Actual"),
            R"(["Class_1","Class_1","Class_2","Class_2"])");
  options.class_names = {"n"};
  EXPECT_THAT(
      plot::confusion_matrix(y_true, Span<const std::int64_t>(preds), options).error().message,
      HasSubstr("exceeds the number of class names"));
  const std::vector<std::int64_t> two = {0, 1};
  EXPECT_THAT(plot::confusion_matrix(y_true, Span<const std::int64_t>(two)).error().message,
              HasSubstr("must be equal"));
}

TEST(Plot, PL3CurvesOfAClassifierThatIsAlwaysRight) {
  const std::vector<std::int64_t> y_true = {0, 1, 1, 0};
  const std::vector<double> scores = {.9, .1, .2, .8, .6, .4, .7, .3};
  const auto roc = plot::roc_curve(y_true, scores, 2);
  ASSERT_TRUE(roc) << roc.error().message;
  EXPECT_EQ(column(*roc, "fpr"), "[0,0,0,1,0,0,0,1]");
  EXPECT_EQ(column(*roc, "tpr"), "[0,0.5,1,1,0,0.5,1,1]");
  EXPECT_EQ(column(*roc, "class"), "[0,0,0,0,1,1,1,1]");
  plot::CurveOptions options;
  options.interp_size = 5;
  options.class_names = {"no", "yes"};
  const auto pr = plot::pr_curve(y_true, scores, 2, options);
  EXPECT_EQ(column(*pr, "precision"), "[1,1,1,1,1,1,1,1,1,1]");
  EXPECT_EQ(column(*pr, "recall"), "[1,0.75,0.5,0.25,0,1,0.75,0.5,0.25,0]");
  EXPECT_THAT(column(*pr, "class"), HasSubstr(R"("no","yes")"));
  EXPECT_EQ(pr->spec_name(), "wandb/area-under-curve/v0");
}

TEST(Plot, PL4CurvesOfAClassifierThatErrs) {
  const std::vector<std::int64_t> y_true = {0, 0, 1, 1, 1, 0};
  const double of_one[] = {.1, .4, .35, .8, .65, .7};
  std::vector<double> scores;
  for (const double score : of_one) {
    scores.push_back(1 - score);
    scores.push_back(score);
  }
  plot::CurveOptions options;
  options.interp_size = 5;
  const auto pr = plot::pr_curve(y_true, scores, 2, options);
  ASSERT_TRUE(pr);
  EXPECT_EQ(column(*pr, "precision"), "[0.6,0.6,0.667,1,1,0.6,0.6,0.667,1,1]");
  const auto roc = plot::roc_curve(y_true, scores, 2);
  EXPECT_EQ(column(*roc, "fpr"), "[0,0,0.333,0.333,0.667,0.667,1,0,0,0.333,0.333,0.667,0.667,1]");
  EXPECT_EQ(column(*roc, "tpr"), "[0,0.333,0.333,0.667,0.667,1,1,0,0.333,0.333,0.667,0.667,1,1]");
}

TEST(Plot, CurvesSayWhatDoesNotFit) {
  const std::vector<std::int64_t> y_true = {0, 2};
  const std::vector<double> scores = {.9, .1, .2, .8};
  EXPECT_THAT(plot::pr_curve(y_true, scores, 2).error().message, HasSubstr("class 2"));
  EXPECT_THAT(plot::roc_curve(y_true, scores, 3).error().message, HasSubstr("3 classes"));
  EXPECT_THAT(plot::roc_curve({}, scores, 2).error().message, HasSubstr("no samples"));
  plot::CurveOptions options;
  options.interp_size = 0;
  EXPECT_FALSE(plot::pr_curve(y_true, scores, 2, options));
}

TEST(Plot, AChartHasItsDefinitionForEachKey) {
  const auto chart = plot::line(some_table(), "x", "y", {"T"});
  const auto& object = static_cast<const media::ChartObject&>(*chart->object());
  EXPECT_EQ(object.table_key("K"), "K_table");
  EXPECT_EQ(object.config_path("K"), (std::vector<std::string>{"visualize", "K"}));
  EXPECT_EQ(
      json::to_text(object.config_value("K")),
      R"({"panel_type":"Vega2","panel_config":{"panelDefId":"wandb/line/v0","fieldSettings":)"
      R"({"x":"x","y":"y","stroke":null},"stringSettings":{"title":"T"},"transform":)"
      R"({"name":"tableWithLeafColNames"},"userQuery":{"queryFields":[{"name":"runSets","args":)"
      R"([{"name":"runSets","value":"${runSets}"}],"fields":[{"name":"id","fields":[]},)"
      R"({"name":"name","fields":[]},{"name":"_defaultColorIndex","fields":[]},)"
      R"({"name":"summaryTable","args":[{"name":"tableKey","value":"K_table"}],"fields":[]}]}]}}})");
  const auto split = plot::bar(some_table(), "x", "y", {std::nullopt, true});
  EXPECT_EQ(static_cast<const media::ChartObject&>(*split->object()).table_key("K"),
            "Custom Chart Tables/K_table");
  const auto shown = plot::visualize("my/id", some_table());
  const auto& visual = static_cast<const media::ChartObject&>(*shown->object());
  EXPECT_EQ(visual.table_key("K"), "K");
  EXPECT_EQ(json::to_text(visual.config_value("K")),
            R"({"id":"my/id","historyFieldSettings":{"x-axis":"_step","key":"K"}})");
}

TEST(Plot, EachKindHasItsDefinitionAndFields) {
  const std::pair<Result<Chart>, const char*> charts[] = {
      {plot::scatter(some_table(), "x", "y"), R"(wandb/scatter/v0{"x":"x","y":"y"})"},
      {plot::bar(some_table(), "x", "y"), R"(wandb/bar/v0{"label":"x","value":"y"})"},
      {plot::histogram(some_table(), "x"), R"(wandb/histogram/v0{"value":"x"})"},
      {plot::table("me/mine", some_table(), {{"a", "x"}}), R"(me/mine{"a":"x"})"}};
  for (const auto& [chart, wanted] : charts) {
    ASSERT_TRUE(chart);
    EXPECT_EQ(chart->spec_name() + json::to_text(Value(chart->fields())), wanted);
  }
  EXPECT_EQ(plot::scatter(Table(), "x", "y").error().code, ErrorCode::kInvalidType);
}

}  // namespace
}  // namespace runstone
