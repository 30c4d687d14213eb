// Charts: what runstone.plot hands over as plain lists and arrays.
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bind.h"
#include "errors.h"
#include "runstone/plot.h"
#include "to_python.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

template <typename T>
using Array = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;

template <typename T>
Span<const T> elements(const Array<T>& array) {
  return {array.data(), array.size()};
}

plot::CurveOptions curve_options(nb::handle names, const std::vector<std::size_t>& classes,
                                 const std::string& title, bool split_table, int interp_size) {
  plot::CurveOptions options;
  options.title = title;
  options.split_table = split_table;
  options.interp_size = interp_size;
  options.classes_to_plot = classes;
  for (const nb::handle name : names) options.class_names.push_back(to_value(name, kLogConversion));
  return options;
}

plot::ConfusionOptions confusion_options(std::vector<std::string> names, const std::string& title,
                                         bool split_table) {
  plot::ConfusionOptions options;
  options.class_names = std::move(names);
  options.title = title;
  options.split_table = split_table;
  return options;
}

std::vector<List> lists_of(nb::handle given) {
  std::vector<List> lists;
  for (const nb::handle one : given) {
    const Value list = to_value(one, kLogConversion);
    lists.push_back(list.is_list() ? *list.if_list() : List{list});
  }
  return lists;
}

}  // namespace

void bind_plot(nb::module_& module) {
  nb::class_<Chart, Media>(module, "Chart")
      .def_prop_ro("spec_name", &Chart::spec_name)
      .def_prop_ro("fields", [](const Chart& self) { return to_python(self.fields()); })
      .def_prop_ro("string_fields",
                   [](const Chart& self) { return to_python(self.string_fields()); })
      .def_prop_ro("table", &Chart::table);
  module.def("plot_table", [](const Table& table, const std::string& spec, nb::handle fields,
                              nb::handle string_fields, bool split_table) {
    return value_or_throw(plot::table(spec, table, to_dict(fields, kPlainConversion),
                                      to_dict(string_fields, kPlainConversion), split_table));
  });
  module.def("plot_visualize", [](const std::string& id, const Table& table) {
    return value_or_throw(plot::visualize(id, table));
  });
  module.def(
      "plot_line",
      [](const Table& table, const std::string& x, const std::string& y,
         const std::optional<std::string>& stroke, const std::string& title, bool split_table) {
        return value_or_throw(plot::line(table, x, y, {title, split_table}, stroke.value_or("")));
      },
      "table"_a, "x"_a, "y"_a, "stroke"_a.none(), "title"_a, "split_table"_a);
  module.def("plot_scatter", [](const Table& table, const std::string& x, const std::string& y,
                                const std::string& title, bool split_table) {
    return value_or_throw(plot::scatter(table, x, y, {title, split_table}));
  });
  module.def("plot_bar", [](const Table& table, const std::string& label, const std::string& value,
                            const std::string& title, bool split_table) {
    return value_or_throw(plot::bar(table, label, value, {title, split_table}));
  });
  module.def("plot_histogram", [](const Table& table, const std::string& value,
                                  const std::string& title, bool split_table) {
    return value_or_throw(plot::histogram(table, value, {title, split_table}));
  });
  module.def("plot_line_series",
             [](nb::handle xs, nb::handle ys, std::vector<std::string> keys,
                const std::string& title, const std::string& x_name, bool split_table) {
               plot::LineSeriesOptions options;
               options.keys = std::move(keys);
               options.title = title;
               options.split_table = split_table;
               options.x_name = x_name;
               const auto x = lists_of(xs), y = lists_of(ys);
               return value_or_throw(plot::line_series(x, y, options));
             });
  module.def("plot_pr_curve",
             [](const Array<std::int64_t>& y_true, const Array<double>& y_probas, std::size_t k,
                nb::handle names, const std::vector<std::size_t>& classes, int interp_size,
                const std::string& title, bool split_table) {
               return value_or_throw(
                   plot::pr_curve(elements(y_true), elements(y_probas), k,
                                  curve_options(names, classes, title, split_table, interp_size)));
             });
  module.def("plot_roc_curve", [](const Array<std::int64_t>& y_true, const Array<double>& y_probas,
                                  std::size_t k, nb::handle names,
                                  const std::vector<std::size_t>& classes, const std::string& title,
                                  bool split_table) {
    return value_or_throw(plot::roc_curve(elements(y_true), elements(y_probas), k,
                                          curve_options(names, classes, title, split_table, 1)));
  });
  module.def("plot_confusion_of_preds",
             [](const Array<std::int64_t>& y_true, const Array<std::int64_t>& preds,
                std::vector<std::string> names, const std::string& title, bool split_table) {
               return value_or_throw(
                   plot::confusion_matrix(elements(y_true), elements(preds),
                                          confusion_options(std::move(names), title, split_table)));
             });
  module.def("plot_confusion_of_probs",
             [](const Array<std::int64_t>& y_true, const Array<double>& probs, std::size_t k,
                std::vector<std::string> names, const std::string& title, bool split_table) {
               return value_or_throw(
                   plot::confusion_matrix(elements(y_true), elements(probs), k,
                                          confusion_options(std::move(names), title, split_table)));
             });
}

}  // namespace runstone::python
