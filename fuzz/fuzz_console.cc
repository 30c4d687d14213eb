// What programs print: any bytes, cut anywhere, as the lines that a terminal would show. The first
// byte says how long the pieces are that it comes in; each goes to the other stream.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/encoding.h"
#include "model/output_log.h"

using namespace runstone;

namespace {

/// As the pieces must be given: whole characters.
std::string as_ascii(std::string_view bytes) {
  std::string text(bytes);
  for (char& c : text) {
    if ((c & 0x80) != 0) c = static_cast<char>(c & 0x7f);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = data[0] % 64 + 1;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_text = is_valid_utf8(bytes);
  const std::string text = is_text ? std::string(bytes) : as_ascii(bytes);
  OutputLog log;
  ConsoleText lines([&](ConsoleLine&& line) {
    RUNSTONE_ASSERT(is_valid_utf8(line.text));
    // Colours are given back in full on each line, so it may be longer than what was printed.
    RUNSTONE_ASSERT(line.text.find('\n') == std::string::npos);
  });
  std::string done, tail;
  bool is_stderr = false;
  std::int64_t now_us = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(at + piece_bytes, text.size());
    while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
    const auto piece = std::string_view(text).substr(at, end - at);
    log.write(is_stderr, now_us, piece);
    lines.write(is_stderr, now_us, piece);
    lines.take_changed([](ConsoleLine&& line) { RUNSTONE_ASSERT(is_valid_utf8(line.text)); });
    log.take(done, tail);
    is_stderr = !is_stderr;
    ++now_us;
    at = end;
  }
  lines.end();
  RUNSTONE_ASSERT(lines.first_open() == lines.line_count());
  log.end();
  log.take(done, tail);
  RUNSTONE_ASSERT(tail.empty() && is_valid_utf8(done));
  RUNSTONE_ASSERT(done.empty() || done.back() == '\n');
  return 0;
}
