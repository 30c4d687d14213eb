#include "auth/password.h"

#include <argon2.h>

#include <array>
#include <condition_variable>
#include <mutex>

#include "base/random_id.h"

namespace runstone::auth {
namespace {

// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kMemoryKib = 19'456;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr int kAtOnceMax = 2;

// Bounds the memory that sign-ins can take, however many come.
class Turn {
 public:
  Turn() {
    std::unique_lock lock(mutex());
    free().wait(lock, [] { return running() < kAtOnceMax; });
    ++running();
  }
  ~Turn() {
    {
      const std::scoped_lock lock(mutex());
      --running();
    }
    free().notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static std::condition_variable& free() {
    static std::condition_variable one;
    return one;
  }
  static int& running() {
    static int count = 0;
    return count;
  }
};

Result<std::string> encode(std::string_view password) {
  const auto salt = random_bytes(kSaltBytes);
  std::array<char, 256> text{};
  const Turn turn;
  const int code =
      ::argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(),
                              salt.data(), salt.size(), kHashBytes, text.data(), text.size());
  if (code != ARGON2_OK) {
    return fail(ErrorCode::kResourceExhausted,
                std::string("cannot hash the password: ") + ::argon2_error_message(code));
  }
  return std::string(text.data());
}

}  // namespace

Result<void> check_new_password(std::string_view password) {
  if (password.size() < kPasswordBytesMin) {
    return fail(ErrorCode::kInvalidArgument,
                "a password needs at least " + std::to_string(kPasswordBytesMin) + " characters");
  }
  if (password.size() > kPasswordBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                "a password has at most " + std::to_string(kPasswordBytesMax) + " bytes");
  }
  return {};
}

Result<std::string> encode_password(std::string_view password) {
  if (auto checked = check_new_password(password); !checked) return fail(checked.error());
  return encode(password);
}

bool check_password(std::string_view encoded, std::string_view password) {
  if (password.size() > kPasswordBytesMax) password = password.substr(0, 0);
  static const std::string nobodys = encode("nobody has this").value_or(std::string());
  const std::string text(encoded.empty() ? nobodys : encoded);
  const Turn turn;
  const bool is_right =
      ::argon2id_verify(text.c_str(), password.data(), password.size()) == ARGON2_OK;
  return is_right && !encoded.empty();
}

}  // namespace runstone::auth
