#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

#include "query/query.h"
#include "query/stream_view.h"

namespace runstone::query {

/// A row of a view and where it is decoded.
struct RowRef {
  std::int64_t step = 0, line = 0;
  RowsPointer rows;  // keeps what `row` points into
  const parts::RowInfo* row = nullptr;
};

/// Rows with a step in the range, ascending by (step, line), the first `limit` of them. Parts
/// behind the limit are not read.
Result<std::vector<RowRef>> rows_in_range(const StreamReader& reader, const StreamView& view,
                                          const HistoryRange& range);
/// `samples` rows spread evenly over all, first and last among them. Only these are decoded.
Result<std::vector<RowRef>> spread_rows(const StreamView& view, std::int64_t samples);
/// The row with the highest line number; nothing in an empty stream.
Result<std::vector<RowRef>> newest_row(const StreamView& view);

std::vector<std::string> to_json_lines(const std::vector<RowRef>& rows);

/// `count` indices of [0, size) spread evenly, first and last among them; all if there are no more.
std::vector<std::size_t> spread(std::size_t size, std::int64_t count);

/// Rows that have every key, as objects with just these.
Result<std::vector<Value>> rows_with_keys(const StreamReader& reader, const StreamView& view,
                                          const SampledHistorySpec& spec);

/// Counts per key over parts and tail, by name.
std::vector<store::KeyInfo> count_keys(const StreamView& view);
/// The GraphQL historyKeys object.
Value describe_keys(const StreamView& view);

}  // namespace runstone::query
