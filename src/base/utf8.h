#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace runstone {

// Texts by characters (code points of UTF-8), not by bytes. Whether a text is UTF-8 is
// is_valid_utf8()'s to say (encoding.h); of one that is not, each of these still gives an answer.

/// A byte that is not the first of its character.
constexpr bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

inline std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return !continues_character(c); }));
}

/// How many bytes the first `count` characters have; all of them if there are no more.
inline std::size_t bytes_of_characters(std::string_view utf8, std::size_t count) {
  std::size_t at = 0;
  for (; at < utf8.size(); ++at) {
    if (!continues_character(utf8[at]) && count-- == 0) break;
  }
  return at;
}

/// The most bytes, at most `bytes_max`, that cut no character in two.
inline std::size_t whole_characters(std::string_view utf8, std::size_t bytes_max) {
  if (utf8.size() <= bytes_max) return utf8.size();
  constexpr std::size_t kMostBehindFirst = 3;
  for (std::size_t back = 0; back <= std::min(kMostBehindFirst, bytes_max); ++back) {
    if (!continues_character(utf8[bytes_max - back])) return bytes_max - back;
  }
  return bytes_max;  // no UTF-8: there is no character to keep whole
}

}  // namespace runstone
