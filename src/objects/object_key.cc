#include "objects/object_key.h"

#include <openssl/sha.h>

#include <string>

#include "base/encoding.h"
#include "objects/object_store.h"

namespace runstone::objects {
namespace {

constexpr std::size_t kMaxPartBytes = 200;  // most disks take 255, and engines may append a little
constexpr std::size_t kMaxKeyBytes = 1024;  // S3's bound

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._%~+=@,-").find(c) != std::string_view::npos;
}

bool is_part(std::string_view part) {
  if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
  for (const char c : part) {
    if (!is_safe(c)) return false;
  }
  return true;
}

}  // namespace

Result<void> check_key(std::string_view key) {
  const auto bad = [&] {
    return fail(ErrorCode::kInvalidArgument, "not an object key: '" + std::string(key) + "'");
  };
  if (key.size() > kMaxKeyBytes) return bad();
  while (true) {
    const auto slash = key.find('/');
    if (!is_part(key.substr(0, slash))) return bad();
    if (slash == std::string_view::npos) return {};
    key.remove_prefix(slash + 1);
  }
}

std::string make_key_part(std::string_view text) {
  std::string part = percent_encode(text);
  if (part.empty()) return "%";  // percent_encode never gives a % alone, so this is nobody else's
  if (part == ".") return "%2E";
  if (part == "..") return "%2E%2E";
  if (part.size() <= kMaxPartBytes) return part;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  part.resize(kMaxPartBytes - 66);
  return part + "~" + to_hex({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace runstone::objects
