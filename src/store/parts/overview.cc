#include "store/parts/overview.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>

#include <xxhash.h>
#include <zstd.h>

#include "base/try.h"

// Written for little-endian machines, as the Parquet library is here. docs/format/parts.md has the
// layout.
namespace runstone::parts {
namespace {

constexpr char kMagic[4] = {'R', 'S', 'O', 'V'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kMaxSectionBytes = std::uint64_t{4} << 30;
constexpr int kZstdLevel = 1;

struct Section {
  std::uint64_t stored = 0, raw = 0, hash = 0;
};
struct Header {
  char magic[4];
  std::uint32_t version;
  Section body, lines;
  std::uint64_t header_hash;  // of the bytes before it
};
static_assert(sizeof(Header) == 64);

Failure corrupt(const char* what) {
  return fail(ErrorCode::kCorrupt, std::string("damaged overview: ") + what);
}

std::uint64_t hash_of(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

class Out {
 public:
  template <typename T>
  void put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  /// One field of all items, one after another: like values side by side compress well.
  template <typename Items, typename Get>
  void column(const Items& items, Get get) {
    for (const auto& item : items) put(get(item));
  }
  void text(std::string_view text) { bytes_.append(text); }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

class In {
 public:
  explicit In(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && at_ == bytes_.size(); }
  /// Whether `count` items of `size` bytes can still follow; asked before any allocation.
  bool has(std::uint64_t count, std::uint64_t size) {
    ok_ = ok_ && count <= (bytes_.size() - at_) / size;
    return ok_;
  }
  template <typename T>
  T take() {
    T value{};
    if (has(1, sizeof(T))) {
      std::memcpy(&value, bytes_.data() + at_, sizeof(T));
      at_ += sizeof(T);
    }
    return value;
  }
  std::string_view text(std::uint64_t size) {
    if (!has(size, 1)) return {};
    const auto text = bytes_.substr(at_, size);
    at_ += size;
    return text;
  }
  template <typename Items, typename Set>
  void column(Items& items, Set set) {
    for (auto& item : items) set(item);
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// Every stored field of a block, in the order of the format.
constexpr auto kBlockFields = std::make_tuple(
    &Block::first_step, &Block::last_step, &Block::rows, &Block::numbers, &Block::nans,
    &Block::infinities, &Block::min, &Block::max, &Block::sum, &Block::last, &Block::first_runtime,
    &Block::last_runtime, &Block::first_timestamp, &Block::last_timestamp);
constexpr std::size_t kBlockBytes = 2 * 8 + 4 * 4 + 8 * 8;

std::string compress(std::string_view raw) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), kZstdLevel));
  return out;
}

Result<std::string> expand(std::string_view bytes, std::uint64_t offset, const Section& section) {
  const auto stored = bytes.substr(offset, section.stored);
  if (hash_of(stored) != section.hash) return corrupt("checksum");
  if (section.raw > kMaxSectionBytes) return corrupt("size");
  std::string raw(section.raw, '\0');
  const auto size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) != 0 || size != section.raw) return corrupt("compression");
  return raw;
}

Result<Header> read_header(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header) return corrupt("too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return corrupt("no such format");
  if (hash_of(bytes.substr(0, offsetof(Header, header_hash))) != header.header_hash) {
    return corrupt("header");
  }
  if (header.version != kVersion) {
    return fail(ErrorCode::kNotImplemented,
                "overview of version " + std::to_string(header.version) + "; this is 1");
  }
  const std::uint64_t rest = bytes.size() - sizeof header;
  if (header.body.stored > rest || header.lines.stored != rest - header.body.stored) {
    return corrupt("length");
  }
  return header;
}

/// Blocks of 16 made from blocks of one, key by key.
void make_supers(std::vector<KeyEntry>& keys, const std::vector<Block>& blocks,
                 std::vector<Block>& supers) {
  for (auto& key : keys) {
    key.super_begin = static_cast<std::int64_t>(supers.size());
    for (std::int64_t i = 0; i < key.blocks(); ++i) {
      const Block& block = blocks[static_cast<std::size_t>(key.block_begin + i)];
      if (i % kBlocksPerSuper == 0) {
        supers.push_back(block);
      } else {
        supers.back().merge(block);
      }
    }
  }
}

}  // namespace

