#include "base/random_id.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "base/assert.h"

namespace runstone {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const auto got = getrandom(bytes.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    RUNSTONE_ASSERT(got > 0);
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string random_id(std::size_t length) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  while (id.size() < length) {
    for (const char byte : random_bytes(2 * length)) {
      const auto value = static_cast<std::uint8_t>(byte);
      if (value >= 252 || id.size() == length) continue;  // 252 = 7 * 36: no letter is favoured
      id.push_back(kAlphabet[value % 36]);
    }
  }
  return id;
}

std::string random_uuid() {
  auto bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", static_cast<std::uint8_t>(bytes[i]));
    text += hex;
  }
  return text;
}

}  // namespace runstone
