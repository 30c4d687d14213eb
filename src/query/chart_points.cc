#include "query/chart_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/try.h"

namespace runstone::query {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The rows of another key that can share a line with the steps [first, last].
std::pair<std::int64_t, std::int64_t> rows_around(const parts::Overview& overview,
                                                  const parts::KeyEntry& key, std::int64_t first,
                                                  std::int64_t last) {
  const auto blocks = overview.blocks(key);
  const auto begin = std::partition_point(
      blocks.begin(), blocks.end(), [&](const parts::Block& b) { return b.last_step < first; });
  const auto end = std::partition_point(
      begin, blocks.end(), [&](const parts::Block& b) { return b.first_step <= last; });
  return {(begin - blocks.begin()) * parts::kBlockRows, (end - blocks.begin()) * parts::kBlockRows};
}

/// The x of each row of the slice, which holds the rows from `begin` of `y`: the value of key `x`
/// in the same line, NaN where it has none.
Result<std::vector<double>> join_x(const ViewPart& part, const parts::KeyEntry& y,
                                   std::int64_t slice_begin, const parts::Slice& slice,
                                   std::string_view x) {
  std::vector<double> joined(slice.line.size(), kNan);
  const auto* key = part.reader->overview().find(x);
  if (key == nullptr || slice.line.empty()) return joined;
  // A key has at most one row a line: if both are in every line, equal rows are equal lines.
  if (const auto lines = part.reader->info().lines; key->rows == lines && y.rows == lines) {
    return part.reader->read_numbers(*key, slice_begin,
                                     slice_begin + static_cast<std::int64_t>(slice.line.size()));
  }
  const auto [begin, end] =
      rows_around(part.reader->overview(), *key, slice.step.front(), slice.step.back());
  RUNSTONE_TRY(const auto other, part.reader->read(*key, false, begin, std::min(end, key->rows)));
  std::size_t at = 0;  // both are in (step, line) order
  for (std::size_t i = 0; i < joined.size(); ++i) {
    while (at < other.line.size() &&
           std::tie(other.step[at], other.line[at]) < std::tie(slice.step[i], slice.line[i])) {
      ++at;
    }
    if (at < other.line.size() && other.line[at] == slice.line[i] && other.has_value[at] != 0) {
      joined[i] = other.value[at];
    }
  }
  return joined;
}

bool has_number(const parts::Leaf& leaf) {
  return leaf.type == parts::LeafType::kNumber || leaf.type == parts::LeafType::kBool;
}

auto order_of(const ChartPoints& points, std::size_t i) {
  return std::tie(points.x[i], points.step[i], points.line[i]);
}

}  // namespace

Result<void> read_points(const ViewPart& part, const parts::KeyEntry& key, std::string_view x,
                         std::int64_t begin, std::int64_t end, ChartPoints& out) {
  RUNSTONE_TRY(const auto slice, part.reader->read(key, false, begin, end));
  const bool by_step = x == "_step";
  std::vector<double> joined;
  if (!by_step) {
    RUNSTONE_TRY(joined, join_x(part, key, begin, slice, x));
  }
  out.reserve(out.size() + slice.line.size());
  for (std::size_t i = 0; i < slice.line.size(); ++i) {
    const double at = by_step ? static_cast<double>(slice.step[i]) : joined[i];
    const bool counts = slice.has_value[i] != 0 && !part.is_hidden(slice.line[i]);
    out.add(counts ? at : kNan, slice.value[i], slice.step[i], slice.line[i]);
  }
  return {};
}

void scan_points(const parts::RowBatch& rows, std::string_view key, std::string_view x,
                 std::int64_t after, ChartPoints& out) {
  const auto key_id = rows.find_key(key);
  const bool by_step = x == "_step";
  const auto x_id = rows.find_key(x);
  if (!key_id || (!by_step && !x_id)) return;
  const auto& leaves = rows.leaves();
  for (const auto& row : rows.rows()) {
    if (row.step <= after) continue;
    const parts::Leaf* value = nullptr;
    double at = by_step ? static_cast<double>(row.step) : kNan;
    for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
      if (leaves[i].key == *key_id && has_number(leaves[i])) value = &leaves[i];
      if (!by_step && leaves[i].key == *x_id && has_number(leaves[i])) at = leaves[i].value;
    }
    if (value != nullptr && !std::isnan(at)) out.add(at, value->value, row.step, row.line);
  }
}

bool is_sorted(const ChartPoints& points) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (order_of(points, i) < order_of(points, i - 1)) return false;
  }
  return true;
}

void sort_points(ChartPoints& points) {
  if (is_sorted(points)) return;
  std::vector<std::uint32_t> order(points.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return order_of(points, a) < order_of(points, b);
  });
  ChartPoints sorted;
  for (const auto i : order)
    sorted.add(points.x[i], points.value[i], points.step[i], points.line[i]);
  points = std::move(sorted);
}

}  // namespace runstone::query
