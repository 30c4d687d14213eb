#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <xxhash.h>

#include "base/try.h"
#include "store/parts/part.h"

namespace runstone::parts {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// A chart's edges read one row group, so it must not be large; a multiple of kBlockRows.
constexpr std::int64_t kGroupRows = 65536;
constexpr std::size_t kGroupTextBytes = 32 << 20;  // far from the 2 GiB that Arrow's text can hold
constexpr std::int64_t kPageBytes = 1 << 20;
constexpr int kZstdLevel = 1;

/// The leaves of a batch put in the part's order: by key name, then (step, line).
struct TallOrder {
  std::vector<std::uint32_t> row_order;  // indices of rows by (step, line)
  std::vector<std::uint32_t> keys;       // batch keys in use, by name
  std::vector<std::uint64_t> begin;      // per entry of `keys`, and one past
  std::vector<std::uint32_t> place;      // per tall row: position in row_order
  std::vector<std::uint64_t> leaf;       // per tall row: index into the leaves
};

TallOrder order_tall(const RowBatch& batch) {
  const auto& rows = batch.rows();
  const auto& leaves = batch.leaves();
  TallOrder tall;
  tall.row_order.resize(rows.size());
  std::iota(tall.row_order.begin(), tall.row_order.end(), 0u);
  const auto by_step = [&](std::uint32_t a, std::uint32_t b) {
    return rows[a].step < rows[b].step;
  };
  if (!std::is_sorted(tall.row_order.begin(), tall.row_order.end(), by_step)) {
    std::stable_sort(tall.row_order.begin(), tall.row_order.end(), by_step);
  }
  std::vector<std::uint64_t> count(batch.key_count(), 0);
  for (const auto& row : rows) {
    for (auto i = row.leaf_begin; i < row.leaf_end; ++i) ++count[leaves[i].key];
  }
  for (std::uint32_t key = 0; key < count.size(); ++key) {
    if (count[key] > 0) tall.keys.push_back(key);
  }
  std::sort(tall.keys.begin(), tall.keys.end(), [&](std::uint32_t a, std::uint32_t b) {
    return batch.key_name(a) < batch.key_name(b);
  });
  std::uint64_t total = 0;
  std::vector<std::uint64_t> next(batch.key_count(), 0);
  for (const auto key : tall.keys) {
    tall.begin.push_back(total);
    next[key] = total;
    total += count[key];
  }
  tall.begin.push_back(total);
  tall.place.resize(total);
  tall.leaf.resize(total);
  for (std::uint32_t place = 0; place < tall.row_order.size(); ++place) {
    const auto& row = rows[tall.row_order[place]];
    for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
      const auto at = next[leaves[i].key]++;
      tall.place[at] = place;
      tall.leaf[at] = i;
    }
  }
  return tall;
}

/// A time column as the part's rows see it: the number of each row in (step, line) order, or NaN.
struct TimeColumn {
  std::vector<double> value;
  bool ascends = true;
};

TimeColumn time_column(const RowBatch& batch, const TallOrder& tall, std::string_view name) {
  TimeColumn column;
  column.value.assign(tall.row_order.size(), kNan);
  const auto key = batch.find_key(name);
  const auto at = key ? std::find(tall.keys.begin(), tall.keys.end(), *key) : tall.keys.end();
  if (at != tall.keys.end()) {
    const auto index = static_cast<std::size_t>(at - tall.keys.begin());
    for (auto i = tall.begin[index]; i < tall.begin[index + 1]; ++i) {
      const Leaf& leaf = batch.leaves()[tall.leaf[i]];
      if (leaf.type == LeafType::kNumber) column.value[tall.place[i]] = leaf.value;
    }
  }
  double before = -std::numeric_limits<double>::infinity();
  for (const double value : column.value) {
    if (!(value >= before)) column.ascends = false;  // NaN, too
    before = value;
  }
  return column;
}

void take_number(Block& block, const Leaf& leaf) {
  if (leaf.type != LeafType::kNumber && leaf.type != LeafType::kBool) return;
  const double value = leaf.value;
  block.last = value;
  if (std::isnan(value)) {
    ++block.nans;
    return;
  }
  block.min = block.numbers == 0 ? value : std::min(block.min, value);
  block.max = block.numbers == 0 ? value : std::max(block.max, value);
  ++block.numbers;
  if (std::isinf(value)) {
    ++block.infinities;
  } else {
    block.sum += value;
  }
}

