#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "journal/format.h"
#include "runstone/span.h"

namespace runstone::journal {

/// Continues the CRC of a chunk over some of its payload; begins with chunk_checksum(type, "").
std::uint32_t continue_checksum(std::uint32_t checksum, std::string_view payload);

/// Takes the pieces of a record as if they were one string.
class PieceCursor {
 public:
  explicit PieceCursor(Span<const std::string_view> pieces) : pieces_(pieces) {}
  /// Copies the next `count` bytes to `to` and gives their checksum, continued from `checksum`.
  std::uint32_t take(char* to, std::size_t count, std::uint32_t checksum) {
    while (count > 0) {
      const auto piece = pieces_[piece_].substr(used_);
      const auto part = piece.substr(0, count);
      std::memcpy(to, part.data(), part.size());
      checksum = continue_checksum(checksum, part);
      to += part.size();
      count -= part.size();
      used_ += part.size();
      if (used_ == pieces_[piece_].size()) {
        ++piece_;
        used_ = 0;
      }
    }
    return checksum;
  }

 private:
  Span<const std::string_view> pieces_;
  std::size_t piece_ = 0;
  std::size_t used_ = 0;
};

/// Writes one record as chunks, the first at `offset` or in the block behind it;
/// `memory_at(offset)` gives the memory of a chunk, which holds zeros. Returns the end of the
/// record.
///
/// The first chunk's length and checksum come last, so that a reader of the same memory (or what is
/// left after a kill) has either the whole record or none: until then the first chunk is no chunk.
template <typename MemoryAt>
std::uint64_t frame_record(std::uint64_t offset, Span<const std::string_view> pieces,
                           std::size_t record_bytes, const MemoryAt& memory_at) {
  static const std::array<std::uint32_t, 5> kBegun = {
      0, chunk_checksum(ChunkType::kFull, {}), chunk_checksum(ChunkType::kFirst, {}),
      chunk_checksum(ChunkType::kMiddle, {}), chunk_checksum(ChunkType::kLast, {})};
  const auto finish_chunk = [](char* chunk, std::uint32_t checksum, std::size_t length) {
    const auto length16 = static_cast<std::uint16_t>(length);
    std::memcpy(chunk + 4, &length16, sizeof length16);
    std::memcpy(chunk, &checksum, sizeof checksum);
  };
  PieceCursor cursor(pieces);
  char* first_chunk = nullptr;
  std::uint32_t first_checksum = 0;
  std::size_t first_length = 0;
  std::size_t left = record_bytes;
  while (true) {
    std::size_t room = kBlockBytes - static_cast<std::size_t>(offset % kBlockBytes);
    if (room < kChunkHeaderBytes) {
      offset += room;
      room = kBlockBytes;
    }
    const std::size_t length = std::min(left, room - kChunkHeaderBytes);
    const bool is_first = first_chunk == nullptr;
    const bool is_last = length == left;
    const auto type = is_first ? (is_last ? ChunkType::kFull : ChunkType::kFirst)
                               : (is_last ? ChunkType::kLast : ChunkType::kMiddle);
    char* const chunk = memory_at(offset);
    chunk[6] = static_cast<char>(type);
    const auto checksum =
        cursor.take(chunk + kChunkHeaderBytes, length, kBegun[static_cast<std::size_t>(type)]);
    if (is_first) {
      first_chunk = chunk;
      first_checksum = checksum;
      first_length = length;
    } else {
      finish_chunk(chunk, checksum, length);
    }
    offset += kChunkHeaderBytes + length;
    left -= length;
    if (is_last) break;
  }
  std::atomic_thread_fence(std::memory_order_release);
  finish_chunk(first_chunk, first_checksum, first_length);
  return offset;
}

}  // namespace runstone::journal
