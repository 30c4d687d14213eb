#include "cli/account_actions.h"

#include <charconv>
#include <cstdio>
#include <map>
#include <utility>

#include "auth/password.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/try.h"
#include "server/client_file.h"
#include "store/sqlite/sqlite_store.h"

namespace runstone::cli {
namespace {

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

// The last line is the key alone, for scripts.
void say_key(const std::string& whose, const std::string& key) {
  say("The API key of " + whose + ", shown only now:");
  say(key);
}

std::string names_of(const std::vector<store::TeamMember>& members) {
  std::string text;
  for (const auto& member : members) {
    if (!text.empty()) text += ' ';
    text += member.user.name + ":" + store::to_string(member.role);
  }
  return or_dash(text);
}

}  // namespace

AccountActions::AccountActions(std::optional<server::DataFolder> folder, std::filesystem::path path,
                               std::unique_ptr<store::Store> store)
    : folder_(std::move(folder)),
      path_(std::move(path)),
      store_(std::move(store)),
      accounts_(*store_, system_clock()) {}

Result<AccountActions> AccountActions::open(const std::filesystem::path& data_folder) {
  // Where no server runs this program may make and migrate the database as a server would; where
  // one does, it has done so, and only its own version works beside it.
  std::optional<server::DataFolder> folder;
  auto opened = server::DataFolder::open(data_folder);
  if (opened) {
    folder.emplace(*std::move(opened));
  } else if (opened.error().code != ErrorCode::kConflict) {
    return fail(std::move(opened).error());
  }
  store::sqlite::OpenOptions options;
  options.migrate = folder.has_value();
  RUNSTONE_TRY(auto store, store::sqlite::open_store(data_folder / "runstone.db", options));
  return AccountActions(std::move(folder), data_folder, std::move(store));
}

// Users --------------------------------------------------------------------------------------

Result<void> AccountActions::add_user(const AddUser& wanted) {
  if (!wanted.key.empty()) {
    // Before there is a user that nobody could use.
    RUNSTONE_TRY(auth::check_api_key(wanted.key));
    if (store_->find_api_key(auth::hash_secret(wanted.key))) {
      return fail(ErrorCode::kConflict, "this key is somebody's already: choose another");
    }
  }
  RUNSTONE_TRY(const auto user, accounts_.add_user(wanted.user));
  RUNSTONE_TRY(const auto key, accounts_.add_key(user.id, {.name = "first", .key = wanted.key}));
  say("Added user " + user.name + (user.admin ? ", an administrator of the server." : "."));
  say_key(user.name, key);
  return {};
}

Result<void> AccountActions::list_users() {
  RUNSTONE_TRY(const auto users, store_->list_users());
  std::printf("%-24s %-8s %-28s %s\n", "NAME", "KIND", "E-MAIL", "SHOWN AS");
  for (const auto& user : users) {
    const char* kind = user.deleted_at_us != 0 ? "removed"
                       : user.service          ? "service"
                       : user.admin            ? "admin"
                                               : "user";
    std::printf("%-24s %-8s %-28s %s\n", user.name.c_str(), kind, or_dash(user.email).c_str(),
                user.display_name.c_str());
  }
  return {};
}

Result<void> AccountActions::change_user(const std::string& name, const store::UserUpdate& update) {
  RUNSTONE_TRY(const auto user, accounts_.find_user(name));
  if (update.email) RUNSTONE_TRY(accounts_.set_email(user, *update.email));
  RUNSTONE_TRY(store_->accounts().update_user(
      user.id, {.admin = update.admin, .display_name = update.display_name}));
  say("Changed user " + user.name + ".");
  return {};
}

Result<void> AccountActions::set_password(const std::string& name, const std::string& password) {
  RUNSTONE_TRY(const auto user, accounts_.find_user(name));
  if (user.service) {
    return fail(ErrorCode::kFailedPrecondition, "service accounts have keys, no passwords");
  }
  RUNSTONE_TRY(const auto encoded, auth::encode_password(password));
  RUNSTONE_TRY(store_->accounts().set_password(user.id, encoded));
  say("Set the password of " + user.name + "; his sessions in browsers have ended.");
  return {};
}

Result<void> AccountActions::remove_password(const std::string& name) {
  RUNSTONE_TRY(const auto user, accounts_.find_user(name));
  RUNSTONE_TRY(store_->accounts().set_password(user.id, ""));
  say("User " + user.name + " has no password any more; his sessions in browsers have ended.");
  return {};
}

Result<void> AccountActions::remove_user(const std::string& name) {
  RUNSTONE_TRY(const auto user, accounts_.find_user(name));
  RUNSTONE_TRY(store_->accounts().remove_user(user.id, system_clock().now_us()));
  say("Removed user " + user.name + "; his projects stay.");
  return {};
}

Result<void> AccountActions::restore_user(const std::string& name) {
  RUNSTONE_TRY(const auto user, accounts_.find_user(name, true));
  if (user.deleted_at_us == 0) {
    return fail(ErrorCode::kFailedPrecondition, "user " + user.name + " is not removed");
  }
  RUNSTONE_TRY(store_->accounts().restore_user(user.id));
  RUNSTONE_TRY(const auto key, accounts_.add_key(user.id, {.name = "restored"}));
  say("User " + user.name + " is back, without the teams that he was in.");
  say_key(user.name, key);
  return {};
}

Result<void> AccountActions::print_signin_link(const std::string& name) {
  RUNSTONE_TRY(const auto user, accounts_.find_user(name));
  if (user.service) {
    return fail(ErrorCode::kFailedPrecondition, "service accounts have keys, no pages");
  }
  const auto client = server::read_client_file(path_ / "client.json");
  if (!client) {
    return fail(ErrorCode::kFailedPrecondition,
                "no server has used this folder yet: start `runstone server` once");
  }
  auth::Auth auth(*store_, system_clock());
  RUNSTONE_TRY(const auto token, auth.create_signin_token(user.id));
  say(client->base_url + "/signin?token=" + percent_encode(token));
  return {};
}

// Keys ---------------------------------------------------------------------------------------

Result<void> AccountActions::add_key(const std::string& user, const auth::NewKey& key) {
  RUNSTONE_TRY(const auto owner, accounts_.find_user(user));
  RUNSTONE_TRY(const auto text, accounts_.add_key(owner.id, key));
  say_key(owner.name, text);
  return {};
}

Result<void> AccountActions::list_keys(const std::string& user) {
  RUNSTONE_TRY(const auto owner, accounts_.find_user(user));
  RUNSTONE_TRY(const auto keys, store_->list_api_keys(owner.id));
  std::printf("%-6s %-22s %-24s %s\n", "ID", "MADE", "NAME", "DESCRIPTION");
  for (const auto& key : keys) {
    std::printf("%-6lld %-22s %-24s %s\n", static_cast<long long>(store::to_number(key.id)),
                to_rfc3339(key.created_at_us).c_str(), key.name.c_str(), key.description.c_str());
  }
  return {};
}

Result<void> AccountActions::revoke_key(const std::string& user, const std::string& key) {
  RUNSTONE_TRY(const auto owner, accounts_.find_user(user));
  RUNSTONE_TRY(const auto keys, store_->list_api_keys(owner.id));
  std::vector<store::ApiKeyId> found;
  for (const auto& candidate : keys) {
    if (std::to_string(store::to_number(candidate.id)) == key) found = {candidate.id};
  }
  if (found.empty()) {
    for (const auto& candidate : keys) {
      if (candidate.name == key) found.push_back(candidate.id);
    }
  }
  if (found.empty()) {
    return fail(ErrorCode::kNotFound, owner.name + " has no key with the id or name " + key +
                                          ": `runstone key list " + owner.name + "` shows them");
  }
  if (found.size() > 1) {
    return fail(ErrorCode::kConflict, owner.name + " has " + std::to_string(found.size()) +
                                          " keys named " + key + ": name one by its id");
  }
  RUNSTONE_TRY(store_->delete_api_key(found.front()));
  say("Revoked the key " + key + " of " + owner.name + ".");
  return {};
}

// Teams --------------------------------------------------------------------------------------

Result<std::vector<store::NewMember>> AccountActions::find_people(const People& people) const {
  std::vector<store::NewMember> found;
  const std::pair<const std::vector<std::string>*, store::Role> lists[] = {
      {&people.viewers, store::Role::kViewer},
      {&people.members, store::Role::kMember},
      {&people.admins, store::Role::kAdmin}};
  for (const auto& [names, role] : lists) {
    for (const auto& name : *names) {
      RUNSTONE_TRY(const auto user, accounts_.find_user(name));
      if (user.service) {
        return fail(ErrorCode::kFailedPrecondition, user.name + " is a service account of " +
                                                        user.default_entity +
                                                        ", and in that team only");
      }
      found.push_back({user.id, role});
    }
  }
  return found;
}

Result<std::vector<store::Entity>> AccountActions::find_teams(
    const std::vector<std::string>& names) const {
  std::vector<store::Entity> teams;
  for (const auto& name : names) {
    RUNSTONE_TRY(auto team, accounts_.find_team(name));
    teams.push_back(std::move(team));
  }
  return teams;
}

Result<void> AccountActions::add_team(const std::string& name, const People& people,
                                      const std::string& organization) {
  std::optional<store::Organization> above;
  if (!organization.empty()) {
    RUNSTONE_TRY(above, find_organization(organization));
  }
  RUNSTONE_TRY(const auto members, find_people(people));
  RUNSTONE_TRY(const auto team, accounts_.add_team(name, members));
  if (above) RUNSTONE_TRY(store_->accounts().set_organization(team.id, above->id));
  say("Added team " + team.name + " with " + std::to_string(members.size()) +
      (members.size() == 1 ? " member." : " members."));
  return {};
}

Result<void> AccountActions::list_teams() {
  RUNSTONE_TRY(const auto entities, store_->list_entities());
  RUNSTONE_TRY(const auto organizations, store_->accounts().list_organizations());
  std::vector<store::EntityId> ids;
  for (const auto& entity : entities) {
    if (entity.kind == store::EntityKind::kTeam) ids.push_back(entity.id);
  }
  RUNSTONE_TRY(auto all, store_->accounts().members_of(ids));
  std::map<store::EntityId, std::vector<store::TeamMember>> members;
  for (auto& member : all) members[member.entity].push_back(std::move(member));
  std::printf("%-24s %-20s %s\n", "NAME", "ORGANIZATION", "MEMBERS");
  for (const auto& entity : entities) {
    if (entity.kind != store::EntityKind::kTeam) continue;
    std::string above;
    for (const auto& organization : organizations) {
      if (entity.organization == organization.id) above = organization.name;
    }
    std::printf("%-24s %-20s %s\n", entity.name.c_str(), or_dash(above).c_str(),
                names_of(members[entity.id]).c_str());
  }
  return {};
}

Result<void> AccountActions::remove_team(const std::string& name) {
  RUNSTONE_TRY(const auto team, accounts_.find_team(name));
  RUNSTONE_TRY(store_->accounts().delete_team(team.id));
  say("Removed team " + team.name + ".");
  return {};
}

Result<void> AccountActions::join_team(const std::string& name, const People& people) {
  RUNSTONE_TRY(const auto team, accounts_.find_team(name));
  RUNSTONE_TRY(const auto members, find_people(people));
  for (const auto& member : members) {
    RUNSTONE_TRY(
        store_->accounts().put_member(team.id, member.user, member.role, system_clock().now_us()));
  }
  RUNSTONE_TRY(const auto now, store_->accounts().members_of({&team.id, 1}));
  say("In team " + team.name + ": " + names_of(now));
  return {};
}

Result<void> AccountActions::leave_team(const std::string& name,
                                        const std::vector<std::string>& users) {
  RUNSTONE_TRY(const auto team, accounts_.find_team(name));
  for (const auto& user_name : users) {
    RUNSTONE_TRY(const auto user, accounts_.find_user(user_name));
    auto done = store_->accounts().remove_member(team.id, user.id);
    if (!done) return fail(std::move(done).error().with_context(user.name + " in " + team.name));
  }
  RUNSTONE_TRY(const auto now, store_->accounts().members_of({&team.id, 1}));
  say("In team " + team.name + ": " + names_of(now));
  return {};
}

Result<void> AccountActions::add_service_account(const std::string& team_name,
                                                 const std::string& description) {
  RUNSTONE_TRY(const auto team, accounts_.find_team(team_name));
  RUNSTONE_TRY(const auto made, accounts_.add_service_account(team, description));
  say("Added service account " + made.user.name + " to team " + team.name + ".");
  say_key(made.user.name, made.key);
  return {};
}

// Organizations ------------------------------------------------------------------------------

Result<store::Organization> AccountActions::find_organization(const std::string& name) const {
  auto found = store_->accounts().find_organization(name);
  if (!found && found.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound, "there is no organization \"" + name + "\"");
  }
  return found;
}

