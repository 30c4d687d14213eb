#include "journal/journal_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/try.h"
#include "journal/format.h"

namespace runstone::journal {

namespace {

/// What stands at an offset.
struct Chunk {
  enum class State {
    kIntact,
    kCutOff,  ///< the file ends within it, or before it
    kZeros,   ///< a header of zeros
    kBad,     ///< a wrong checksum, an impossible length or type
  };
  State state = State::kCutOff;
  ChunkType type = ChunkType::kFull;
  std::string_view payload;  ///< valid until the next block is loaded
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  bool begins_record() const {
    return state == State::kIntact && (type == ChunkType::kFull || type == ChunkType::kFirst);
  }
};

std::uint64_t next_block(std::uint64_t offset) { return (offset / kBlockBytes + 1) * kBlockBytes; }

const char* describe(const Chunk& chunk) {
  switch (chunk.state) {
    case Chunk::State::kIntact:
      return "record without its end";
    case Chunk::State::kCutOff:
      return "cut off";
    case Chunk::State::kZeros:
      return "zeros before data";
    case Chunk::State::kBad:
      break;
  }
  return "checksum";
}

}  // namespace

struct JournalReader::State {
  fs::File* file = nullptr;          // what is read; of the next two, or the caller's
  std::unique_ptr<fs::File> opened;  // null if the caller's file or bytes are read
  std::string bytes;                 // read if file is null
  fs::Path path;
  bool live = false;
  bool ident_is_checked = false;

  std::uint64_t position = 0;  // behind the last record
  std::uint64_t record_offset = 0;
  std::uint64_t record_count = 0;
  std::string joined;  // a record of several chunks
  std::vector<Loss> losses;
  std::uint64_t loss_count = 0;
  std::uint64_t torn_tail_bytes = 0;
  bool torn_tail_is_half_record = true;

  std::vector<char> block = std::vector<char>(kBlockBytes);
  std::uint64_t block_begin = ~std::uint64_t{0};
  std::size_t block_bytes = 0;

  Result<std::size_t> read_at(std::uint64_t offset, Span<char> into) {
    if (file != nullptr) return file->read_at(offset, into);
    if (offset >= bytes.size()) return std::size_t{0};
    const auto count = std::min<std::uint64_t>(into.size(), bytes.size() - offset);
    std::memcpy(into.data(), bytes.data() + offset, count);
    return static_cast<std::size_t>(count);
  }

  Result<void> load_block(std::uint64_t begin) {
    block_begin = ~std::uint64_t{0};  // none, should the read fail
    RUNSTONE_TRY(block_bytes, read_at(begin, Span<char>(block.data(), block.size())));
    block_begin = begin;
    return {};
  }

  Chunk parse_chunk(std::uint64_t offset) const {
    Chunk chunk;
    chunk.begin = offset;
    const std::size_t at = static_cast<std::size_t>(offset - block_begin);
    if (at + kChunkHeaderBytes > block_bytes) return chunk;
    const char* const header = block.data() + at;
    std::uint32_t checksum = 0;
    std::uint16_t length = 0;
    std::memcpy(&checksum, header, sizeof checksum);
    std::memcpy(&length, header + 4, sizeof length);
    const auto type = static_cast<unsigned char>(header[6]);
    if (checksum == 0 && length == 0 && type == 0) {
      chunk.state = Chunk::State::kZeros;
      return chunk;
    }
    chunk.state = Chunk::State::kBad;
    if (type < 1 || type > 4 || at + kChunkHeaderBytes + length > kBlockBytes) return chunk;
    if (at + kChunkHeaderBytes + length > block_bytes) {
      chunk.state = Chunk::State::kCutOff;
      return chunk;
    }
    chunk.type = static_cast<ChunkType>(type);
    chunk.payload = {header + kChunkHeaderBytes, length};
    chunk.end = offset + kChunkHeaderBytes + length;
    if (chunk_checksum(chunk.type, chunk.payload) == checksum) chunk.state = Chunk::State::kIntact;
    return chunk;
  }

  /// The chunk at `offset`, or at the next block if too few bytes are left for one.
  Result<Chunk> read_chunk(std::uint64_t offset) {
    if (next_block(offset) - offset < kChunkHeaderBytes) offset = next_block(offset);
    const auto begin = offset / kBlockBytes * kBlockBytes;
    if (begin == block_begin) {
      const auto chunk = parse_chunk(offset);
      if (chunk.state == Chunk::State::kIntact) return chunk;
    }
    // Either another block, or a writer may have finished meanwhile what was incomplete: look anew.
    RUNSTONE_TRY(load_block(begin));
    return parse_chunk(offset);
  }

