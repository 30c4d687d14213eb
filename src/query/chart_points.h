#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"

#include "query/lru_cache.h"
#include "query/series.h"
#include "query/stream_view.h"

namespace runstone::query {

/// Rows of one key that have a number (NaN too) and an x, as columns of equal length.
struct ChartPoints {
  std::vector<double> x, value;
  std::vector<std::int64_t> step, line;

  std::size_t size() const { return x.size(); }
  void reserve(std::size_t rows) {
    x.reserve(rows);
    value.reserve(rows);
    step.reserve(rows);
    line.reserve(rows);
  }
  void add(double x_at, double value_at, std::int64_t step_at, std::int64_t line_at) {
    x.push_back(x_at);
    value.push_back(value_at);
    step.push_back(step_at);
    line.push_back(line_at);
  }
  std::int64_t memory_bytes() const { return static_cast<std::int64_t>(x.capacity()) * 32; }
};
using ColumnsPointer = std::shared_ptr<const ChartPoints>;  // shared by the cache and its readers
/// Columns of whole parts, which never change, by part, x and key.
using ColumnCache = LruCache<ColumnsPointer>;

/// Appends the rows [begin, end) of a part's key, in (step, line) order: one point per row, so that
/// places stay known. A row that has no number, no x or is hidden has NaN for x.
Result<void> read_points(const ViewPart& part, const parts::KeyEntry& key, std::string_view x,
                         std::int64_t begin, std::int64_t end, ChartPoints& out);
/// Appends all rows of the key with a step greater than `after`, in the order of the lines.
void scan_points(const parts::RowBatch& rows, std::string_view key, std::string_view x,
                 std::int64_t after, ChartPoints& out);
/// By x, then step, then line.
void sort_points(ChartPoints& points);
bool is_sorted(const ChartPoints& points);

}  // namespace runstone::query
