#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "api/pages.h"
#include "cli/account_commands.h"
#include "cli/alert_commands.h"
#include "cli/key_command.h"
#include "cli/server_command.h"
#include "cli/sync_command.h"
#include "server/data_folder.h"
#include "server/server_app.h"

namespace {

constexpr int kWrongUse = 2;

}  // namespace

int main(int count, char** texts) {
  // A thread's own heap keeps what it once needed; two heaps hold an idle server near its real
  // size.
  ::mallopt(M_ARENA_MAX, 2);
  const std::vector<std::string> arguments(texts + 1, texts + count);
  // sync reads its own arguments: it is the same command in the SDK's package.
  if (!arguments.empty() && arguments.front() == "sync") {
    return runstone::cli::run_sync_command({arguments.begin() + 1, arguments.end()});
  }

  CLI::App app("Runstone records what training runs do and shows it.");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("runstone ") + runstone::server::version());
  runstone::server::AppOptions server;
  std::string data = runstone::server::default_data_folder().string();

  auto* serve = app.add_subcommand("server", "Serve the pages and take runs in, until Ctrl-C");
  serve->add_option("--data", data, "Folder of the server's data")->capture_default_str();
  serve->add_option("--host", server.host, "Address to listen on")->capture_default_str();
  serve->add_option("--port", server.port, "Port; 0 takes a free one")->capture_default_str();
  serve->add_option("--public-url", server.public_url,
                    "Address under which clients see this server, if not the one they used");
  serve
      ->add_option("--crash-after", server.crash_after_secs,
                   "Seconds of silence after which a run counts as crashed")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  serve
      ->add_option("--notebook-origin", server.notebook_origins,
                   "Show runs in notebooks of this origin, too, such as https://hub.example.org; "
                   "those of this machine and of this server's host may anyway")
      ->check([](const std::string& origin) {
        return runstone::api::is_frame_origin(origin)
                   ? std::string()
                   : "'" + origin + "' is no origin: give scheme://host or scheme://host:port";
      });
  auto* key = app.add_subcommand("key", "Print the local user's API key, or manage keys");
  key->add_option("--data", data, "Folder of the server's data")->capture_default_str();
  auto* signin = app.add_subcommand("signin", "Print a link that signs you in to the pages, once");
  signin->add_option("--data", data, "Folder of the server's data")->capture_default_str();
  runstone::cli::AccountCommands accounts(app, *key, data);
  runstone::cli::AlertCommands alerts(app, data);
  app.add_subcommand("sync", "Send runs that were recorded here to a server; see sync --help");
  app.add_subcommand("version", "Print the version");

  try {
    app.parse(count, texts);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUse;
  }
  if (app.got_subcommand("version")) {
    std::printf("runstone %s\n", runstone::server::version());
    return 0;
  }
  if (accounts.given()) return accounts.run();
  if (alerts.given()) return alerts.run();
  if (app.got_subcommand(key)) return runstone::cli::run_key_command(data);
  if (app.got_subcommand(signin)) return runstone::cli::run_signin_command(data);
  server.data_folder = data;
  return runstone::cli::run_server_command(std::move(server));
}
