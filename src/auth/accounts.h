#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "runstone/result.h"
#include "store/account_store.h"
#include "store/store.h"

namespace runstone::auth {

/// What may name a user, a team or an organization, since it stands in addresses: 1 to 64 of
/// [A-Za-z0-9._-], the first a letter or a digit, and none of the words that begin our own
/// addresses ("api", "files", ...). kInvalidArgument with the rule.
Result<void> check_account_name(std::string_view name);

/// What the stock client takes for a key: after its first '-' (or all of it without one) 40 or more
/// of [A-Za-z0-9_-]; at most 200 in all, of [A-Za-z0-9_-]. kInvalidArgument with the rule.
Result<void> check_api_key(std::string_view key);

struct NewUser {
  std::string name;
  std::string email;         ///< "" for none; unique otherwise
  std::string display_name;  ///< "" for the name
  bool admin = false;
};

struct NewKey {
  std::string name = "key";
  std::string description;
  std::string key;  ///< taken as given; "" for a new one
};

/// The rules of making and changing accounts, for the commands and for the API. Stateless over the
/// store; who may do it is the caller's to check.
class Accounts {
 public:
  Accounts(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Result<store::User> add_user(const NewUser& user);
  /// The user of that name, or with that address; kNotFound with the name. Removed ones too if
  /// asked for.
  Result<store::User> find_user(std::string_view name_or_email, bool removed_too = false) const;
  Result<void> set_email(const store::User& user, std::string_view email);
  /// The key itself; it is in the answer and nowhere else.
  Result<std::string> add_key(store::UserId user, const NewKey& key);
  Result<store::Entity> find_team(std::string_view name) const;
  Result<store::Entity> add_team(std::string_view name,
                                 const std::vector<store::NewMember>& members);
  /// A service account of the team and its first key.
  struct ServiceAccount {
    store::User user;
    std::string key;
  };
  Result<ServiceAccount> add_service_account(const store::Entity& team,
                                             std::string_view description);
  Result<store::Organization> add_organization(std::string_view name);

 private:
  Result<void> check_email(std::string_view email) const;

  store::Store& store_;
  const Clock& clock_;
};

}  // namespace runstone::auth