/// The columns of one row group, grown key by key.
struct GroupColumns {
  std::vector<std::int32_t> key;
  std::vector<std::string_view> names;
  std::vector<std::int64_t> step, line;
  std::vector<double> value;
  std::vector<std::uint8_t> value_bits, other_bits;
  std::vector<std::int32_t> other_ends;
  std::string other;
  std::int64_t nulls = 0, others = 0;

  std::int64_t rows() const { return static_cast<std::int64_t>(step.size()); }
  void clear() { *this = GroupColumns(); }
  void reserve(std::size_t rows) {
    key.reserve(rows);
    step.reserve(rows);
    line.reserve(rows);
    value.reserve(rows);
    other_ends.reserve(rows + 1);
  }
};

std::shared_ptr<arrow::Buffer> bits_of(const std::vector<std::uint8_t>& flags) {
  auto buffer = arrow::AllocateBitmap(static_cast<std::int64_t>(flags.size())).ValueOrDie();
  std::fill_n(buffer->mutable_data(), buffer->size(), std::uint8_t{0});
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) buffer->mutable_data()[i / 8] |= static_cast<std::uint8_t>(1u << (i % 8));
  }
  return buffer;
}

std::shared_ptr<arrow::Schema> part_schema() {
  return arrow::schema(
      {arrow::field("key", arrow::dictionary(arrow::int32(), arrow::utf8()), false),
       arrow::field("step", arrow::int64(), false), arrow::field("value", arrow::float64(), true),
       arrow::field("other", arrow::utf8(), true), arrow::field("line", arrow::int64(), false)});
}

/// The Parquet side: row groups into a buffer in memory. Arrow's statuses are translated here.
class ParquetSink {
 public:
  arrow::Status open() {
    ARROW_ASSIGN_OR_RAISE(sink_, arrow::io::BufferOutputStream::Create(1 << 20));
    auto properties = parquet::WriterProperties::Builder();
    properties.compression(parquet::Compression::ZSTD)->compression_level(kZstdLevel);
    properties.version(parquet::ParquetVersion::PARQUET_2_6)->data_pagesize(kPageBytes);
    properties.created_by("runstone");
    for (const char* name : {"step", "line"}) {
      properties.disable_dictionary(name)->encoding(name, parquet::Encoding::DELTA_BINARY_PACKED);
    }
    properties.disable_dictionary("value")->disable_statistics("other");
    properties.max_row_group_length(2 * kGroupRows);
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    ARROW_ASSIGN_OR_RAISE(
        writer_, parquet::arrow::FileWriter::Open(*part_schema(), arrow::default_memory_pool(),
                                                  sink_, properties.build(), arrow_properties));
    return writer_->AddKeyValueMetadata(
        arrow::key_value_metadata({"runstone.part_version"}, {"1"}));
  }

  arrow::Status write(const GroupColumns& group) {
    const auto rows = group.rows();
    arrow::StringBuilder names;
    for (const auto name : group.names) ARROW_RETURN_NOT_OK(names.Append(name));
    ARROW_ASSIGN_OR_RAISE(auto dictionary, names.Finish());
    const auto keys = std::make_shared<arrow::DictionaryArray>(
        arrow::dictionary(arrow::int32(), arrow::utf8()),
        std::make_shared<arrow::Int32Array>(rows, arrow::Buffer::Wrap(group.key)), dictionary);
    const arrow::Int64Array step(rows, arrow::Buffer::Wrap(group.step));
    const arrow::Int64Array line(rows, arrow::Buffer::Wrap(group.line));
    const arrow::DoubleArray value(rows, arrow::Buffer::Wrap(group.value),
                                   group.nulls > 0 ? bits_of(group.value_bits) : nullptr,
                                   group.nulls);
    const arrow::StringArray other(rows, arrow::Buffer::Wrap(group.other_ends),
                                   arrow::Buffer::FromString(group.other),
                                   bits_of(group.other_bits), rows - group.others);
    ARROW_RETURN_NOT_OK(writer_->NewRowGroup());
    ARROW_RETURN_NOT_OK(writer_->WriteColumnChunk(*keys));
    ARROW_RETURN_NOT_OK(writer_->WriteColumnChunk(step));
    ARROW_RETURN_NOT_OK(writer_->WriteColumnChunk(value));
    ARROW_RETURN_NOT_OK(writer_->WriteColumnChunk(other));
    return writer_->WriteColumnChunk(line);
  }

