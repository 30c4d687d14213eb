#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "runstone/result.h"
#include "runstone/row.h"

namespace runstone {

/// Whether no byte is above 127: what keys and texts nearly always are, told in a few instructions.
inline bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::uint64_t seen = 0;
  std::size_t at = 0;
  for (; at + sizeof seen <= text.size(); at += sizeof seen) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    seen |= word;
  }
  for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
  return (seen & kHighBits) == 0;
}

// Text that is not UTF-8 has no place in JSON: a server refuses all that is sent together with it.
// Errors of all: kInvalidArgument, naming what it is.

/// `what` says which text: "the name of a metric".
Result<void> check_text(const char* what, std::string_view text);
/// A value below `key`, keys and texts at every depth.
Result<void> check_texts(std::string_view key, const Value& value);
Result<void> check_texts(const Dict& dict);
/// The key and the text of a row's field.
Result<void> check_texts(const Field& field);

}  // namespace runstone