void Block::merge(const Block& next) {
  const bool was_empty = rows == 0;
  if (next.rows == 0) return;
  if (was_empty) {
    *this = next;
    return;
  }
  last_step = next.last_step;
  last_runtime = next.last_runtime;
  last_timestamp = next.last_timestamp;
  if (next.numbers > 0) {
    min = numbers > 0 ? std::min(min, next.min) : next.min;
    max = numbers > 0 ? std::max(max, next.max) : next.max;
  }
  if (next.numbers + next.nans > 0) last = next.last;
  sum += next.sum;
  rows += next.rows;
  numbers += next.numbers;
  nans += next.nans;
  infinities += next.infinities;
}

std::string OverviewParts::to_bytes() const {
  Out body;
  body.put(lines.line.empty() ? std::int64_t{0} : lines.line.front());
  body.put(lines.line.empty() ? std::int64_t{-1} : lines.line.back());
  body.put(static_cast<std::int64_t>(lines.line.size()));
  body.put(first_step);
  body.put(last_step);
  body.put(static_cast<std::uint64_t>((steps_ascend ? 1 : 0) | (runtimes_ascend ? 2 : 0) |
                                      (timestamps_ascend ? 4 : 0)));
  body.put(static_cast<std::uint64_t>(keys.size()));
  body.put(static_cast<std::uint64_t>(blocks.size()));
  body.put(static_cast<std::uint64_t>(runs.size()));
  body.column(keys, [](const KeyEntry& k) { return static_cast<std::uint32_t>(k.name.size()); });
  body.column(keys, [](const KeyEntry& k) { return k.rows; });
  for (int type = 0; type < kLeafTypes; ++type) {
    body.column(keys, [type](const KeyEntry& k) { return k.type_counts[type]; });
  }
  body.column(keys, [](const KeyEntry& k) {
    return static_cast<std::uint8_t>((k.has_other ? 1 : 0) | (k.monotonic ? 2 : 0));
  });
  for (const auto& key : keys) body.text(key.name);
  std::apply(
      [&](auto... field) {
        (body.column(blocks, [field](const Block& b) { return b.*field; }), ...);
      },
      kBlockFields);
  for (const auto& run : runs) {
    body.put(run.rows);
    body.put(run.length);
    body.put(run.hash);
  }

  Out table;
  table.column(lines.line, [](std::int64_t line) { return line; });
  table.column(lines.step, [](std::int64_t step) { return step; });
  table.column(lines.hash, [](std::uint64_t hash) { return hash; });

  const std::string stored_body = compress(body.bytes());
  const std::string stored_lines = compress(table.bytes());
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.body = {stored_body.size(), body.bytes().size(), hash_of(stored_body)};
  header.lines = {stored_lines.size(), table.bytes().size(), hash_of(stored_lines)};
  const std::string_view head(reinterpret_cast<const char*>(&header), sizeof header);
  header.header_hash = hash_of(head.substr(0, offsetof(Header, header_hash)));
  return std::string(head) + stored_body + stored_lines;
}