  arrow::Result<std::string> close() {
    ARROW_RETURN_NOT_OK(writer_->Close());
    ARROW_ASSIGN_OR_RAISE(auto buffer, sink_->Finish());
    return buffer->ToString();
  }
  std::shared_ptr<parquet::FileMetaData> metadata() const { return writer_->metadata(); }

 private:
  std::shared_ptr<arrow::io::BufferOutputStream> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

/// Where each row group lies in the bytes, and the footer behind them, with their hashes.
std::vector<ByteRun> find_runs(const std::string& parquet, const parquet::FileMetaData& metadata) {
  std::vector<ByteRun> runs;
  std::int64_t end = 0;
  for (int g = 0; g < metadata.num_row_groups(); ++g) {
    const auto group = metadata.RowGroup(g);
    const std::int64_t begin = end;
    for (int c = 0; c < group->num_columns(); ++c) {
      const auto chunk = group->ColumnChunk(c);
      const auto start = chunk->has_dictionary_page() ? chunk->dictionary_page_offset()
                                                      : chunk->data_page_offset();
      end = std::max(end, start + chunk->total_compressed_size());
    }
    runs.push_back({0, group->num_rows(), begin, end - begin, 0});
  }
  runs.push_back({0, 0, end, static_cast<std::int64_t>(parquet.size()) - end, 0});
  for (auto& run : runs) {
    run.hash = XXH3_64bits(parquet.data() + run.offset, static_cast<std::size_t>(run.length));
  }
  return runs;
}

/// Walks the tall rows once: fills row groups, block statistics and the key index.
class PartBuilder {
 public:
  explicit PartBuilder(const RowBatch& batch)
      : batch_(batch),
        tall_(order_tall(batch)),
        runtime_(time_column(batch, tall_, "_runtime")),
        timestamp_(time_column(batch, tall_, "_timestamp")) {}

  arrow::Result<PartBytes> build() {
    ARROW_RETURN_NOT_OK(sink_.open());
    group_.reserve(static_cast<std::size_t>(kGroupRows));
    for (std::size_t k = 0; k < tall_.keys.size(); ++k) ARROW_RETURN_NOT_OK(add_key(k));
    ARROW_RETURN_NOT_OK(flush());
    PartBytes part;
    ARROW_ASSIGN_OR_RAISE(part.parquet, sink_.close());
    overview_.runs = find_runs(part.parquet, *sink_.metadata());
    add_lines();
    part.overview = overview_.to_bytes();
    const auto& lines = overview_.lines.line;
    part.info = {lines.front(),
                 lines.back(),
                 static_cast<std::int64_t>(lines.size()),
                 overview_.first_step,
                 overview_.last_step,
                 static_cast<std::int64_t>(tall_.leaf.size()),
                 static_cast<std::int64_t>(tall_.keys.size())};
    return part;
  }

 private:
  arrow::Status add_key(std::size_t k) {
    const auto rows = static_cast<std::int64_t>(tall_.begin[k + 1] - tall_.begin[k]);
    // A key begins a new group rather than be cut, unless it is larger than a group.
    if (group_.rows() > 0 && group_.rows() + rows > kGroupRows) ARROW_RETURN_NOT_OK(flush());
    KeyEntry entry;
    entry.name = batch_.key_name(tall_.keys[k]);
    entry.rows = rows;
    entry.monotonic = true;
    double before = -std::numeric_limits<double>::infinity();
    open_name(entry.name);
    for (std::int64_t i = 0; i < rows; ++i) {
      if (group_.rows() == kGroupRows || group_.other.size() > kGroupTextBytes) {
        ARROW_RETURN_NOT_OK(flush());
        open_name(entry.name);
      }
      const auto at = tall_.begin[k] + static_cast<std::uint64_t>(i);
      const Leaf& leaf = batch_.leaves()[tall_.leaf[at]];
      add_row(leaf, tall_.place[at], i % kBlockRows == 0);
      ++entry.type_counts[static_cast<std::size_t>(leaf.type)];
      entry.has_other |= leaf.other >= 0;
      if (leaf.type != LeafType::kNumber || !(leaf.value >= before)) entry.monotonic = false;
      before = leaf.value;
    }
    overview_.keys.push_back(std::move(entry));
    return arrow::Status::OK();
  }

