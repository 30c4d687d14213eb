#include "runstone/plot.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "media/chart.h"
#include "media/curves.h"

namespace runstone {

using media::ChartObject;
using media::Curve;

Table Chart::table() const { return static_cast<ChartObject&>(*object()).table(); }
std::string Chart::spec_name() const { return static_cast<ChartObject&>(*object()).spec().name; }
Dict Chart::fields() const { return static_cast<ChartObject&>(*object()).spec().fields; }
Dict Chart::string_fields() const {
  return static_cast<ChartObject&>(*object()).spec().string_fields;
}

namespace plot {
namespace {

Failure wrong(const std::string& what) { return fail(ErrorCode::kInvalidArgument, what); }

Result<Chart> chart_of(const Table& table, ChartObject::Spec spec) {
  if (!table) {
    return fail(ErrorCode::kInvalidType, "Expected `data_table` to be a Table, and it is empty");
  }
  return Chart(std::make_shared<ChartObject>(table, std::move(spec)));
}

// Every class's score of each sample, and which class it is.
struct Samples {
  Span<const std::int64_t> y_true;
  Span<const double> y_probas;
  std::size_t k;
};

Result<void> check_samples(const Samples& samples) {
  const std::size_t count = samples.y_true.size();
  if (count == 0) return wrong("y_true has no samples");
  if (samples.k == 0 || samples.y_probas.size() != count * samples.k) {
    return wrong("y_probas must hold a score for each of " + std::to_string(samples.k) +
                 " classes and " + std::to_string(count) + " samples, not " +
                 std::to_string(samples.y_probas.size()));
  }
  for (const std::int64_t label : samples.y_true) {
    if (label < 0 || static_cast<std::size_t>(label) >= samples.k) {
      return wrong("y_true holds class " + std::to_string(label) + ", y_probas only classes 0 to " +
                   std::to_string(samples.k - 1));
    }
  }
  return {};
}

// As many points as fit, the first and the last among them.
Curve thinned(const Curve& curve, std::size_t max_points) {
  const std::size_t size = curve.x.size();
  if (size <= max_points || max_points < 2) return curve;
  Curve thin;
  for (std::size_t i = 0; i < max_points; ++i) {
    const std::size_t at = i * (size - 1) / (max_points - 1);
    thin.x.push_back(curve.x[at]);
    thin.y.push_back(curve.y[at]);
  }
  return thin;
}

struct CurveForm {
  const char *x, *y, *x_title, *y_title, *title;
  bool is_x_first;
};

template <typename MakeCurve>
Result<Chart> curves(const Samples& samples, const CurveOptions& options, const CurveForm& form,
                     const MakeCurve& make) {
  RUNSTONE_TRY(check_samples(samples));
  if (!options.class_names.empty() && options.class_names.size() < samples.k) {
    return wrong("there are " + std::to_string(samples.k) + " classes, but names of " +
                 std::to_string(options.class_names.size()));
  }
  std::vector<std::size_t> classes = options.classes_to_plot;
  if (classes.empty()) {
    for (std::size_t i = 0; i < samples.k; ++i) classes.push_back(i);
  }
  RUNSTONE_TRY(Table table, Table::create({"class", form.is_x_first ? form.x : form.y,
                                           form.is_x_first ? form.y : form.x}));
  std::vector<std::uint8_t> is_positive(samples.y_true.size());
  std::vector<double> scores(samples.y_true.size());
  for (const std::size_t label : classes) {
    if (label >= samples.k) {
      return wrong("there is no class " + std::to_string(label) + " to plot");
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
      is_positive[i] = samples.y_true[i] == static_cast<std::int64_t>(label) ? 1 : 0;
      scores[i] = samples.y_probas[i * samples.k + label];
    }
    const Value name = options.class_names.empty() ? Value(label) : options.class_names[label];
    const Curve curve = thinned(make(is_positive, scores), Table::kMaxRows / classes.size());
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      const double first = form.is_x_first ? curve.x[i] : curve.y[i];
      const double second = form.is_x_first ? curve.y[i] : curve.x[i];
      RUNSTONE_TRY(table.add_data({name, first, second}));
    }
  }
  return plot::table("wandb/area-under-curve/v0", table,
                     {{"x", form.x}, {"y", form.y}, {"class", "class"}},
                     {{"title", options.title.value_or(form.title)},
                      {"x-axis-title", form.x_title},
                      {"y-axis-title", form.y_title}},
                     options.split_table);
}

Result<std::vector<std::string>> names_of_classes(Span<const std::int64_t> y_true,
                                                  Span<const std::int64_t> preds,
                                                  std::vector<std::string> given) {
  std::int64_t highest = -1;
  for (const auto labels : {y_true, preds}) {
    for (const std::int64_t label : labels) {
      if (label < 0) return wrong("classes are numbers from 0, not " + std::to_string(label));
      highest = std::max(highest, label);
    }
  }
  const auto count = static_cast<std::size_t>(highest + 1);
  if (given.empty()) {
    for (std::size_t i = 0; i < count; ++i) given.push_back("Class_" + std::to_string(i + 1));
  }
  if (count <= given.size()) return given;
  return wrong("The number of classes exceeds the number of class names: there is a class " +
               std::to_string(highest) + ", and " + std::to_string(given.size()) + " names");
}

}  // namespace

Result<Chart> table(std::string_view spec_name, const Table& table, const Dict& fields,
                    const Dict& string_fields, bool split_table) {
  return chart_of(table, {std::string(spec_name), fields, string_fields, split_table, false});
}

Result<Chart> visualize(std::string_view id, const Table& table) {
  return chart_of(table, {std::string(id), {}, {}, false, true});
}

Result<Chart> line(const Table& data, std::string_view x, std::string_view y,
                   const ChartOptions& options, std::string_view stroke) {
  return table("wandb/line/v0", data,
               {{"x", x}, {"y", y}, {"stroke", stroke.empty() ? Value() : Value(stroke)}},
               {{"title", options.title.value_or("")}}, options.split_table);
}

Result<Chart> scatter(const Table& data, std::string_view x, std::string_view y,
                      const ChartOptions& options) {
  return table("wandb/scatter/v0", data, {{"x", x}, {"y", y}},
               {{"title", options.title.value_or("")}}, options.split_table);
}

Result<Chart> bar(const Table& data, std::string_view label, std::string_view value,
                  const ChartOptions& options) {
  return table("wandb/bar/v0", data, {{"label", label}, {"value", value}},
               {{"title", options.title.value_or("")}}, options.split_table);
}

Result<Chart> histogram(const Table& data, std::string_view value, const ChartOptions& options) {
  return table("wandb/histogram/v0", data, {{"value", value}},
               {{"title", options.title.value_or("")}}, options.split_table);
}

Result<Chart> line_series(Span<const List> xs, Span<const List> ys,
                          const LineSeriesOptions& options) {
  if (xs.size() != 1 && xs.size() != ys.size()) {
    return wrong("Number of x-series (" + std::to_string(xs.size()) + ") must match y-series (" +
                 std::to_string(ys.size()) + ").");
  }
  if (!options.keys.empty() && options.keys.size() != ys.size()) {
    return wrong("Number of keys (" + std::to_string(options.keys.size()) +
                 ") must match y-series (" + std::to_string(ys.size()) + ").");
  }
  RUNSTONE_TRY(Table data, Table::create({"step", "lineKey", "lineVal"}));
  for (std::size_t line = 0; line < ys.size(); ++line) {
    const List& x = xs[xs.size() == 1 ? 0 : line];
    const std::string key =
        options.keys.empty() ? "line_" + std::to_string(line) : options.keys[line];
    for (std::size_t i = 0; i < std::min(x.size(), ys[line].size()); ++i) {
      RUNSTONE_TRY(data.add_data({x[i], key, ys[line][i]}));
    }
  }
  return table("wandb/lineseries/v0", data,
               {{"step", "step"}, {"lineKey", "lineKey"}, {"lineVal", "lineVal"}},
               {{"title", options.title.value_or("")}, {"xname", options.x_name}},
               options.split_table);
}

Result<Chart> pr_curve(Span<const std::int64_t> y_true, Span<const double> y_probas, std::size_t k,
                       const CurveOptions& options) {
  if (options.interp_size < 1) return wrong("interp_size must be at least 1");
  return curves({y_true, y_probas, k}, options,
                {"recall", "precision", "Recall", "Precision", "Precision-Recall Curve", false},
                [&](Span<const std::uint8_t> is_positive, Span<const double> scores) {
                  return media::precision_recall(is_positive, scores, options.interp_size);
                });
}

Result<Chart> roc_curve(Span<const std::int64_t> y_true, Span<const double> y_probas, std::size_t k,
                        const CurveOptions& options) {
  return curves({y_true, y_probas, k}, options,
                {"fpr", "tpr", "False positive rate", "True positive rate", "ROC Curve", true},
                [](Span<const std::uint8_t> is_positive, Span<const double> scores) {
                  return media::receiver_operating(is_positive, scores);
                });
}

Result<Chart> confusion_matrix(Span<const std::int64_t> y_true, Span<const std::int64_t> preds,
                               const ConfusionOptions& options) {
  if (y_true.size() != preds.size()) {
    return wrong("The number of predictions and true labels must be equal: " +
                 std::to_string(preds.size()) + " and " + std::to_string(y_true.size()));
  }
  RUNSTONE_TRY(const auto names, names_of_classes(y_true, preds, options.class_names));
  const std::size_t k = names.size();
  std::vector<double> counts(k * k, 0);
  for (std::size_t i = 0; i < y_true.size(); ++i) {
    counts[static_cast<std::size_t>(y_true[i]) * k + static_cast<std::size_t>(preds[i])] += 1;
  }
  RUNSTONE_TRY(Table data, Table::create({"Actual", "Predicted", "nPredictions"}));
  for (std::size_t actual = 0; actual < k; ++actual) {
    for (std::size_t predicted = 0; predicted < k; ++predicted) {
      RUNSTONE_TRY(
          data.add_data({names[actual], names[predicted], counts[actual * k + predicted]}));
    }
  }
  return table("wandb/confusion_matrix/v1", data,
               {{"Actual", "Actual"}, {"Predicted", "Predicted"}, {"nPredictions", "nPredictions"}},
               {{"title", options.title.value_or("Confusion Matrix Curve")}}, options.split_table);
}

Result<Chart> confusion_matrix(Span<const std::int64_t> y_true, Span<const double> probs,
                               std::size_t k, const ConfusionOptions& options) {
  if (k == 0 || probs.size() != y_true.size() * k) {
    return wrong("The number of predictions and true labels must be equal: " +
                 std::to_string(k == 0 ? 0 : probs.size() / k) + " and " +
                 std::to_string(y_true.size()));
  }
  std::vector<std::int64_t> preds;
  for (std::size_t i = 0; i < y_true.size(); ++i) {
    const double* const row = probs.data() + i * k;
    preds.push_back(std::max_element(row, row + k) - row);
  }
  return confusion_matrix(y_true, Span<const std::int64_t>(preds), options);
}

}  // namespace plot
}  // namespace runstone