Result<void> AccountActions::put_into_organization(const store::Organization& organization,
                                                   const std::vector<store::Entity>& teams,
                                                   const std::vector<store::NewMember>& people) {
  for (const auto& team : teams) {
    RUNSTONE_TRY(store_->accounts().set_organization(team.id, organization.id));
  }
  for (const auto& member : people) {
    RUNSTONE_TRY(store_->accounts().put_organization_member(organization.id, member.user,
                                                            member.role, system_clock().now_us()));
  }
  return {};
}

Result<void> AccountActions::add_organization(const std::string& name,
                                              const std::vector<std::string>& team_names,
                                              const People& people) {
  RUNSTONE_TRY(const auto teams, find_teams(team_names));
  RUNSTONE_TRY(const auto members, find_people(people));
  RUNSTONE_TRY(const auto organization, accounts_.add_organization(name));
  RUNSTONE_TRY(put_into_organization(organization, teams, members));
  say("Added organization " + organization.name + ".");
  return {};
}

Result<void> AccountActions::list_organizations() {
  RUNSTONE_TRY(const auto organizations, store_->accounts().list_organizations());
  std::printf("%-24s %-32s %s\n", "NAME", "TEAMS", "MEMBERS");
  for (const auto& organization : organizations) {
    RUNSTONE_TRY(const auto teams, store_->accounts().teams_of_organization(organization.id));
    RUNSTONE_TRY(const auto members, store_->accounts().organization_members(organization.id));
    std::string names;
    for (const auto& team : teams) names += (names.empty() ? "" : " ") + team.name;
    std::printf("%-24s %-32s %s\n", organization.name.c_str(), or_dash(names).c_str(),
                names_of(members).c_str());
  }
  return {};
}