  void open_name(std::string_view name) {
    // The key's text in the batch outlives the group; entry.name does not.
    group_.names.push_back(batch_.key_name(*batch_.find_key(name)));
  }

  void add_row(const Leaf& leaf, std::uint32_t place, bool new_block) {
    const RowInfo& row = batch_.rows()[tall_.row_order[place]];
    const bool has_value = leaf.type == LeafType::kNumber || leaf.type == LeafType::kBool;
    group_.key.push_back(static_cast<std::int32_t>(group_.names.size() - 1));
    group_.step.push_back(row.step);
    group_.line.push_back(row.line);
    group_.value.push_back(has_value ? leaf.value : 0.0);
    group_.value_bits.push_back(has_value ? 1 : 0);
    group_.nulls += has_value ? 0 : 1;
    group_.other_ends.push_back(static_cast<std::int32_t>(group_.other.size()));
    group_.other_bits.push_back(leaf.other >= 0 ? 1 : 0);
    if (leaf.other >= 0) {
      group_.other.append(batch_.other_text(leaf.other));
      ++group_.others;
    }
    if (new_block) {
      Block block;
      block.first_step = row.step;
      block.first_runtime = runtime_.value[place];
      block.first_timestamp = timestamp_.value[place];
      block.min = block.max = block.last = kNan;
      overview_.blocks.push_back(block);
    }
    Block& block = overview_.blocks.back();
    ++block.rows;
    block.last_step = row.step;
    block.last_runtime = runtime_.value[place];
    block.last_timestamp = timestamp_.value[place];
    take_number(block, leaf);
  }

  arrow::Status flush() {
    if (group_.rows() == 0) return arrow::Status::OK();
    group_.other_ends.push_back(static_cast<std::int32_t>(group_.other.size()));
    ARROW_RETURN_NOT_OK(sink_.write(group_));
    group_.clear();
    group_.reserve(static_cast<std::size_t>(kGroupRows));
    return arrow::Status::OK();
  }

  void add_lines() {
    const auto& rows = batch_.rows();
    overview_.steps_ascend = true;
    overview_.first_step = rows[tall_.row_order.front()].step;
    overview_.last_step = rows[tall_.row_order.back()].step;
    overview_.runtimes_ascend = runtime_.ascends;
    overview_.timestamps_ascend = timestamp_.ascends;
    std::int64_t before = std::numeric_limits<std::int64_t>::min();
    for (const auto& row : rows) {
      overview_.lines.line.push_back(row.line);
      overview_.lines.step.push_back(row.step);
      overview_.lines.hash.push_back(row.hash);
      overview_.steps_ascend &= row.step >= before;
      before = row.step;
    }
  }

  const RowBatch& batch_;
  TallOrder tall_;
  TimeColumn runtime_, timestamp_;
  ParquetSink sink_;
  GroupColumns group_;
  OverviewParts overview_;
};

}  // namespace

Result<PartBytes> write_part(const RowBatch& rows) {
  if (rows.rows().empty()) return fail(ErrorCode::kInvalidArgument, "a part needs a line");
  try {
    auto part = PartBuilder(rows).build();
    if (!part.ok()) return fail(ErrorCode::kInternal, "Parquet: " + part.status().ToString());
    return *std::move(part);
  } catch (const std::exception& error) {  // the Parquet library throws below Arrow's statuses
    return fail(ErrorCode::kInternal, std::string("Parquet: ") + error.what());
  }
}

Result<PartBytes> merge_parts(Span<const std::shared_ptr<const PartReader>> parts) {
  RowBatch rows;
  for (const auto& part : parts) {
    RUNSTONE_TRY(part->read_lines(rows, std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max()));
  }
  return write_part(rows);
}

}  // namespace runstone::parts