bool OverviewParts::from_body(std::string_view body, Overview& out) {
  In in(body);
  out.first_line_ = in.take<std::int64_t>();
  out.last_line_ = in.take<std::int64_t>();
  out.lines_ = in.take<std::int64_t>();
  out.first_step_ = in.take<std::int64_t>();
  out.last_step_ = in.take<std::int64_t>();
  const auto flags = in.take<std::uint64_t>();
  out.steps_ascend_ = (flags & 1) != 0;
  out.runtimes_ascend_ = (flags & 2) != 0;
  out.timestamps_ascend_ = (flags & 4) != 0;
  const auto key_count = in.take<std::uint64_t>();
  const auto block_count = in.take<std::uint64_t>();
  const auto run_count = in.take<std::uint64_t>();

  if (!in.has(key_count, 4 + 8 + 8 * kLeafTypes + 1)) return false;
  std::vector<std::uint32_t> name_sizes(key_count);
  for (auto& size : name_sizes) size = in.take<std::uint32_t>();
  out.keys_.resize(key_count);
  std::int64_t blocks_seen = 0;
  for (auto& key : out.keys_) {
    key.rows = in.take<std::int64_t>();
    if (key.rows <= 0 || key.rows > (std::int64_t{1} << 48)) return false;
    key.row_begin = out.values_;
    key.block_begin = blocks_seen;
    out.values_ += key.rows;
    blocks_seen += key.blocks();
  }
  for (int type = 0; type < kLeafTypes; ++type) {
    for (auto& key : out.keys_) key.type_counts[type] = in.take<std::int64_t>();
  }
  for (auto& key : out.keys_) {
    const auto bits = in.take<std::uint8_t>();
    key.has_other = (bits & 1) != 0;
    key.monotonic = (bits & 2) != 0;
  }
  for (std::size_t i = 0; i < key_count; ++i) {
    out.keys_[i].name = std::string(in.text(name_sizes[i]));
    if (i > 0 && !(out.keys_[i - 1].name < out.keys_[i].name)) return false;
  }
  if (blocks_seen != static_cast<std::int64_t>(block_count)) return false;
  if (!in.has(block_count, kBlockBytes)) return false;
  out.blocks_.resize(block_count);
  const auto read_field = [&](auto field) {
    for (auto& block : out.blocks_) {
      block.*field = in.take<std::remove_reference_t<decltype(block.*field)>>();
    }
  };
  std::apply([&](auto... field) { (read_field(field), ...); }, kBlockFields);
  if (!in.has(run_count, 24)) return false;
  std::int64_t rows = 0, offset = 0;
  for (std::uint64_t i = 0; i < run_count; ++i) {
    ByteRun run;
    run.row_begin = rows;
    run.rows = in.take<std::int64_t>();
    run.offset = offset;
    run.length = in.take<std::int64_t>();
    run.hash = in.take<std::uint64_t>();
    if (run.rows < 0 || run.length < 0 || run.length > (std::int64_t{1} << 48)) return false;
    rows += run.rows;
    offset += run.length;
    out.runs_.push_back(run);
  }
  if (!in.at_end() || run_count == 0 || rows != out.values_) return false;
  make_supers(out.keys_, out.blocks_, out.supers_);
  return true;
}

Result<Overview> Overview::parse(std::string_view bytes) {
  RUNSTONE_TRY(const auto header, read_header(bytes));
  RUNSTONE_TRY(const auto body, expand(bytes, sizeof(Header), header.body));
  // The lines are not needed for reading, but damage should show at once, not at the next resend.
  if (hash_of(bytes.substr(sizeof(Header) + header.body.stored)) != header.lines.hash) {
    return corrupt("lines");
  }
  Overview overview;
  if (!OverviewParts::from_body(body, overview)) return corrupt("contents");
  return overview;
}

Result<LineTable> parse_lines(std::string_view bytes) {
  RUNSTONE_TRY(const auto header, read_header(bytes));
  RUNSTONE_TRY(const auto raw, expand(bytes, sizeof(Header) + header.body.stored, header.lines));
  if (raw.size() % 24 != 0) return corrupt("lines");
  const std::size_t count = raw.size() / 24;
  LineTable table;
  table.line.resize(count);
  table.step.resize(count);
  table.hash.resize(count);
  if (count > 0) {
    std::memcpy(table.line.data(), raw.data(), count * 8);
    std::memcpy(table.step.data(), raw.data() + count * 8, count * 8);
    std::memcpy(table.hash.data(), raw.data() + count * 16, count * 8);
  }
  return table;
}

const KeyEntry* Overview::find(std::string_view name) const {
  const auto at =
      std::lower_bound(keys_.begin(), keys_.end(), name,
                       [](const KeyEntry& k, std::string_view n) { return k.name < n; });
  return at != keys_.end() && at->name == name ? &*at : nullptr;
}

Span<const Block> Overview::blocks(const KeyEntry& key) const {
  return {blocks_.data() + key.block_begin, static_cast<std::size_t>(key.blocks())};
}

Span<const Block> Overview::supers(const KeyEntry& key) const {
  return {supers_.data() + key.super_begin, static_cast<std::size_t>(key.supers())};
}

std::int64_t Overview::memory_bytes() const {
  std::size_t bytes = (blocks_.size() + supers_.size()) * sizeof(Block) +
                      keys_.size() * sizeof(KeyEntry) + runs_.size() * sizeof(ByteRun);
  for (const auto& key : keys_) bytes += key.name.capacity() > 15 ? key.name.capacity() : 0;
  return static_cast<std::int64_t>(bytes);
}

}  // namespace runstone::parts
