#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <arrow/util/config.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <xxhash.h>

#include "base/try.h"
#include "store/parts/part.h"

namespace runstone::parts {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Arrow 26 takes the footer's length by value, those before by pointer.
std::shared_ptr<parquet::FileMetaData> parse_footer(const char* bytes, std::uint32_t length) {
#if ARROW_VERSION_MAJOR >= 26
  return parquet::FileMetaData::Make(bytes, static_cast<std::int64_t>(length));
#else
  return parquet::FileMetaData::Make(bytes, &length);
#endif
}

/// Which columns of a slice are filled.
enum class Wanted { kNumbers, kRows, kRowsAndOther };
enum Column { kKey = 0, kStep = 1, kValue = 2, kOther = 3, kLine = 4, kColumns = 5 };

Failure corrupt(const std::string& what) {
  return fail(ErrorCode::kCorrupt, "damaged part: " + what);
}

/// One row group's bytes, shown to the Parquet library as if the whole file were there. What lies
/// outside of them is never asked for, since the footer is given ready parsed.
class GroupFile : public arrow::io::RandomAccessFile {
 public:
  GroupFile(std::string bytes, std::int64_t offset, std::int64_t file_size)
      : buffer_(arrow::Buffer::FromString(std::move(bytes))), offset_(offset), size_(file_size) {}
  arrow::Result<std::int64_t> GetSize() override { return size_; }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Status Seek(std::int64_t position) override {
    at_ = position;
    return arrow::Status::OK();
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position,
                                                       std::int64_t count) override {
    const auto begin = position - offset_;
    if (begin < 0 || begin > buffer_->size()) return arrow::Status::IOError("outside of the group");
    return arrow::SliceBuffer(buffer_, begin, std::min(count, buffer_->size() - begin));
  }
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t count,
                                     void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto slice, ReadAt(position, count));
    std::copy_n(slice->data(), slice->size(), static_cast<std::uint8_t*>(out));
    return slice->size();
  }
  arrow::Result<std::int64_t> Read(std::int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto got, ReadAt(at_, count, out));
    at_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto slice, ReadAt(at_, count));
    at_ += slice->size();
    return slice;
  }

 private:
  std::shared_ptr<arrow::Buffer> buffer_;
  std::int64_t offset_, size_, at_ = 0;
  bool closed_ = false;
};

/// Appends `count` values after skipping `skip`; throws what the library throws.
template <typename Reader, typename T>
void read_required(parquet::ColumnReader& column, std::int64_t skip, std::int64_t count,
                   std::vector<T>& out) {
  auto& reader = dynamic_cast<Reader&>(column);
  if (reader.Skip(skip) != skip) throw parquet::ParquetException("short column");
  const auto begin = out.size();
  out.resize(begin + static_cast<std::size_t>(count));
  std::int64_t done = 0;
  while (done < count) {
    std::int64_t got = 0;
    reader.ReadBatch(count - done, nullptr, nullptr, out.data() + begin + done, &got);
    if (got == 0) throw parquet::ParquetException("short column");
    done += got;
  }
}

/// The same for a column with nulls: calls put(index, value) for what is there.
template <typename Reader, typename Put>
void read_optional(parquet::ColumnReader& column, std::int64_t skip, std::int64_t count, Put put) {
  auto& reader = dynamic_cast<Reader&>(column);
  if (reader.Skip(skip) != skip) throw parquet::ParquetException("short column");
  constexpr std::int64_t kBatch = 4096;
  std::vector<std::int16_t> levels(static_cast<std::size_t>(std::min(count, kBatch)));
  std::vector<typename Reader::T> values(levels.size());
  std::int64_t done = 0;
  while (done < count) {
    std::int64_t got = 0;
    const auto rows = reader.ReadBatch(std::min(count - done, kBatch), levels.data(), nullptr,
                                       values.data(), &got);
    if (rows == 0) throw parquet::ParquetException("short column");
    std::int64_t next = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      if (levels[static_cast<std::size_t>(i)] > 0) {
        put(done + i, values[static_cast<std::size_t>(next++)]);
      }
    }
    done += rows;
  }
}

LeafType type_of(bool has_value, std::string_view other) {
  if (other.empty()) return has_value ? LeafType::kNumber : LeafType::kNull;
  switch (other.front()) {
    case 't':
    case 'f':
      return LeafType::kBool;
    case '"':
      return has_value ? LeafType::kNumber : LeafType::kString;
    case 'n':
      return LeafType::kNull;
    case '{':
      return other == "{}" ? LeafType::kOther : LeafType::kMedia;
    case '[':
      return LeafType::kOther;
    default:
      return LeafType::kNumber;
  }
}

}  // namespace

