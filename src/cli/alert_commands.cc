#include "cli/alert_commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "cli/alert_actions.h"

namespace runstone::cli {

struct AlertCommands::Arguments {
  explicit Arguments(std::string& the_data) : data(the_data) {}

  std::string& data;
  CLI::App* alert = nullptr;
  CLI::App *add_webhook = nullptr, *add_mail = nullptr, *list = nullptr, *remove = nullptr,
           *enable = nullptr, *disable = nullptr, *rotate = nullptr, *test = nullptr,
           *deliveries = nullptr, *retry = nullptr;
  NewAlertTarget target;
  bool secret_from_stdin = false;
  std::string id, state;
  int count = 50;
};

namespace {

void add_target_options(CLI::App& command, NewAlertTarget& target) {
  command.add_option("--entity", target.entity,
                     "Only alerts of this user or team; else those of all");
  command.add_option("--min-severity", target.min_severity, "Only alerts as grave as this")
      ->check(CLI::IsMember({"INFO", "WARN", "ERROR"}))
      ->capture_default_str();
  command.add_flag("--allow-private", target.allow_private,
                   "Also addresses of this machine and of private networks");
}

// A secret is never an argument: other users of the machine see those.
std::string read_secret() {
  std::string line;
  std::getline(std::cin, line);
  return line;
}

}  // namespace

AlertCommands::AlertCommands(CLI::App& app, std::string& data)
    : arguments_(std::make_unique<Arguments>(data)) {
  auto& it = *arguments_;
  it.alert = app.add_subcommand("alert", "Say where the running server sends alerts of runs");
  it.alert->require_subcommand(1);
  it.alert->add_option("--data", data, "Folder of the server's data")->capture_default_str();
  const auto command = [&](const char* name, const char* what) {
    auto* made = it.alert->add_subcommand(name, what);
    made->add_option("--data", data, "Folder of the server's data")->capture_default_str();
    return made;
  };
  const auto secret = [&](CLI::App& one, const char* what) {
    one.add_flag("--secret-from-stdin", it.secret_from_stdin, what);
  };
  it.add_webhook = command("add-webhook", "Post alerts to a URL, signed");
  it.add_webhook->add_option("NAME", it.target.name, "What it is called in lists")->required();
  it.add_webhook->add_option("URL", it.target.url, "https://...")->required();
  add_target_options(*it.add_webhook, it.target);
  secret(*it.add_webhook, "Read the secret that signs from standard input; else one is made");
  it.add_mail = command("add-mail", "Send alerts as mail");
  it.add_mail->add_option("NAME", it.target.name, "What it is called in lists")->required();
  it.add_mail->add_option("URL", it.target.url, "smtp://HOST:PORT or smtps://HOST:PORT")
      ->required();
  it.add_mail->add_option("--from", it.target.sender, "Sender's address")->required();
  it.add_mail->add_option("--to", it.target.recipients, "Recipients' addresses")->required();
  it.add_mail->add_option("--username", it.target.username, "Log in as this, over TLS only");
  add_target_options(*it.add_mail, it.target);
  secret(*it.add_mail, "Read the password from standard input");
  it.list = command("list", "List where alerts are sent");
  const auto of_target = [&](const char* name, const char* what) {
    auto* made = command(name, what);
    made->add_option("ID", it.id, "As `runstone alert list` shows it")->required();
    return made;
  };
  it.remove = of_target("remove", "Send no more alerts there, also not those under way");
  it.enable = of_target("enable", "Send alerts there again");
  it.disable = of_target("disable", "Queue no more alerts for it, and keep those that are");
  it.rotate = of_target("rotate-secret", "Make a webhook a new secret and print it");
  it.test = of_target("test", "Send a message there now");
  it.deliveries = command("deliveries", "List what was sent and what could not be");
  it.deliveries->add_option("--state", it.state, "Only these")
      ->check(CLI::IsMember({"QUEUED", "DELIVERED", "FAILED"}));
  it.deliveries->add_option("--count", it.count, "At most so many, the newest")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  it.retry = of_target("retry", "Try a failed delivery again");
  it.retry->get_option("ID")->description("As `runstone alert deliveries` shows it");
}

AlertCommands::~AlertCommands() = default;

bool AlertCommands::given() const { return arguments_->alert->parsed(); }

int AlertCommands::run() {
  auto& it = *arguments_;
  const auto act = [&]() -> Result<void> {
    auto actions = AlertActions::open(it.data);
    if (!actions) return fail(std::move(actions).error());
    if (it.secret_from_stdin) it.target.secret = read_secret();
    if (it.add_webhook->parsed()) return actions->add_webhook(it.target);
    if (it.add_mail->parsed()) return actions->add_mail(it.target);
    if (it.list->parsed()) return actions->list();
    if (it.remove->parsed()) return actions->remove(it.id);
    if (it.enable->parsed()) return actions->set_enabled(it.id, true);
    if (it.disable->parsed()) return actions->set_enabled(it.id, false);
    if (it.rotate->parsed()) return actions->rotate_secret(it.id);
    if (it.test->parsed()) return actions->test(it.id);
    if (it.deliveries->parsed()) return actions->list_deliveries(it.state, it.count);
    return actions->retry(it.id);
  };
  if (const auto done = act(); !done) {
    std::fprintf(stderr, "runstone: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}

}  // namespace runstone::cli
