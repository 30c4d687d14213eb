#include "auth/accounts.h"

#include <algorithm>
#include <array>

#include "auth/auth.h"
#include "base/random_id.h"
#include "base/try.h"

namespace runstone::auth {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kLabelBytesMax = 200;
constexpr std::size_t kKeyPartMin = 40;
constexpr std::size_t kKeyBytesMax = 200;

// What begins an address of the server or of a page.
constexpr std::array kReserved = {"account",   "api",   "artifacts", "artifactsv2", "assets",
                                  "authorize", "files", "graphql",   "home",        "oidc",
                                  "registry",  "sdk",   "settings",  "signin",      "signout",
                                  "storage",   "static"};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, 80)) + (text.size() > 80 ? "...\"" : "\"");
}

Result<void> check_label(const char* what, std::string_view text) {
  if (text.size() > kLabelBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(what) + " has at most " + std::to_string(kLabelBytesMax) + " bytes");
  }
  const bool is_plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!is_plain) {
    return fail(ErrorCode::kInvalidArgument, std::string(what) + " has no control characters");
  }
  return {};
}

}  // namespace

Result<void> check_account_name(std::string_view name) {
  const bool is_plain =
      !name.empty() && name.size() <= kNameBytesMax && is_letter_or_digit(name.front()) &&
      std::all_of(name.begin(), name.end(),
                  [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
  if (!is_plain) {
    return fail(ErrorCode::kInvalidArgument,
                quoted(name) + " cannot be a name here: 1 to " + std::to_string(kNameBytesMax) +
                    " letters, digits, '.', '_' and '-', the first a letter or a digit");
  }
  std::string lower(name);
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  if (std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end()) {
    return fail(ErrorCode::kInvalidArgument,
                quoted(name) + " cannot be a name here: addresses of the server begin with it");
  }
  return {};
}

Result<void> check_api_key(std::string_view key) {
  const auto dash = key.find('-');
  const auto part = dash == std::string_view::npos ? key : key.substr(dash + 1);
  const bool is_plain = std::all_of(
      key.begin(), key.end(), [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
  if (part.size() >= kKeyPartMin && key.size() <= kKeyBytesMax && is_plain) return {};
  return fail(ErrorCode::kInvalidArgument,
              "a key needs 40 or more letters, digits, '_' and '-' after its first '-' (or in all, "
              "without one), and at most 200 in all");
}

Result<void> Accounts::check_email(std::string_view email) const {
  if (email.empty()) return {};
  RUNSTONE_TRY(check_label("an e-mail address", email));
  const auto at = email.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == email.size() ||
      email.find(' ') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, quoted(email) + " is no e-mail address");
  }
  RUNSTONE_TRY(const auto users, store_.list_users());
  for (const auto& user : users) {
    if (user.email == email && user.deleted_at_us == 0) {
      return fail(ErrorCode::kConflict,
                  "user " + user.name + " has the address " + std::string(email));
    }
  }
  return {};
}

Result<store::User> Accounts::add_user(const NewUser& user) {
  RUNSTONE_TRY(check_account_name(user.name));
  RUNSTONE_TRY(check_email(user.email));
  RUNSTONE_TRY(check_label("a display name", user.display_name));
  const auto kept = store_.find_user(user.name);
  if (kept && kept->deleted_at_us != 0) {
    return fail(ErrorCode::kConflict, "user " + user.name +
                                          " was removed, and what he made is still here: `runstone "
                                          "user restore " +
                                          user.name + "` brings him back");
  }
  store::User made;
  made.name = user.name;
  made.email = user.email;
  made.display_name = user.display_name.empty() ? user.name : user.display_name;
  made.admin = user.admin;
  made.created_at_us = clock_.now_us();
  return store_.create_user(made);
}

Result<store::User> Accounts::find_user(std::string_view name_or_email, bool removed_too) const {
  auto found = store_.find_user(name_or_email);
  if (!found && found.error().code != ErrorCode::kNotFound) return found;
  if (found && (removed_too || found->deleted_at_us == 0)) return found;
  if (name_or_email.find('@') != std::string_view::npos) {
    RUNSTONE_TRY(auto users, store_.list_users());
    for (auto& user : users) {
      if (user.email == name_or_email && user.deleted_at_us == 0) return std::move(user);
    }
  }
  return fail(ErrorCode::kNotFound, "there is no user " + quoted(name_or_email));
}

Result<void> Accounts::set_email(const store::User& user, std::string_view email) {
  if (email != user.email) RUNSTONE_TRY(check_email(email));
  return store_.accounts().update_user(user.id, {.email = std::string(email)});
}

Result<std::string> Accounts::add_key(store::UserId user, const NewKey& key) {
  RUNSTONE_TRY(check_label("the name of a key", key.name));
  RUNSTONE_TRY(check_label("the description of a key", key.description));
  if (!key.key.empty()) RUNSTONE_TRY(check_api_key(key.key));
  auto text = key.key.empty() ? make_secret("local-") : key.key;
  store::ApiKey kept;
  kept.user = user;
  kept.hash = hash_secret(text);
  kept.name = key.name.empty() ? "key" : key.name;
  kept.description = key.description;
  kept.created_at_us = clock_.now_us();
  auto made = store_.create_api_key(kept);
  if (!made && made.error().code == ErrorCode::kConflict) {
    return fail(ErrorCode::kConflict, "this key is somebody's already: choose another");
  }
  if (!made) return fail(made.error());
  return text;
}

Result<store::Entity> Accounts::find_team(std::string_view name) const {
  auto found = store_.find_entity(name);
  if (!found && found.error().code != ErrorCode::kNotFound) return found;
  if (!found || found->kind != store::EntityKind::kTeam) {
    return fail(ErrorCode::kNotFound, "there is no team " + quoted(name));
  }
  return found;
}

Result<store::Entity> Accounts::add_team(std::string_view name,
                                         const std::vector<store::NewMember>& members) {
  RUNSTONE_TRY(check_account_name(name));
  return store_.accounts().create_team(name, clock_.now_us(), members);
}

Result<Accounts::ServiceAccount> Accounts::add_service_account(const store::Entity& team,
                                                               std::string_view description) {
  RUNSTONE_TRY(check_label("a description", description));
  store::User account;
  // Nobody types it: what people see is the description.
  account.name = "service-" + random_id();
  account.display_name = description.empty() ? account.name : std::string(description);
  account.created_at_us = clock_.now_us();
  RUNSTONE_TRY(auto made, store_.accounts().create_service_account(team.id, account));
  RUNSTONE_TRY(auto key, add_key(made.id, {.name = "service account"}));
  return ServiceAccount{std::move(made), std::move(key)};
}

Result<store::Organization> Accounts::add_organization(std::string_view name) {
  RUNSTONE_TRY(check_account_name(name));
  return store_.accounts().create_organization(name, clock_.now_us());
}

}  // namespace runstone::auth