struct PartReader::Impl {
  Overview overview;
  PartInfo info;
  std::string overview_bytes;
  std::unique_ptr<ByteSource> source;
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::int64_t footer_bytes = 0;

  Result<std::string> read_run(const ByteRun& run) const {
    RUNSTONE_TRY(auto bytes, source->read(run.offset, run.length));
    if (XXH3_64bits(bytes.data(), bytes.size()) != run.hash) return corrupt("checksum");
    return bytes;
  }

  Result<void> read_footer();
  /// Rows [begin, end) of the file, all inside row group `group`, appended to the slice.
  Result<void> read_group(int group, std::int64_t begin, std::int64_t end, Wanted wanted,
                          Slice& slice) const;
  Result<void> read_rows(std::int64_t begin, std::int64_t end, Wanted wanted, Slice& slice) const;
  /// All rows of keys that follow each other; `other` has its full length.
  Result<Slice> read_span(const std::vector<const KeyEntry*>& keys) const;
};

Result<void> PartReader::Impl::read_footer() {
  const ByteRun& run = overview.runs().back();
  if (run.offset + run.length != source->size()) return corrupt("length");
  RUNSTONE_TRY(const auto bytes, read_run(run));
  // The footer ends with its length (4 bytes) and "PAR1".
  if (bytes.size() < 8 || bytes.substr(bytes.size() - 4) != "PAR1") return corrupt("footer");
  footer_bytes = static_cast<std::int64_t>(bytes.size());
  std::uint32_t length = 0;
  std::copy_n(bytes.data() + bytes.size() - 8, 4, reinterpret_cast<char*>(&length));
  if (length > bytes.size() - 8) return corrupt("footer");
  try {
    metadata = parse_footer(bytes.data() + (bytes.size() - 8 - length), length);
  } catch (const std::exception& error) {
    return corrupt(error.what());
  }
  const auto groups = static_cast<std::size_t>(metadata->num_row_groups());
  if (groups + 1 != overview.runs().size() || metadata->num_columns() != kColumns) {
    return corrupt("row groups");
  }
  for (std::size_t g = 0; g < groups; ++g) {
    if (metadata->RowGroup(static_cast<int>(g))->num_rows() != overview.runs()[g].rows) {
      return corrupt("row groups");
    }
  }
  return {};
}

Result<void> PartReader::Impl::read_group(int group, std::int64_t begin, std::int64_t end,
                                          Wanted wanted, Slice& slice) const {
  const ByteRun& run = overview.runs()[static_cast<std::size_t>(group)];
  RUNSTONE_TRY(auto bytes, read_run(run));
  const std::int64_t skip = begin - run.row_begin;
  const std::int64_t count = end - begin;
  const std::size_t base = slice.value.size();
  const std::size_t size = base + static_cast<std::size_t>(count);
  try {
    const auto file = parquet::ParquetFileReader::Open(
        std::make_shared<GroupFile>(std::move(bytes), run.offset, source->size()),
        parquet::default_reader_properties(), metadata);
    const auto columns = file->RowGroup(group);
    if (wanted != Wanted::kNumbers) {
      read_required<parquet::Int64Reader>(*columns->Column(kStep), skip, count, slice.step);
      read_required<parquet::Int64Reader>(*columns->Column(kLine), skip, count, slice.line);
    }
    slice.value.resize(size, kNan);
    slice.has_value.resize(size, 0);
    read_optional<parquet::DoubleReader>(*columns->Column(kValue), skip, count,
                                         [&](std::int64_t i, double value) {
                                           slice.value[base + static_cast<std::size_t>(i)] = value;
                                           slice.has_value[base + static_cast<std::size_t>(i)] = 1;
                                         });
    if (wanted == Wanted::kRowsAndOther) {
      slice.other.resize(size);
      read_optional<parquet::ByteArrayReader>(
          *columns->Column(kOther), skip, count,
          [&](std::int64_t i, const parquet::ByteArray& text) {
            slice.other[base + static_cast<std::size_t>(i)].assign(
                reinterpret_cast<const char*>(text.ptr), text.len);
          });
    }
  } catch (const std::exception& error) {
    return corrupt(error.what());
  }
  return {};
}

