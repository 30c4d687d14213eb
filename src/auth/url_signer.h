#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "runstone/result.h"
#include "store/store.h"

namespace runstone::auth {

/// What a signed URL allows: one method on one file of a run, until it expires.
struct FileGrant {
  std::string_view method;  ///< "PUT" or "GET"; a GET grant also allows HEAD
  std::string_view entity;
  std::string_view project;
  std::string_view run;
  std::string_view name;  ///< the file, with '/'; all five unescaped
};

inline constexpr std::int64_t kUploadGrantLifetimeUs = 24LL * 3600 * 1'000'000;
inline constexpr std::int64_t kDownloadGrantLifetimeUs = 3600LL * 1'000'000;

/// Signs and checks file URLs with HMAC-SHA256 and a secret that all servers of one store share.
/// A URL then stands for itself: the stock client sends no key with its uploads. Thread-safe.
class UrlSigner {
 public:
  UrlSigner(std::string secret, const Clock& clock) : secret_(std::move(secret)), clock_(clock) {}
  /// With the secret of the store, made at the first start.
  static Result<UrlSigner> create(store::Store& store, const Clock& clock);

  /// "/files/{entity}/{project}/{run}/{name}?expires=..&signature=..", percent-encoded; put the
  /// base URL in front to make it absolute.
  std::string sign(const FileGrant& grant, std::int64_t lifetime_us) const;
  /// kPermissionDenied, saying whether it is wrong or too old. Compares in constant time.
  Result<void> check(const FileGrant& grant, std::string_view expires,
                     std::string_view signature) const;

  /// The same for any path: "<path>?expires=..&signature=..". Whoever checks must know the path as
  /// it was signed, so let it be of parts that no proxy writes differently.
  std::string sign_path(std::string_view method, std::string_view path,
                        std::int64_t lifetime_us) const;
  Result<void> check_path(std::string_view method, std::string_view path, std::string_view expires,
                          std::string_view signature) const;

 private:
  std::string signature_of(const FileGrant& grant, std::string_view expires) const;

  std::string secret_;
  const Clock& clock_;
};

/// "/files/{entity}/{project}/{run}/{name}", percent-encoded.
std::string file_path(std::string_view entity, std::string_view project, std::string_view run,
                      std::string_view name);

}  // namespace runstone::auth
