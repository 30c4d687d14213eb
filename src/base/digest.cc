#include "base/digest.h"

#include <openssl/evp.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/encoding.h"

namespace runstone {

struct Digest::State {
  EVP_MD_CTX* context = nullptr;
  XXH3_state_t* fast = nullptr;  // instead of `context`
  ~State() {
    EVP_MD_CTX_free(context);
    XXH3_freeState(fast);
  }
};

Digest::Digest(Kind kind) : state_(std::make_unique<State>()) {
  if (kind == Kind::kXxh128) {
    state_->fast = XXH3_createState();
    XXH3_128bits_reset(state_->fast);
    return;
  }
  state_->context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(state_->context, kind == Kind::kMd5 ? EVP_md5() : EVP_sha256(), nullptr);
}
Digest::~Digest() = default;

void Digest::add(std::string_view bytes) {
  if (state_->fast != nullptr) {
    XXH3_128bits_update(state_->fast, bytes.data(), bytes.size());
  } else {
    EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
  }
}

std::string Digest::finish() {
  if (state_->fast != nullptr) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->fast));
    return {reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest)};
  }
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), &size);
  digest.resize(size);
  return digest;
}

std::string sha256_hex(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha256);
  digest.add(bytes);
  return to_hex(digest.finish());
}

}  // namespace runstone
