#include "journal/format.h"

#include <libdeflate.h>

#include "journal/frame_record.h"

namespace runstone::journal {

std::uint32_t chunk_checksum(ChunkType type, std::string_view payload) {
  const char type_byte = static_cast<char>(type);
  const std::uint32_t begun = libdeflate_crc32(0, &type_byte, 1);
  return continue_checksum(begun, payload);
}

std::uint32_t continue_checksum(std::uint32_t checksum, std::string_view payload) {
  // For a null pointer libdeflate gives the CRC of nothing, whatever came before.
  return payload.empty() ? checksum : libdeflate_crc32(checksum, payload.data(), payload.size());
}

std::size_t framed_bytes(std::uint64_t offset, std::size_t record_bytes) {
  std::size_t left = kBlockBytes - static_cast<std::size_t>(offset % kBlockBytes);
  std::size_t total = 0;
  if (left < kChunkHeaderBytes) {
    total += left;
    left = kBlockBytes;
  }
  if (record_bytes <= left - kChunkHeaderBytes) return total + kChunkHeaderBytes + record_bytes;
  total += left;
  record_bytes -= left - kChunkHeaderBytes;
  constexpr std::size_t kBlockPayloadBytes = kBlockBytes - kChunkHeaderBytes;
  total += record_bytes / kBlockPayloadBytes * kBlockBytes;
  const std::size_t rest = record_bytes % kBlockPayloadBytes;
  return rest == 0 ? total : total + kChunkHeaderBytes + rest;
}

}  // namespace runstone::journal