Result<void> PartReader::Impl::read_rows(std::int64_t begin, std::int64_t end, Wanted wanted,
                                         Slice& slice) const {
  const auto& runs = overview.runs();
  auto run = std::upper_bound(runs.begin(), runs.end() - 1, begin,
                              [](std::int64_t row, const ByteRun& r) { return row < r.row_begin; });
  if (run != runs.begin()) --run;
  while (begin < end) {
    const auto stop = std::min(end, run->row_begin + run->rows);
    RUNSTONE_TRY(read_group(static_cast<int>(run - runs.begin()), begin, stop, wanted, slice));
    begin = stop;
    ++run;
  }
  return {};
}

Result<Slice> PartReader::Impl::read_span(const std::vector<const KeyEntry*>& keys) const {
  Slice slice;
  const auto begin = keys.front()->row_begin;
  const auto end = keys.back()->row_begin + keys.back()->rows;
  const bool other =
      std::any_of(keys.begin(), keys.end(), [](const auto* k) { return k->has_other; });
  RUNSTONE_TRY(read_rows(begin, end, other ? Wanted::kRowsAndOther : Wanted::kRows, slice));
  slice.other.resize(static_cast<std::size_t>(end - begin));
  return slice;
}

namespace {

/// The keys asked for (all, if none is), gathered where their rows follow each other: opening a row
/// group anew for each of 20,000 short keys costs a thousand times the reading.
std::vector<std::vector<const KeyEntry*>> spans_of(const std::vector<KeyEntry>& all,
                                                   Span<const KeyEntry* const> only) {
  constexpr std::int64_t kSpanRowsMax = 1 << 18;
  std::vector<std::vector<const KeyEntry*>> spans;
  std::int64_t rows = 0;
  for (std::size_t k = 0; k < (only.empty() ? all.size() : only.size()); ++k) {
    const KeyEntry* key = only.empty() ? &all[k] : only[k];
    const auto* last = spans.empty() ? nullptr : spans.back().back();
    if (last == nullptr || last->row_begin + last->rows != key->row_begin ||
        rows + key->rows > kSpanRowsMax) {
      spans.emplace_back();
      rows = 0;
    }
    spans.back().push_back(key);
    rows += key->rows;
  }
  return spans;
}

}  // namespace

PartReader::PartReader() : impl_(std::make_unique<Impl>()) {}
PartReader::~PartReader() = default;

Result<std::shared_ptr<const PartReader>> PartReader::open(std::unique_ptr<ByteSource> parquet,
                                                           std::string_view overview) {
  const std::shared_ptr<PartReader> part(new PartReader);
  Impl& impl = *part->impl_;
  RUNSTONE_TRY(impl.overview, Overview::parse(overview));
  impl.overview_bytes = std::string(overview);
  impl.source = std::move(parquet);
  RUNSTONE_TRY(impl.read_footer());
  const Overview& o = impl.overview;
  impl.info = {o.first_line(),
               o.last_line(),
               o.lines(),
               o.first_step(),
               o.last_step(),
               o.values(),
               static_cast<std::int64_t>(o.keys().size())};
  return std::shared_ptr<const PartReader>(part);
}

const Overview& PartReader::overview() const { return impl_->overview; }
const PartInfo& PartReader::info() const { return impl_->info; }

Result<Slice> PartReader::read(const KeyEntry& key, bool with_other, std::int64_t begin,
                               std::int64_t end) const {
  Slice slice;
  if (end < 0 || end > key.rows) end = key.rows;
  begin = std::clamp<std::int64_t>(begin, 0, end);
  const auto count = static_cast<std::size_t>(end - begin);
  slice.step.reserve(count);
  slice.line.reserve(count);
  slice.value.reserve(count);
  slice.has_value.reserve(count);
  const auto wanted = with_other && key.has_other ? Wanted::kRowsAndOther : Wanted::kRows;
  RUNSTONE_TRY(impl_->read_rows(key.row_begin + begin, key.row_begin + end, wanted, slice));
  if (with_other) slice.other.resize(count);
  return slice;
}

Result<std::vector<double>> PartReader::read_numbers(const KeyEntry& key, std::int64_t begin,
                                                     std::int64_t end) const {
  if (end < 0 || end > key.rows) end = key.rows;
  begin = std::clamp<std::int64_t>(begin, 0, end);
  Slice slice;
  slice.value.reserve(static_cast<std::size_t>(end - begin));
  RUNSTONE_TRY(
      impl_->read_rows(key.row_begin + begin, key.row_begin + end, Wanted::kNumbers, slice));
  return std::move(slice.value);
}

