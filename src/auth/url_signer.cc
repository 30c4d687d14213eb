#include "auth/url_signer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>

#include "base/encoding.h"
#include "base/random_id.h"
#include "base/try.h"

namespace runstone::auth {
namespace {

// Each part with its length in front: no two grants give the same text.
void append_part(std::string& text, std::string_view part) {
  text.append(std::to_string(part.size())).append(":").append(part);
}

}  // namespace

Result<UrlSigner> UrlSigner::create(store::Store& store, const Clock& clock) {
  RUNSTONE_TRY(auto kept,
               store.get_or_create_setting("url_signing_secret", to_hex(random_bytes(32))));
  return UrlSigner(std::move(kept), clock);
}

std::string UrlSigner::signature_of(const FileGrant& grant, std::string_view expires) const {
  std::string text;
  for (const auto part :
       {grant.method, grant.entity, grant.project, grant.run, grant.name, expires}) {
    append_part(text, part);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &length);
  return to_base64url(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

std::string UrlSigner::sign(const FileGrant& grant, std::int64_t lifetime_us) const {
  const auto expires = std::to_string((clock_.now_us() + lifetime_us) / 1'000'000);
  return file_path(grant.entity, grant.project, grant.run, grant.name) + "?expires=" + expires +
         "&signature=" + signature_of(grant, expires);
}

Result<void> UrlSigner::check(const FileGrant& grant, std::string_view expires,
                              std::string_view signature) const {
  const auto wanted = signature_of(grant, expires);
  if (wanted.size() != signature.size() ||
      CRYPTO_memcmp(wanted.data(), signature.data(), wanted.size()) != 0) {
    return fail(ErrorCode::kPermissionDenied, "the signature does not fit this address");
  }
  std::int64_t until_secs = 0;
  const auto [end, error] =
      std::from_chars(expires.data(), expires.data() + expires.size(), until_secs);
  if (error != std::errc() || end != expires.data() + expires.size() ||
      until_secs < clock_.now_us() / 1'000'000) {
    return fail(ErrorCode::kPermissionDenied, "this address has expired");
  }
  return {};
}

// No entity is called "", so a path never has the signature of a run's file.
std::string UrlSigner::sign_path(std::string_view method, std::string_view path,
                                 std::int64_t lifetime_us) const {
  const auto expires = std::to_string((clock_.now_us() + lifetime_us) / 1'000'000);
  return std::string(path) + "?expires=" + expires +
         "&signature=" + signature_of({method, "", "", "", path}, expires);
}

Result<void> UrlSigner::check_path(std::string_view method, std::string_view path,
                                   std::string_view expires, std::string_view signature) const {
  return check({method, "", "", "", path}, expires, signature);
}

std::string file_path(std::string_view entity, std::string_view project, std::string_view run,
                      std::string_view name) {
  return "/files/" + percent_encode(entity) + "/" + percent_encode(project) + "/" +
         percent_encode(run) + "/" + percent_encode(name, "/");
}

}  // namespace runstone::auth
