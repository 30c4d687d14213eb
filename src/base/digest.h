#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace runstone {

/// A digest of bytes that come piece by piece.
class Digest {
 public:
  enum class Kind { kMd5, kSha256, kXxh128 };
  explicit Digest(Kind kind);
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::string_view bytes);
  /// The raw digest, 16 bytes (kXxh128: XXH3's, big-endian) or 32; nothing may be added after it.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace runstone
