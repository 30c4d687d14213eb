#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "runstone/result.h"
#include "store/store.h"

namespace runstone::auth {

/// Who asks. Made only by Auth::authenticate().
struct Principal {
  store::UserId user{};
  std::string name;  ///< of the user, and of the entity that is his own
  bool admin = false;
  bool by_session = false;  ///< the cookie of a browser; else a key
};

enum class Action {
  kRead,
  kWrite,  ///< create, change and delete runs and projects; log to them
};

/// What is asked for: an entity and all that is in it. Projects get roles of their own with teams.
struct Resource {
  std::string_view entity;
  std::string_view project = "";
};

/// The one place that says yes or no: a user may do everything in his own entity, an administrator
/// everywhere. Everything else is no.
bool authorize(const Principal& principal, Action action, const Resource& resource);

/// What a request brings to prove who sent it, without naming HTTP types.
struct Credentials {
  std::string_view authorization;      ///< the header; "" if absent
  std::optional<std::string> session;  ///< the cookie runstone_session
  bool changes_state = false;          ///< any method but GET and HEAD
  bool from_our_page = false;          ///< it carries X-Runstone-Request: 1
};

/// A new secret: "prefix" and 43 characters of [A-Za-z0-9_] from 32 random bytes.
std::string make_secret(std::string_view prefix);
/// How secrets are kept: hex SHA-256. They are random and long, so a slow hash would add nothing.
std::string hash_secret(std::string_view secret);

inline constexpr std::int64_t kSessionLifetimeUs = 30LL * 24 * 3600 * 1'000'000;
inline constexpr std::int64_t kSigninTokenLifetimeUs = 3600LL * 1'000'000;

/// Users, keys and sign-ins over a store. Blocking calls, any thread.
class Auth {
 public:
  /// Borrows both; they outlive it.
  Auth(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// Who sent a request. `Basic api:<key>` (any user name) or the session cookie; the header counts
  /// if both are there.
  /// Errors: kUnauthenticated ("user is not logged in"); kPermissionDenied for a cookie on a
  /// request that changes something without the header that only our pages send.
  Result<Principal> authenticate(const Credentials& credentials) const;
  Result<Principal> authenticate_key(std::string_view key) const;

  /// The key itself is in the answer and nowhere else.
  Result<std::string> create_key(store::UserId user, std::string_view name);

  /// A one-use token for a sign-in link.
  Result<std::string> create_signin_token(store::UserId user);
  /// Uses it up and opens a session: what goes into the cookie. kUnauthenticated if it is unknown,
  /// used or too old.
  Result<std::string> sign_in(std::string_view token);
  Result<void> sign_out(std::string_view session);

  /// The user of that name, created as administrator, with the entity, if there is none.
  Result<store::User> ensure_local_user(std::string_view name);

 private:
  Result<Principal> principal_of(store::UserId user, bool by_session) const;

  store::Store& store_;
  const Clock& clock_;
};

}  // namespace runstone::auth
