#include "scenario_charts.h"

#include <string>
#include <utility>
#include <vector>

#include "spec_value.h"

namespace runstone::conformance {
namespace {

void read_options(const Dict& spec, plot::ChartOptions& options) {
  options.title = maybe_text(spec, "title");
  options.split_table = bool_at(spec, "split_table", false);
}

plot::ChartOptions options_of(const Dict& spec) {
  plot::ChartOptions options;
  read_options(spec, options);
  return options;
}

Result<Chart> line(const Dict& spec, const Table& over) {
  return plot::line(over, text_at(spec, "x"), text_at(spec, "y"), options_of(spec),
                    text_at(spec, "stroke"));
}
Result<Chart> scatter(const Dict& spec, const Table& over) {
  return plot::scatter(over, text_at(spec, "x"), text_at(spec, "y"), options_of(spec));
}
Result<Chart> bar(const Dict& spec, const Table& over) {
  return plot::bar(over, text_at(spec, "label"), text_at(spec, "value"), options_of(spec));
}
Result<Chart> histogram(const Dict& spec, const Table& over) {
  return plot::histogram(over, text_at(spec, "value"), options_of(spec));
}

/// A list of lists; one list of numbers is one line's.
std::vector<List> lists_at(const Dict& spec, std::string_view key) {
  const List& given = list_at(spec, key);
  if (given.empty() || !given.front().if_list()) return {given};
  std::vector<List> lists;
  for (const Value& item : given) lists.push_back(*item.if_list());
  return lists;
}

Result<Chart> line_series(const Dict& spec, const Table& /*over*/) {
  plot::LineSeriesOptions options;
  read_options(spec, options);
  options.keys = texts_at(spec, "keys");
  options.x_name = maybe_text(spec, "xname").value_or("x");
  return plot::line_series(lists_at(spec, "xs"), lists_at(spec, "ys"), options);
}

template <auto kDraw>
Result<Chart> curve(const Dict& spec, const Table& /*over*/) {
  plot::CurveOptions options;
  read_options(spec, options);
  options.class_names = list_at(spec, "labels");
  for (const std::int64_t index : ints_at(spec, "classes_to_plot")) {
    options.classes_to_plot.push_back(static_cast<std::size_t>(index));
  }
  options.interp_size = int_at(spec, "interp_size", options.interp_size);
  int classes = 0;
  const auto probas = flatten(list_at(spec, "y_probas"), classes);
  return kDraw(ints_at(spec, "y_true"), probas, static_cast<std::size_t>(classes), options);
}

Result<Chart> confusion_matrix(const Dict& spec, const Table& /*over*/) {
  plot::ConfusionOptions options;
  read_options(spec, options);
  options.class_names = texts_at(spec, "class_names");
  if (spec.contains("probs")) {
    int classes = 0;
    const auto probs = flatten(list_at(spec, "probs"), classes);
    return plot::confusion_matrix(ints_at(spec, "y_true"), probs, static_cast<std::size_t>(classes),
                                  options);
  }
  return plot::confusion_matrix(ints_at(spec, "y_true"), ints_at(spec, "preds"), options);
}

Result<Chart> plot_table(const Dict& spec, const Table& over) {
  return plot::table(text_at(spec, "spec"), over, dict_at(spec, "fields"), dict_at(spec, "strings"),
                     bool_at(spec, "split_table", false));
}
Result<Chart> visualize(const Dict& spec, const Table& over) {
  return plot::visualize(text_at(spec, "spec"), over);
}

}  // namespace

Result<Chart> make_chart(const Dict& spec, const Table& over) {
  using Make = Result<Chart> (*)(const Dict&, const Table&);
  static constexpr std::pair<std::string_view, Make> kPresets[] = {
      {"line", &line},
      {"scatter", &scatter},
      {"bar", &bar},
      {"histogram", &histogram},
      {"line_series", &line_series},
      {"pr_curve", &curve<&plot::pr_curve>},
      {"roc_curve", &curve<&plot::roc_curve>},
      {"confusion_matrix", &confusion_matrix},
      {"plot_table", &plot_table},
      {"visualize", &visualize},
  };
  const std::string preset = text_at(spec, "chart");
  for (const auto& [name, make] : kPresets) {
    if (name == preset) return make(spec, over);
  }
  return fail(ErrorCode::kInvalidArgument, "the scenario has a chart " + preset);
}

}  // namespace runstone::conformance
