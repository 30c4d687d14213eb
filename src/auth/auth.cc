#include "auth/auth.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "auth/password.h"
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

Principal principal_of(store::Access access, bool by_session, bool wants_admin) {
  Principal principal;
  principal.user = access.user.id;
  principal.name = access.user.name;
  principal.admin = access.user.admin && wants_admin;
  principal.by_session = by_session;
  principal.service = access.user.service;
  principal.home = access.user.home();
  principal.roles = std::move(access.roles);
  principal.registries = std::move(access.registries);
  return principal;
}

}  // namespace

const char* to_string(Action action) {
  switch (action) {
    case Action::kRead:
      return "read";
    case Action::kDownload:
      return "download";
    case Action::kWrite:
      return "write";
    case Action::kAdmin:
      return "administer";
  }
  return "do that";
}

std::optional<store::Role> role_in(const Principal& principal, const Resource& resource) {
  const auto in_entity =
      std::find_if(principal.roles.begin(), principal.roles.end(),
                   [&](const auto& one) { return one.entity == resource.entity; });
  if (in_entity == principal.roles.end()) return std::nullopt;
  if (resource.project.empty() || in_entity->role == store::Role::kAdmin) return in_entity->role;
  for (const auto& [entity, registry, role] : principal.registries) {
    if (entity == resource.entity && registry == resource.project) return role;
  }
  return in_entity->role;
}

bool authorize(const Principal& principal, Action action, const Resource& resource) {
  if (resource.entity.empty()) return false;
  if (principal.admin) return true;
  const auto role = role_in(principal, resource);
  if (!role) return false;
  switch (action) {
    case Action::kRead:
      return true;
    case Action::kDownload:
      return *role >= store::Role::kViewer;
    case Action::kWrite:
      return *role >= store::Role::kMember;
    case Action::kAdmin:
      return *role >= store::Role::kAdmin;
  }
  return false;
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

Result<Principal> Auth::authenticate_key(std::string_view key, bool wants_admin) const {
  if (key.empty()) return not_logged_in();
  auto access = store_.accounts().access_by_key(hash_secret(key));
  if (!access && access.error().code == ErrorCode::kNotFound) return not_logged_in();
  if (!access) return fail(access.error());
  return principal_of(*std::move(access), false, wants_admin);
}

Result<Principal> Auth::authenticate(const Credentials& credentials) const {
  if (!credentials.authorization.empty()) {
    const auto key = key_of(credentials.authorization);
    if (!key) return not_logged_in();
    return authenticate_key(*key, credentials.wants_admin);
  }
  if (!credentials.session || credentials.session->empty()) return not_logged_in();
  auto access = store_.accounts().access_by_session(hash_secret(*credentials.session));
  if (!access && access.error().code == ErrorCode::kNotFound) return not_logged_in();
  if (!access) return fail(access.error());
  if (access->expires_at_us <= clock_.now_us()) return not_logged_in();
  if (credentials.changes_state && !credentials.from_our_page) {
    return fail(ErrorCode::kPermissionDenied,
                "a request with a session cookie must carry the header X-Runstone-Request: 1");
  }
  return principal_of(*std::move(access), true, true);
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
  return open_session(taken->user);
}

Result<std::string> Auth::open_session(store::UserId user) {
  const auto now = clock_.now_us();
  auto session = make_secret("");
  RUNSTONE_TRY(store_.create_session({hash_secret(session), user, now, now + kSessionLifetimeUs}));
  return session;
}

std::int64_t Auth::wait_secs(const PasswordAttempt& attempt) const {
  return throttle_.wait_secs(attempt.name, attempt.peer);
}

Result<std::string> Auth::sign_in_with_password(const PasswordAttempt& attempt) {
  if (const auto wait = throttle_.begin(attempt.name, attempt.peer); wait > 0) {
    return fail(ErrorCode::kResourceExhausted, "too many wrong passwords; try again in " +
                                                   std::to_string(wait) +
                                                   (wait == 1 ? " second" : " seconds"));
  }
  const auto found = store_.accounts().password_of(attempt.name);
  if (!found && found.error().code != ErrorCode::kNotFound) return fail(found.error());
  // Somebody who is not there costs the same time as somebody with another password.
  const bool is_right = check_password(found ? found->encoded : "", attempt.password);
  if (!is_right) {
    return fail(ErrorCode::kUnauthenticated, "no user has this name and this password");
  }
  throttle_.succeeded(attempt.name, attempt.peer);
  discard(store_.delete_expired(clock_.now_us()), "only tidies up; the next one tries again");
  return open_session(found->user);
}

Result<void> Auth::change_password(const Principal& principal, std::string_view current,
                                   std::string_view fresh, std::string_view session) {
  if (principal.service) {
    return fail(ErrorCode::kFailedPrecondition, "service accounts have keys, no passwords");
  }
  RUNSTONE_TRY(check_new_password(fresh));
  RUNSTONE_TRY(const auto kept, store_.accounts().password_of(principal.name));
  if (!kept.encoded.empty()) {
    if (const auto wait = throttle_.begin(principal.name, "change"); wait > 0) {
      return fail(ErrorCode::kResourceExhausted,
                  "too many wrong passwords; try again in " + std::to_string(wait) + " seconds");
    }
    if (!check_password(kept.encoded, current)) {
      return fail(ErrorCode::kInvalidArgument, "the current password is another one");
    }
    throttle_.succeeded(principal.name, "change");
  }
  RUNSTONE_TRY(const auto encoded, encode_password(fresh));
  return store_.accounts().set_password(principal.user, encoded,
                                        session.empty() ? "" : hash_secret(session));
}

Result<void> Auth::sign_out(std::string_view session) {
  auto done = store_.delete_session(hash_secret(session));
  if (!done && done.error().code != ErrorCode::kNotFound) return done;
  return {};
}

Result<store::User> Auth::ensure_local_user(std::string_view name) {
  auto found = store_.find_user(name);
  if (found && found->deleted_at_us != 0) RUNSTONE_TRY(store_.accounts().restore_user(found->id));
  if (found || found.error().code != ErrorCode::kNotFound) return found;
  store::User user;
  user.name = std::string(name);
  user.display_name = user.name;
  user.admin = true;
  user.created_at_us = clock_.now_us();
  return store_.create_user(user);
}

}  // namespace runstone::auth