Result<LineTable> PartReader::lines() const { return parse_lines(impl_->overview_bytes); }

Result<void> PartReader::read_lines(RowBatch& into, std::int64_t first, std::int64_t last) const {
  RUNSTONE_TRY(const auto table, lines());
  const auto from = std::lower_bound(table.line.begin(), table.line.end(), first);
  const auto to = std::upper_bound(from, table.line.end(), last);
  return read_lines(
      into, {table.line.data() + (from - table.line.begin()), static_cast<std::size_t>(to - from)});
}

Result<void> PartReader::read_lines(RowBatch& into, Span<const std::int64_t> wanted,
                                    Span<const KeyEntry* const> only) const {
  if (wanted.empty()) return {};
  RUNSTONE_TRY(const auto table, lines());
  // The leaves come key by key; a row wants them together, so they are dealt out by line.
  struct Leaf {
    std::uint32_t line = 0, key = 0;
    std::int64_t text = -1;
    double value = kNan;
    LeafType type = LeafType::kNumber;
  };
  std::vector<Leaf> leaves;
  std::vector<std::string> texts;
  std::vector<std::uint64_t> begin(wanted.size() + 1, 0);
  for (const auto& keys : spans_of(impl_->overview.keys(), only)) {
    RUNSTONE_TRY(auto slice, impl_->read_span(keys));
    std::size_t i = 0;
    for (const KeyEntry* key : keys) {
      const auto id = into.intern(key->name);
      for (const auto end = i + static_cast<std::size_t>(key->rows); i < end; ++i) {
        if (slice.line[i] < wanted[0]) continue;
        // Line numbers seldom have gaps, so the first guess nearly always hits.
        auto at = static_cast<std::size_t>(slice.line[i] - wanted[0]);
        if (at >= wanted.size() || wanted[at] != slice.line[i]) {
          at = static_cast<std::size_t>(
              std::lower_bound(wanted.begin(), wanted.end(), slice.line[i]) - wanted.begin());
          if (at >= wanted.size() || wanted[at] != slice.line[i]) continue;
        }
        Leaf leaf{static_cast<std::uint32_t>(at), id, -1, slice.value[i],
                  type_of(slice.has_value[i] != 0, slice.other[i])};
        if (!slice.other[i].empty()) {
          leaf.text = static_cast<std::int64_t>(texts.size());
          texts.push_back(std::move(slice.other[i]));
        }
        leaves.push_back(leaf);
        ++begin[at + 1];
      }
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) begin[i + 1] += begin[i];
  std::vector<std::uint32_t> dealt(leaves.size());
  auto next = begin;
  for (std::uint32_t i = 0; i < leaves.size(); ++i) dealt[next[leaves[i].line]++] = i;
  std::size_t at = 0;
  for (std::size_t line = 0; line < wanted.size(); ++line) {
    while (at < table.line.size() && table.line[at] < wanted[line]) ++at;
    if (at == table.line.size() || table.line[at] != wanted[line]) continue;
    into.begin_row();
    for (auto i = begin[line]; i < begin[line + 1]; ++i) {
      const Leaf& leaf = leaves[dealt[i]];
      into.add_leaf(
          leaf.key, leaf.value, leaf.type,
          leaf.text < 0 ? std::string_view() : texts[static_cast<std::size_t>(leaf.text)]);
    }
    into.end_row(table.line[at], table.step[at], table.hash[at]);
  }
  return {};
}

Result<std::vector<std::pair<std::int64_t, std::uint64_t>>> PartReader::line_hashes() const {
  RUNSTONE_TRY(const auto table, parse_lines(impl_->overview_bytes));
  std::vector<std::pair<std::int64_t, std::uint64_t>> hashes;
  hashes.reserve(table.line.size());
  for (std::size_t i = 0; i < table.line.size(); ++i) {
    hashes.emplace_back(table.line[i], table.hash[i]);
  }
  return hashes;
}

std::int64_t PartReader::memory_bytes() const {
  // The parsed footer takes several times its bytes.
  return impl_->overview.memory_bytes() + static_cast<std::int64_t>(impl_->overview_bytes.size()) +
         impl_->footer_bytes * 8 + 4096;
}

}  // namespace runstone::parts