  bool rest_of_block_is_zero(std::uint64_t offset) const {
    const auto at = static_cast<std::ptrdiff_t>(offset - block_begin);
    return std::all_of(block.begin() + at, block.begin() + static_cast<std::ptrdiff_t>(block_bytes),
                       [](char c) { return c == 0; });
  }

  /// The first chunk that begins a record, at or behind `offset`.
  Result<std::optional<std::uint64_t>> find_record(std::uint64_t offset) {
    while (true) {
      RUNSTONE_TRY(const auto chunk, read_chunk(offset));
      if (chunk.begins_record()) return std::optional(chunk.begin);
      if (chunk.state == Chunk::State::kIntact) {
        offset = chunk.end;
      } else if (block_bytes < kBlockBytes) {
        return std::optional<std::uint64_t>();  // that was the file's last block
      } else {
        offset = next_block(chunk.begin);
      }
    }
  }

  void note_loss(std::uint64_t begin, std::uint64_t end, const Chunk& cause) {
    ++loss_count;
    if (losses.size() < kMaxLosses) losses.push_back({begin, end - begin, describe(cause)});
  }

  /// Nothing intact follows `position`: how much of what follows is not zeros?
  Result<void> measure_tail(const Chunk& cause) {
    torn_tail_bytes = 0;
    torn_tail_is_half_record = cause.state != Chunk::State::kBad;
    for (auto begin = position / kBlockBytes * kBlockBytes;; begin += kBlockBytes) {
      RUNSTONE_TRY(load_block(begin));
      const auto from = begin < position ? static_cast<std::size_t>(position - begin) : 0;
      for (std::size_t i = block_bytes; i > from; --i) {
        if (block[i - 1] == 0) continue;
        torn_tail_bytes = begin + i - position;
        break;
      }
      if (block_bytes < kBlockBytes) return {};
    }
  }

  Result<bool> check_ident() {
    char found[kIdent.size()];
    RUNSTONE_TRY(const auto count, read_at(0, Span<char>(found)));
    const std::string_view text(found, count);
    const bool may_come = live && (kIdent.substr(0, count) == text ||
                                   text == std::string_view("\0\0\0\0\0\0\0", count));
    if (text == kIdent) {
      ident_is_checked = true;
      return true;
    }
    if (may_come) return false;
    return fail(ErrorCode::kCorrupt, path.string() + ": is no .wandb journal");
  }

  /// Reads one record from `chunk` on. True if it is whole; else `chunk` is what stands in the way.
  Result<bool> join_record(Chunk& chunk, std::string_view& record) {
    if (!chunk.begins_record()) return false;
    auto end = chunk.end;
    if (chunk.type == ChunkType::kFull) {
      record = chunk.payload;
    } else {
      joined.assign(chunk.payload);
      while (chunk.type != ChunkType::kLast) {
        RUNSTONE_TRY(chunk, read_chunk(end));
        const bool continues = chunk.state == Chunk::State::kIntact && !chunk.begins_record() &&
                               joined.size() + chunk.payload.size() <= kMaxRecordBytes;
        if (!continues) return false;
        joined.append(chunk.payload);
        end = chunk.end;
      }
      record = joined;
    }
    position = end;
    return true;
  }

  Result<ReadOutcome> next(std::string_view& record) {
    if (!ident_is_checked) {
      RUNSTONE_TRY(const bool is_there, check_ident());
      if (!is_there) return ReadOutcome::kNoMoreYet;
    }
    bool looked_again = false;
    while (true) {
      RUNSTONE_TRY(auto chunk, read_chunk(position));
      const auto begin = chunk.begin;
      RUNSTONE_TRY(const bool is_whole, join_record(chunk, record));
      if (is_whole) {
        record_offset = begin;
        ++record_count;
        return ReadOutcome::kRecord;
      }
      if (live && chunk.begin == begin && chunk.state == Chunk::State::kZeros &&
          rest_of_block_is_zero(chunk.begin)) {
        return ReadOutcome::kNoMoreYet;  // the usual case, without a look at all that is reserved
      }
      const bool is_intact = chunk.state == Chunk::State::kIntact;
      const auto resume = chunk.begins_record() && chunk.begin != begin ? chunk.begin
                          : is_intact                                   ? chunk.end
                                                                        : next_block(chunk.begin);
      RUNSTONE_TRY(const auto found, find_record(resume));
      if (!found) {
        if (live) return ReadOutcome::kNoMoreYet;
        RUNSTONE_TRY(measure_tail(chunk));
        return ReadOutcome::kEnd;
      }
      if (live && !looked_again) {
        // Read while the writer was at it, perhaps. Records are written one after the other, so now
        // that a later one is there this one is, too, unless it is damaged.
        looked_again = true;
        block_begin = ~std::uint64_t{0};
        continue;
      }
      note_loss(begin, *found, chunk);
      position = *found;
      looked_again = false;
    }
  }
};

JournalReader::JournalReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&&) noexcept = default;
JournalReader::~JournalReader() = default;

