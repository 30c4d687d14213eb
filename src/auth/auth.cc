#include "auth/auth.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/random_id.h"
#include "base/try.h"

namespace runstone::auth {
namespace {

// One text for every reason, so that nobody learns whether a key exists. The stock client prints
// it.
Failure not_logged_in() { return fail(ErrorCode::kUnauthenticated, "user is not logged in"); }

// The key of `Basic base64(user:key)`; whatever user name, since keys are unique by themselves.
std::optional<std::string> key_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  if (authorization.size() < kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if ((authorization[i] | 0x20) != (kScheme[i] | 0x20)) return std::nullopt;
  }
  const auto plain = from_base64(authorization.substr(kScheme.size()));
  if (!plain) return std::nullopt;
  const auto colon = plain->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return plain->substr(colon + 1);
}

}  // namespace

bool authorize(const Principal& principal, Action /*action*/, const Resource& resource) {
  // Teams will bring roles that tell reading from writing; today an entity is its user's alone.
  return principal.admin || (!resource.entity.empty() && resource.entity == principal.name);
}

std::string make_secret(std::string_view prefix) {
  auto text = to_base64url(random_bytes(32));
  // The stock client takes [A-Za-z0-9_] and reads a '-' as the end of a prefix.
  std::replace(text.begin(), text.end(), '-', '_');
  return std::string(prefix) + text;
}

std::string hash_secret(std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  EVP_Digest(secret.data(), secret.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

Result<Principal> Auth::principal_of(store::UserId user, bool by_session) const {
  const auto found = store_.get_user(user);
  if (!found && found.error().code == ErrorCode::kNotFound) return not_logged_in();
  if (!found) return fail(found.error());
  return Principal{found->id, found->name, found->admin, by_session};
}

Result<Principal> Auth::authenticate_key(std::string_view key) const {
  if (key.empty()) return not_logged_in();
  const auto found = store_.find_api_key(hash_secret(key));
  if (!found && found.error().code == ErrorCode::kNotFound) return not_logged_in();
  if (!found) return fail(found.error());
  return principal_of(found->user, false);
}

Result<Principal> Auth::authenticate(const Credentials& credentials) const {
  if (!credentials.authorization.empty()) {
    const auto key = key_of(credentials.authorization);
    if (!key) return not_logged_in();
    return authenticate_key(*key);
  }
  if (!credentials.session || credentials.session->empty()) return not_logged_in();
  const auto session = store_.find_session(hash_secret(*credentials.session));
  if (!session && session.error().code == ErrorCode::kNotFound) return not_logged_in();
  if (!session) return fail(session.error());
  if (session->expires_at_us <= clock_.now_us()) return not_logged_in();
  if (credentials.changes_state && !credentials.from_our_page) {
    return fail(ErrorCode::kPermissionDenied,
                "a request with a session cookie must carry the header X-Runstone-Request: 1");
  }
  return principal_of(session->user, true);
}

Result<std::string> Auth::create_key(store::UserId user, std::string_view name) {
  auto key = make_secret("local-");
  store::ApiKey kept;
  kept.user = user;
  kept.hash = hash_secret(key);
  kept.name = std::string(name);
  kept.created_at_us = clock_.now_us();
  RUNSTONE_TRY(store_.create_api_key(kept));
  return key;
}

Result<std::string> Auth::create_signin_token(store::UserId user) {
  const auto now = clock_.now_us();
  discard(store_.delete_expired(now), "only tidies up; the next one tries again");
  auto token = make_secret("");
  RUNSTONE_TRY(
      store_.create_signin_token({hash_secret(token), user, now, now + kSigninTokenLifetimeUs}));
  return token;
}

Result<std::string> Auth::sign_in(std::string_view token) {
  const auto now = clock_.now_us();
  const auto taken = store_.take_signin_token(hash_secret(token));
  if (!taken && taken.error().code != ErrorCode::kNotFound) return fail(taken.error());
  if (!taken || taken->expires_at_us <= now) {
    return fail(ErrorCode::kUnauthenticated, "this sign-in link was used already, or is too old");
  }
  auto session = make_secret("");
  RUNSTONE_TRY(
      store_.create_session({hash_secret(session), taken->user, now, now + kSessionLifetimeUs}));
  return session;
}

Result<void> Auth::sign_out(std::string_view session) {
  auto done = store_.delete_session(hash_secret(session));
  if (!done && done.error().code != ErrorCode::kNotFound) return done;
  return {};
}

Result<store::User> Auth::ensure_local_user(std::string_view name) {
  auto found = store_.find_user(name);
  if (found || found.error().code != ErrorCode::kNotFound) return found;
  store::User user;
  user.name = std::string(name);
  user.display_name = user.name;
  user.admin = true;
  user.created_at_us = clock_.now_us();
  return store_.create_user(user);
}

}  // namespace runstone::auth
