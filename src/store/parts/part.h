#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"

#include "store/parts/overview.h"
#include "store/parts/row_batch.h"

// A part: the lines of one run and one stream, as an immutable Parquet file in tall form with an
// overview beside it. docs/format/parts.md describes both files byte by byte.
namespace runstone::parts {

/// What the parts catalogue keeps about one part.
struct PartInfo {
  std::int64_t first_line = 0;  ///< lowest line number in the part
  std::int64_t last_line = -1;  ///< highest, inclusive
  std::int64_t lines = 0;       ///< lines in it; fewer than the range where lines are missing
  std::int64_t first_step = 0;  ///< lowest and highest step; the line number where a row has none
  std::int64_t last_step = -1;
  std::int64_t values = 0;  ///< leaves: rows of the Parquet file
  std::int64_t keys = 0;
};

struct PartBytes {
  std::string parquet;
  std::string overview;
  PartInfo info;
};

/// Makes a part of all lines of the batch. A batch without lines is kInvalidArgument.
/// Blocking, CPU only; about 5 M values/s. Any thread; the batch must not change meanwhile.
Result<PartBytes> write_part(const RowBatch& rows);

/// Bytes at rest that can be read piecewise. read() is called from several threads at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::int64_t size() const = 0;
  /// Exactly `length` bytes from `offset`; fewer there is kCorrupt, trouble is kIo.
  virtual Result<std::string> read(std::int64_t offset, std::int64_t length) const = 0;
};
std::unique_ptr<ByteSource> memory_source(std::string bytes);
/// Opens the file once and reads with pread.
Result<std::unique_ptr<ByteSource>> file_source(const std::string& path);

/// One key's rows, ascending by (step, line). Columns of equal length.
struct Slice {
  std::vector<std::int64_t> line;
  std::vector<std::int64_t> step;
  std::vector<double> value;  ///< NaN where has_value is 0
  std::vector<std::uint8_t> has_value;
  std::vector<std::string> other;  ///< JSON text, "" for none; empty as a whole if not asked for
};

/// Reads a part. Immutable after open(), so any number of threads may use one object.
/// A damaged part gives kCorrupt from open() or from the read that meets the damage.
class PartReader {
 public:
  static Result<std::shared_ptr<const PartReader>> open(std::unique_ptr<ByteSource> parquet,
                                                        std::string_view overview);
  ~PartReader();

  const Overview& overview() const;
  const PartInfo& info() const;
  /// Rows [begin, end) of the key's rows; all of them by default. `key` as returned by
  /// overview().find(). Reads only the row groups that hold them.
  Result<Slice> read(const KeyEntry& key, bool with_other, std::int64_t begin = 0,
                     std::int64_t end = -1) const;
  /// Only the numbers of the same rows, NaN where there is none; cheaper than read().
  Result<std::vector<double>> read_numbers(const KeyEntry& key, std::int64_t begin = 0,
                                           std::int64_t end = -1) const;
  /// Appends every line whose number is in [first, last] to the batch (for history and merging),
  /// with its hash; lines that the batch has already are replaced.
  Result<void> read_lines(RowBatch& into, std::int64_t first, std::int64_t last) const;
  /// The same for just these line numbers, ascending; those that the part has not are passed over.
  /// With `keys`, only their leaves: nothing else is read, and a row may come out empty.
  Result<void> read_lines(RowBatch& into, Span<const std::int64_t> lines,
                          Span<const KeyEntry* const> keys = {}) const;
  /// The part's lines with their steps and hashes.
  Result<LineTable> lines() const;
  /// Hash of each line, to tell a resend from a replacement; compare with hash_line(). The numbers
  /// ascend. Read from the overview each time it is called.
  Result<std::vector<std::pair<std::int64_t, std::uint64_t>>> line_hashes() const;
  /// Memory held, for the bound of a cache.
  std::int64_t memory_bytes() const;

 private:
  PartReader();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One part out of several, in the order given: a line that is in several is taken from the last.
Result<PartBytes> merge_parts(Span<const std::shared_ptr<const PartReader>> parts);

}  // namespace runstone::parts