Result<void> AccountActions::remove_organization(const std::string& name) {
  RUNSTONE_TRY(const auto organization, find_organization(name));
  RUNSTONE_TRY(store_->accounts().delete_organization(organization.id));
  say("Removed organization " + organization.name + ".");
  return {};
}

Result<void> AccountActions::join_organization(const std::string& name,
                                               const std::vector<std::string>& team_names,
                                               const People& people) {
  RUNSTONE_TRY(const auto organization, find_organization(name));
  RUNSTONE_TRY(const auto teams, find_teams(team_names));
  RUNSTONE_TRY(const auto members, find_people(people));
  RUNSTONE_TRY(put_into_organization(organization, teams, members));
  say("Changed organization " + organization.name + ".");
  return {};
}

Result<void> AccountActions::leave_organization(const std::string& name,
                                                const std::vector<std::string>& team_names,
                                                const std::vector<std::string>& users) {
  RUNSTONE_TRY(const auto organization, find_organization(name));
  RUNSTONE_TRY(const auto teams, find_teams(team_names));
  for (const auto& team : teams) {
    if (team.organization != organization.id) {
      return fail(ErrorCode::kNotFound, "team " + team.name + " is not in " + organization.name);
    }
    RUNSTONE_TRY(store_->accounts().set_organization(team.id, std::nullopt));
  }
  for (const auto& user_name : users) {
    RUNSTONE_TRY(const auto user, accounts_.find_user(user_name));
    auto done = store_->accounts().remove_organization_member(organization.id, user.id);
    if (!done) {
      return fail(std::move(done).error().with_context(user.name + " in " + organization.name +
                                                       " itself (teams bring their own)"));
    }
  }
  say("Changed organization " + organization.name + ".");
  return {};
}

}  // namespace runstone::cli
