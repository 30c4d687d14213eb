#include "cli/account_commands.h"

#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

#include "base/try.h"
#include "cli/account_actions.h"

namespace runstone::cli {
namespace {

using Action = std::function<Result<void>(AccountActions&)>;

int report(const Error& error) {
  std::fprintf(stderr, "runstone: %s\n", error.message.c_str());
  return error.code == ErrorCode::kInvalidArgument ? 2 : 1;
}

// A line from the terminal that is not shown while it is typed; from a pipe as it comes.
Result<std::string> read_secret(const char* prompt) {
  const bool is_terminal = ::isatty(STDIN_FILENO) == 1;
  termios before{};
  if (is_terminal) {
    std::fprintf(stderr, "%s: ", prompt);
    ::tcgetattr(STDIN_FILENO, &before);
    auto silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  std::string line;
  const bool got = static_cast<bool>(std::getline(std::cin, line));
  if (is_terminal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::fprintf(stderr, "\n");
  }
  if (!got) return fail(ErrorCode::kInvalidArgument, "no password on standard input");
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

Result<std::string> read_new_password() {
  RUNSTONE_TRY(auto password, read_secret("New password"));
  if (::isatty(STDIN_FILENO) != 1) return password;
  RUNSTONE_TRY(const auto again, read_secret("The same again"));
  if (again != password) return fail(ErrorCode::kInvalidArgument, "the two are not the same");
  return password;
}

}  // namespace

struct AccountCommands::Arguments {
  std::string& data;
  std::string name, organization, key, key_name, description, role = "member", email, display_name;
  bool admin = false, no_admin = false, remove = false;
  std::vector<std::string> users, teams;
  AccountActions::People people;
  Action action;

  // A command of a group, with --data and what it does once parsed.
  CLI::App* command(CLI::App& group, const char* text, const char* help, Action run) {
    auto* made = group.add_subcommand(text, help);
    made->add_option("--data", data, "Folder of the server's data")->capture_default_str();
    made->callback([this, run = std::move(run)] { action = run; });
    return made;
  }
  CLI::App* group(CLI::App& app, const char* text, const char* help) {
    auto* made = app.add_subcommand(text, help);
    made->require_subcommand(1);
    return made;
  }
  void need_name(CLI::App* command, const char* label) {
    command->add_option(label, name, "Its name")->required();
  }
  void people_options(CLI::App* command) {
    command->add_option("--member", people.members, "Users who may log and change runs");
    command->add_option("--admin", people.admins, "Users who may say who is a member, too");
    command->add_option("--viewer", people.viewers, "Users who may only read");
  }
  // USER... with --role, as people.
  Result<AccountActions::People> people_with_role() const {
    AccountActions::People found;
    if (role == "viewer") {
      found.viewers = users;
    } else if (role == "admin") {
      found.admins = users;
    } else {
      found.members = users;
    }
    return found;
  }
  void role_option(CLI::App* command) {
    command->add_option("--role", role, "What they may do")
        ->check(CLI::IsMember({"viewer", "member", "admin"}))
        ->capture_default_str();
  }

  void add_user_commands(CLI::App& app);
  void add_key_commands(CLI::App& key_group);
  void add_team_commands(CLI::App& app);
  void add_organization_commands(CLI::App& app);
};

void AccountCommands::Arguments::add_user_commands(CLI::App& app) {
  auto* user = group(app, "user", "Who may use the server on this machine");
  auto* add = command(*user, "add", "Add a user; the last line is the new API key",
                      [this](AccountActions& actions) {
                        return actions.add_user({{name, email, display_name, admin}, key});
                      });
  need_name(add, "NAME");
  add->add_flag("--admin", admin, "An administrator of the server");
  add->add_option("--email", email, "E-mail address");
  add->add_option("--display-name", display_name, "The name that is shown");
  add->add_option("--key", key, "This API key instead of a new one");
  command(*user, "list", "List all users",
          [](AccountActions& actions) { return actions.list_users(); });
  auto* set = command(*user, "set", "Change a user", [this](AccountActions& actions) {
    store::UserUpdate update;
    if (admin || no_admin) update.admin = admin;
    if (!email.empty()) update.email = email;
    if (!display_name.empty()) update.display_name = display_name;
    return actions.change_user(name, update);
  });
  need_name(set, "NAME");
  auto* make = set->add_flag("--admin", admin, "Make an administrator of the server");
  set->add_flag("--no-admin", no_admin, "No administrator any more")->excludes(make);
  set->add_option("--email", email, "E-mail address");
  set->add_option("--display-name", display_name, "The name that is shown");
  auto* password = command(*user, "password", "Set a user's password, read from standard input",
                           [this](AccountActions& actions) -> Result<void> {
                             if (remove) return actions.remove_password(name);
                             RUNSTONE_TRY(const auto text, read_new_password());
                             return actions.set_password(name, text);
                           });
  need_name(password, "NAME");
  password->add_flag("--remove", remove, "No password any more: only links and keys");
  need_name(command(*user, "signin", "Print a link that signs a user in to the pages, once",
                    [this](AccountActions& actions) { return actions.print_signin_link(name); }),
            "NAME");
  need_name(command(*user, "remove", "Take a user's keys, sessions and teams away",
                    [this](AccountActions& actions) { return actions.remove_user(name); }),
            "NAME");
  need_name(command(*user, "restore", "Bring a removed user back, with a new API key",
                    [this](AccountActions& actions) { return actions.restore_user(name); }),
            "NAME");
}

void AccountCommands::Arguments::add_key_commands(CLI::App& key_group) {
  key_group.require_subcommand(0, 1);
  auto* add = command(key_group, "add", "A further API key of a user, printed as the last line",
                      [this](AccountActions& actions) {
                        return actions.add_key(name, {key_name, description, key});
                      });
  need_name(add, "USER");
  add->add_option("--name", key_name, "What the key is for");
  add->add_option("--description", description, "More about it");
  add->add_option("--key", key, "This API key instead of a new one");
  need_name(command(key_group, "list", "List a user's API keys, not the keys themselves",
                    [this](AccountActions& actions) { return actions.list_keys(name); }),
            "USER");
  auto* revoke = command(key_group, "revoke", "End an API key",
                         [this](AccountActions& actions) { return actions.revoke_key(name, key); });
  need_name(revoke, "USER");
  revoke->add_option("KEY", key, "Its id, or its name")->required();
}

void AccountCommands::Arguments::add_team_commands(CLI::App& app) {
  auto* team = group(app, "team", "Entities that several users share");
  auto* add = command(*team, "add", "Add a team", [this](AccountActions& actions) {
    return actions.add_team(name, people, organization);
  });
  need_name(add, "NAME");
  people_options(add);
  add->add_option("--org", organization, "The organization that it belongs to");
  command(*team, "list", "List all teams with their members",
          [](AccountActions& actions) { return actions.list_teams(); });
  auto* join = command(*team, "join", "Put users into a team, or change their role",
                       [this](AccountActions& actions) -> Result<void> {
                         RUNSTONE_TRY(const auto found, people_with_role());
                         return actions.join_team(name, found);
                       });
  need_name(join, "TEAM");
  join->add_option("USER", users, "Their names")->required();
  role_option(join);
  auto* leave =
      command(*team, "leave", "Take users out of a team",
              [this](AccountActions& actions) { return actions.leave_team(name, users); });
  need_name(leave, "TEAM");
  leave->add_option("USER", users, "Their names")->required();
  auto* service = command(
      *team, "service", "Add a team's account for machines; the last line is its API key",
      [this](AccountActions& actions) { return actions.add_service_account(name, description); });
  need_name(service, "TEAM");
  service->add_option("DESCRIPTION", description, "What it is for")->required();
  need_name(command(*team, "remove", "Remove a team that has no projects",
                    [this](AccountActions& actions) { return actions.remove_team(name); }),
            "NAME");
}

void AccountCommands::Arguments::add_organization_commands(CLI::App& app) {
  auto* org = group(app, "org", "Teams under one roof, with registries that they share");
  auto* add = command(*org, "add", "Add an organization", [this](AccountActions& actions) {
    return actions.add_organization(name, teams, people);
  });
  need_name(add, "NAME");
  add->add_option("--team", teams, "Teams that belong to it");
  people_options(add);
  command(*org, "list", "List all organizations with teams and members",
          [](AccountActions& actions) { return actions.list_organizations(); });
  auto* join = command(
      *org, "join", "Put teams and users into an organization",
      [this](AccountActions& actions) { return actions.join_organization(name, teams, people); });
  need_name(join, "ORG");
  join->add_option("--team", teams, "Teams that belong to it");
  people_options(join);
  auto* leave = command(
      *org, "leave", "Take teams and users out of an organization",
      [this](AccountActions& actions) { return actions.leave_organization(name, teams, users); });
  need_name(leave, "ORG");
  leave->add_option("--team", teams, "Teams");
  leave->add_option("--member", users, "Users");
  need_name(command(*org, "remove", "Remove an organization that has no teams and no registries",
                    [this](AccountActions& actions) { return actions.remove_organization(name); }),
            "NAME");
}

AccountCommands::AccountCommands(CLI::App& app, CLI::App& key, std::string& data)
    : arguments_(new Arguments{.data = data}) {
  arguments_->add_user_commands(app);
  arguments_->add_key_commands(key);
  arguments_->add_team_commands(app);
  arguments_->add_organization_commands(app);
}

AccountCommands::~AccountCommands() = default;

bool AccountCommands::given() const { return static_cast<bool>(arguments_->action); }

int AccountCommands::run() {
  auto actions = AccountActions::open(arguments_->data);
  if (!actions) return report(actions.error());
  const auto done = arguments_->action(*actions);
  return done ? 0 : report(done.error());
}

}  // namespace runstone::cli
