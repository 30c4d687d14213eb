#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"

namespace runstone::store {

/// Lines of a chunk before compression: each followed by '\n'. A line that itself holds a newline
/// is possible only in console text; such a chunk is written with lengths (see
/// docs/format/store.md). `lines` must hold exactly the chunk's lines, each ended by '\n'. zstd
/// level 1.
std::string encode_lines(std::string_view lines);
/// For lines that may hold '\n': given one by one.
std::string encode_lines(const std::vector<std::string_view>& lines);

/// The decoded lines, kept in one buffer; views into it stay valid as long as it lives.
class DecodedLines {
 public:
  /// kCorrupt if the bytes are not what encode_lines wrote.
  static Result<DecodedLines> decode(std::string_view data);
  std::size_t size() const { return starts_.size(); }
  /// At least 64 readable bytes follow each line (simdjson's padding).
  std::string_view operator[](std::size_t index) const {
    return std::string_view(buffer_).substr(starts_[index], sizes_[index]);
  }
  /// Bytes readable from the start of line `index`, padding included.
  std::size_t capacity_from(std::size_t index) const { return buffer_.size() - starts_[index]; }

 private:
  std::string buffer_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> sizes_;
};

}  // namespace runstone::store
