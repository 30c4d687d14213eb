#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/fresh_keys.h"
#include "auth/signin_throttle.h"
#include "base/clock.h"
#include "runstone/result.h"
#include "store/account_store.h"
#include "store/store.h"

namespace runstone::auth {

/// Who asks. Made only by Auth::authenticate(), for one request: a changed role or a revoked key
/// counts from the next request on.
struct Principal {
  store::UserId user{};
  std::string name;
  bool admin = false;       ///< an administrator of the server, who uses that power here
  bool by_session = false;  ///< the cookie of a browser; else a key
  bool service = false;     ///< a team's account for machines
  std::string home = name;  ///< the entity that his runs go to when none is named
  /// By entity name: his own, his teams, the own entities of his organizations.
  std::vector<store::EntityRole> roles = {};
  /// Registries where something else holds than his role in their organization.
  std::vector<store::RegistryRole> registries = {};
};

enum class Action {
  kRead,      ///< see what is there, without its bytes: whoever has a role may
  kDownload,  ///< viewers may, those of a registry who are restricted may not
  kWrite,     ///< create, change and delete runs, files, artifacts, sweeps, alerts: members may
  kAdmin,     ///< say who is a member, and where alerts are sent: the entity's administrators may
};
const char* to_string(Action action);  ///< "read", "download", "write", "administer"

/// What is asked for: an entity and what is in it, or one project. Whoever asks for a thing that is
/// in a project names the project, since a registry may have its own rules.
struct Resource {
  std::string_view entity;
  std::string_view project = "";
};

/// His role there by himself, without an administrator's power; nothing if he has none. In a
/// registry it is the one that he has there or, if he has none and the registry is not restricted,
/// the one in its organization, whose administrators are those of all its registries.
std::optional<store::Role> role_in(const Principal& principal, const Resource& resource);

/// The one place that says yes or no: role_in() decides (viewer < member < admin; one is the admin
/// of one's own entity). An administrator of the server may do everything everywhere
/// in requests that ask for it with the header `Use-Admin-Privileges: true` and in the pages; in
/// all others he is what his roles make him. Everything else is no.
bool authorize(const Principal& principal, Action action, const Resource& resource);

/// What a request brings to prove who sent it, without naming HTTP types.
struct Credentials {
  std::string_view authorization;      ///< the header; "" if absent
  std::optional<std::string> session;  ///< the cookie runstone_session
  bool changes_state = false;          ///< any method but GET and HEAD
  bool from_our_page = false;          ///< it carries X-Runstone-Request: 1
  bool wants_admin = false;            ///< it carries Use-Admin-Privileges: true
};

/// Who tries to sign in with a password, and from where.
struct PasswordAttempt {
  std::string_view name;
  std::string_view password;
  std::string_view peer;  ///< the other side's address
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
  Auth(store::Store& store, const Clock& clock)
      : store_(store), clock_(clock), throttle_(clock), fresh_keys_(clock) {}

  /// Who sent a request. `Basic api:<key>` (any user name) or the session cookie; the header counts
  /// if both are there.
  /// Errors: kUnauthenticated ("user is not logged in"); kPermissionDenied for a cookie on a
  /// request that changes something without the header that only our pages send.
  Result<Principal> authenticate(const Credentials& credentials) const;
  /// Errors as there. `wants_admin`: see Credentials.
  Result<Principal> authenticate_key(std::string_view key, bool wants_admin = false) const;

  /// A new key; it is in the answer and nowhere else.
  Result<std::string> create_key(store::UserId user, std::string_view name);

  /// A one-use token for a sign-in link.
  Result<std::string> create_signin_token(store::UserId user);
  /// Uses it up and opens a session: what goes into the cookie. kUnauthenticated if it is unknown,
  /// used or too old.
  Result<std::string> sign_in(std::string_view token);
  Result<void> sign_out(std::string_view session);
  /// Opens a session. kUnauthenticated for a wrong name or password, without saying which;
  /// kResourceExhausted while there were too many wrong ones: wait_secs() says for how long.
  Result<std::string> sign_in_with_password(const PasswordAttempt& attempt);
  std::int64_t wait_secs(const PasswordAttempt& attempt) const;
  /// `current` must be right if there is a password. Ends all of his sessions but this one.
  Result<void> change_password(const Principal& principal, std::string_view current,
                               std::string_view fresh, std::string_view session);

  /// Keys of service accounts that were made just now, for the one look that their maker has.
  FreshKeys& fresh_keys() { return fresh_keys_; }

  /// The user of that name, created as administrator, with the entity, if there is none; brought
  /// back if he was removed: the owner of the machine can come in.
  Result<store::User> ensure_local_user(std::string_view name);

 private:
  Result<std::string> open_session(store::UserId user);

  store::Store& store_;
  const Clock& clock_;
  SigninThrottle throttle_;
  FreshKeys fresh_keys_;
};

}  // namespace runstone::auth
