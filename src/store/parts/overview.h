#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"

#include "store/parts/row_batch.h"

namespace runstone::parts {

inline constexpr std::int64_t kBlockRows = 256;
inline constexpr std::int64_t kBlocksPerSuper = 16;

/// What a chart needs to know about consecutive rows of one key. Rows without a number (text, null,
/// media) enter only `rows` and the x fields.
struct Block {
  std::int64_t first_step = 0, last_step = 0;
  std::uint32_t rows = 0;     ///< rows covered
  std::uint32_t numbers = 0;  ///< of these with a number that is not NaN, infinities included
  std::uint32_t nans = 0;
  std::uint32_t infinities = 0;
  double min = 0, max = 0;  ///< over `numbers`; NaN if there are none
  double sum = 0;           ///< of the finite numbers
  double last = 0;          ///< the last number or NaN of the block; NaN if there is none
  double first_runtime = 0, last_runtime = 0;      ///< `_runtime` of the first and last row, or NaN
  double first_timestamp = 0, last_timestamp = 0;  ///< `_timestamp` likewise

  /// Takes in the rows that follow this block's.
  void merge(const Block& next);
};

/// One key of a part: where its rows lie in the Parquet file and what they are.
struct KeyEntry {
  std::string name;
  std::int64_t row_begin = 0;  ///< rows of the Parquet file: [row_begin, row_begin + rows)
  std::int64_t rows = 0;
  std::int64_t block_begin = 0;  ///< its blocks lie one after another
  std::int64_t super_begin = 0;
  std::array<std::int64_t, kLeafTypes> type_counts{};
  bool has_other = false;  ///< any row has JSON text
  bool monotonic = false;  ///< numbers only, never falling from row to row, none NaN
  std::int64_t blocks() const { return (rows + kBlockRows - 1) / kBlockRows; }
  std::int64_t supers() const { return (blocks() + kBlocksPerSuper - 1) / kBlocksPerSuper; }
};

/// Bytes of the Parquet file that are read and checked as one: a row group, or at last the footer.
struct ByteRun {
  std::int64_t row_begin = 0;  ///< rows of the file in it: [row_begin, row_begin + rows)
  std::int64_t rows = 0;       ///< 0 for the footer
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::uint64_t hash = 0;  ///< XXH3-64
};

/// The index and the block statistics of one part. Immutable once parsed.
class Overview {
 public:
  /// kCorrupt if the bytes are not exactly what to_bytes() made.
  static Result<Overview> parse(std::string_view bytes);

  const std::vector<KeyEntry>& keys() const { return keys_; }  ///< sorted by name, bytewise
  const KeyEntry* find(std::string_view name) const;
  /// Statistics of each 256 rows of the key, and of each 16 of these.
  Span<const Block> blocks(const KeyEntry& key) const;
  Span<const Block> supers(const KeyEntry& key) const;
  /// Covers the Parquet file from its first byte to its last; the footer comes last.
  const std::vector<ByteRun>& runs() const { return runs_; }

  std::int64_t first_line() const { return first_line_; }
  std::int64_t last_line() const { return last_line_; }
  std::int64_t lines() const { return lines_; }
  std::int64_t first_step() const { return first_step_; }
  std::int64_t last_step() const { return last_step_; }
  std::int64_t values() const { return values_; }
  /// Steps never fall from one line to the next.
  bool steps_ascend() const { return steps_ascend_; }
  /// Every line has `_runtime` (`_timestamp`), a number that never falls from line to line in the
  /// order of (step, line).
  bool runtimes_ascend() const { return runtimes_ascend_; }
  bool timestamps_ascend() const { return timestamps_ascend_; }

  std::int64_t memory_bytes() const;

 private:
  friend struct OverviewParts;
  std::vector<KeyEntry> keys_;
  std::vector<Block> blocks_, supers_;
  std::vector<ByteRun> runs_;
  std::int64_t first_line_ = 0, last_line_ = -1, lines_ = 0;
  std::int64_t first_step_ = 0, last_step_ = -1, values_ = 0;
  bool steps_ascend_ = false, runtimes_ascend_ = false, timestamps_ascend_ = false;
};

/// Line numbers, steps and hashes of the part's lines, kept at the end of the overview's bytes.
struct LineTable {
  std::vector<std::int64_t> line;  ///< ascending
  std::vector<std::int64_t> step;
  std::vector<std::uint64_t> hash;
};
Result<LineTable> parse_lines(std::string_view overview_bytes);

/// What the writer hands over; fields as Overview's. Places in keys (row_begin, ...) and the supers
/// are worked out here.
struct OverviewParts {
  std::vector<KeyEntry> keys;
  std::vector<Block> blocks;
  std::vector<ByteRun> runs;
  LineTable lines;
  std::int64_t first_step = 0, last_step = -1;
  bool steps_ascend = false, runtimes_ascend = false, timestamps_ascend = false;

  std::string to_bytes() const;
  /// From the body of the bytes; false if it cannot be.
  static bool from_body(std::string_view body, Overview& out);
};

}  // namespace runstone::parts
