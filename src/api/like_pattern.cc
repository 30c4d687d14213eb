#include "api/like_pattern.h"

#include <cstddef>

namespace runstone::api {

// Remembers the last % only: if the text after it does not fit, that % takes one character more.
bool matches_like(std::string_view text, std::string_view pattern) {
  constexpr auto kNone = std::string_view::npos;
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = kNone;
  std::size_t star_text = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    const char want = p < pattern.size() ? pattern[p + (escaped ? 1 : 0)] : '\0';
    if (p < pattern.size() && !escaped && want == '%') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && ((!escaped && want == '_') || want == text[t])) {
      ++t;
      p += escaped ? 2 : 1;
    } else if (star != kNone) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace runstone::api
