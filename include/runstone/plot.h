#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/media.h"
#include "runstone/result.h"
#include "runstone/span.h"
#include "runstone/table.h"
#include "runstone/value.h"

namespace runstone {

/// A chart over a table. Logged under K, its table is the row's value `K_table` and its definition
/// is in the run's config; K itself is in no row. Below a dict K is the labels joined by `.`.
///
///   run.log({{"curve", runstone::plot::line(table, "epoch", "loss", {"Loss"})}});
class Chart : public Media {
 public:
  using Media::Media;
  Table table() const;
  std::string spec_name() const;  ///< "wandb/line/v0"
  Dict fields() const;            ///< the chart's names to the table's columns
  Dict string_fields() const;     ///< its titles
};

namespace plot {

struct ChartOptions {
  std::optional<std::string> title;  ///< empty, or the curve's name, if not given
  bool split_table = false;          ///< the table goes to the section "Custom Chart Tables"
};

/// A chart of the definition `spec_name`, which the pages (or a server) know. `fields` are the
/// names that it has for columns of the table; a column that is not there is not noticed here.
/// Errors: kInvalidType if the table holds nothing.
Result<Chart> table(std::string_view spec_name, const Table& table, const Dict& fields,
                    const Dict& string_fields = {}, bool split_table = false);
/// The table under K itself, shown by the definition `id`.
Result<Chart> visualize(std::string_view id, const Table& table);

/// `stroke` names the column that tells lines apart; empty: one line.
Result<Chart> line(const Table& table, std::string_view x, std::string_view y,
                   const ChartOptions& options = {}, std::string_view stroke = "");
Result<Chart> scatter(const Table& table, std::string_view x, std::string_view y,
                      const ChartOptions& options = {});
Result<Chart> bar(const Table& table, std::string_view label, std::string_view value,
                  const ChartOptions& options = {});
Result<Chart> histogram(const Table& table, std::string_view value,
                        const ChartOptions& options = {});

struct LineSeriesOptions : ChartOptions {
  std::vector<std::string> keys;  ///< one a line; line_0, line_1, ... if empty
  std::string x_name = "x";
};
/// Several lines: `xs` has one list of x values for all of `ys`, or one each. A line ends with the
/// shorter of its lists. Errors: kInvalidArgument if the numbers of lists or keys differ.
Result<Chart> line_series(Span<const List> xs, Span<const List> ys,
                          const LineSeriesOptions& options = {});

struct CurveOptions : ChartOptions {
  /// Of each class, in its order; the class's number if empty.
  List class_names;
  std::vector<std::size_t> classes_to_plot;  ///< all if empty
  int interp_size = 21;                      ///< of pr_curve: how many recalls
};
/// Precision over recall for each class. `y_true` has the class of each sample, 0 to k - 1;
/// `y_probas` is samples x k, row by row. Precision is made to rise with the threshold, and given
/// at `interp_size` recalls from 1 to 0, rounded to 3 decimals. Errors: kInvalidArgument (no
/// samples, sizes that do not fit, a class beyond k). Follows:
/// sklearn.metrics.precision_recall_curve.
Result<Chart> pr_curve(Span<const std::int64_t> y_true, Span<const double> y_probas, std::size_t k,
                       const CurveOptions& options = {});
/// True over false positives for each class, points on a straight line left out, rounded to 3
/// decimals. Arguments and errors as pr_curve(). Follows: sklearn.metrics.roc_curve.
Result<Chart> roc_curve(Span<const std::int64_t> y_true, Span<const double> y_probas, std::size_t k,
                        const CurveOptions& options = {});

struct ConfusionOptions : ChartOptions {
  std::vector<std::string> class_names;  ///< Class_1, Class_2, ... if empty
};
/// How often a class was taken for each. Classes are numbers from 0.
/// Errors: kInvalidArgument (lengths that differ, more classes than names, a negative class).
Result<Chart> confusion_matrix(Span<const std::int64_t> y_true, Span<const std::int64_t> preds,
                               const ConfusionOptions& options = {});
/// The same of probabilities, samples x k: the class of each sample is the likeliest.
Result<Chart> confusion_matrix(Span<const std::int64_t> y_true, Span<const double> probs,
                               std::size_t k, const ConfusionOptions& options = {});

}  // namespace plot
}  // namespace runstone