namespace {

template <typename State>
Result<std::unique_ptr<State>> begin_reading(std::unique_ptr<State> state,
                                             const JournalReaderOptions& options) {
  state->live = options.live;
  state->position = std::max<std::uint64_t>(options.cursor, kIdent.size());
  RUNSTONE_TRY(state->check_ident());
  return state;
}

}  // namespace

Result<JournalReader> JournalReader::open(fs::FileSystem& disk, const fs::Path& path,
                                          JournalReaderOptions options) {
  auto state = std::make_unique<State>();
  state->path = path;
  RUNSTONE_TRY(state->opened, disk.open_read(path));
  state->file = state->opened.get();
  RUNSTONE_TRY(state, begin_reading(std::move(state), options));
  return JournalReader(std::move(state));
}

Result<JournalReader> JournalReader::from_bytes(std::string bytes, JournalReaderOptions options) {
  auto state = std::make_unique<State>();
  state->bytes = std::move(bytes);
  state->path = "(bytes)";
  RUNSTONE_TRY(state, begin_reading(std::move(state), options));
  return JournalReader(std::move(state));
}

Result<JournalReader> JournalReader::from_file(fs::File& file, const fs::Path& path,
                                               JournalReaderOptions options) {
  auto state = std::make_unique<State>();
  state->file = &file;
  state->path = path;
  RUNSTONE_TRY(state, begin_reading(std::move(state), options));
  return JournalReader(std::move(state));
}

Result<ReadOutcome> JournalReader::next(std::string_view& record) { return state_->next(record); }
std::uint64_t JournalReader::cursor() const { return state_->position; }
std::uint64_t JournalReader::record_offset() const { return state_->record_offset; }
void JournalReader::set_live(bool live) { state_->live = live; }
std::uint64_t JournalReader::record_count() const { return state_->record_count; }
const std::vector<Loss>& JournalReader::losses() const { return state_->losses; }
std::uint64_t JournalReader::loss_count() const { return state_->loss_count; }
std::uint64_t JournalReader::torn_tail_bytes() const { return state_->torn_tail_bytes; }
bool JournalReader::torn_tail_is_half_record() const { return state_->torn_tail_is_half_record; }

Result<bool> is_locked(fs::FileSystem& disk, const fs::Path& path) { return disk.is_locked(path); }

Result<TrimResult> trim_torn_tail(fs::File& locked_file, const fs::Path& path) {
  RUNSTONE_TRY(auto reader, JournalReader::from_file(locked_file, path));
  std::string_view record;
  auto outcome = ReadOutcome::kRecord;
  while (outcome == ReadOutcome::kRecord) {
    RUNSTONE_TRY(outcome, reader.next(record));
  }
  RUNSTONE_TRY(const auto size_bytes, locked_file.size_bytes());
  TrimResult result;
  result.records_end = reader.cursor();
  result.size_bytes = reader.torn_tail_is_half_record()
                          ? reader.cursor()
                          : reader.cursor() + reader.torn_tail_bytes();
  result.trimmed_bytes = size_bytes - result.size_bytes;
  if (result.trimmed_bytes > 0) {
    RUNSTONE_TRY(locked_file.truncate(result.size_bytes));
    RUNSTONE_TRY(locked_file.sync());
  }
  return result;
}

Result<std::uint64_t> trim_torn_tail(fs::FileSystem& disk, const fs::Path& path) {
  RUNSTONE_TRY(const auto file, disk.open_write(path));
  RUNSTONE_TRY(file->lock());
  RUNSTONE_TRY(const auto result, trim_torn_tail(*file, path));
  return result.trimmed_bytes;
}

}  // namespace runstone::journal
