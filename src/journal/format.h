#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace runstone::journal {

// docs/format/journal.md, section "Framing".
inline constexpr std::string_view kIdent{":W&B\xe1\xbe\0", 7};
inline constexpr std::size_t kBlockBytes = 32768;
inline constexpr std::size_t kChunkHeaderBytes = 7;
/// A record past this is refused by the writer and passed over, counted, by the reader.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{256} << 20;

enum class ChunkType : unsigned char { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

/// The plain CRC-32 (zlib's) of the type byte followed by the payload.
std::uint32_t chunk_checksum(ChunkType type, std::string_view payload);
/// Bytes that a record of this size takes in the file when it starts at `offset`, with the zeros
/// that fill the block before it.
std::size_t framed_bytes(std::uint64_t offset, std::size_t record_bytes);

}  // namespace runstone::journal
