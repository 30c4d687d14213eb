#include "cli/sync_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "base/try.h"
#include "runstone/settings.h"
#include "sdk/child_journals.h"
#include "sdk/find_server.h"
#include "uplink/sync.h"

namespace runstone::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

struct Arguments {
  std::vector<std::string> paths;
  std::string tags, base_url, api_key;
  bool yes = false;
  int parallel = 1;
  uplink::SyncOptions sync;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("paths", arguments.paths,
                 "Run directories, or run-<id>.wandb files; none: all unsent runs below ./runstone "
                 "and ./wandb");
  app.add_flag("--yes", arguments.yes, "Do not ask before sending what was found");
  app.add_option("--id", arguments.sync.run_id, "Send to a run of this id");
  app.add_option("-p,--project", arguments.sync.project, "Send to this project");
  app.add_option("-e,--entity", arguments.sync.entity, "Send to this entity");
  app.add_option("--job-type", arguments.sync.job_type, "Set this job type");
  app.add_flag("--include-online,!--no-include-online", arguments.sync.include_online,
               "Also runs that were online (a directory that is named is always taken)");
  app.add_flag("--include-synced,!--no-include-synced", arguments.sync.include_synced,
               "Also runs that were sent already");
  app.add_option("--replace-tags", arguments.tags, "Rename tags: old1=new1,old2=new2");
  app.add_flag("--dry-run", arguments.sync.dry_run, "Say what would be sent, and send nothing");
  app.add_option("-n", arguments.parallel,
                 "Runs at a time; they are sent one after another anyway");
  app.add_flag("-v,--verbose", arguments.sync.verbose, "Say more");
  app.add_option("--base-url", arguments.base_url,
                 "The server; else of the environment, else the "
                 "local one");
  app.add_option("--api-key", arguments.api_key, "The key for --base-url");
}

bool parse_tags(const std::string& text, std::vector<std::pair<std::string, std::string>>& out) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto equals = text.find('=', begin);
    if (equals >= end || equals == begin) return false;
    out.emplace_back(text.substr(begin, equals - begin), text.substr(equals + 1, end - equals - 1));
    begin = end + 1;
  }
  return true;
}

Result<uplink::Target> find_target(const Arguments& arguments) {
  Settings given;
  if (!arguments.base_url.empty()) discard(given.set("base_url", arguments.base_url), "a text");
  if (!arguments.api_key.empty()) discard(given.set("api_key", arguments.api_key), "a text");
  RUNSTONE_TRY(const auto found, find_server(given));
  const Address& address = found.address;
  if (address.base_url.empty()) {
    return fail(ErrorCode::kFailedPrecondition,
                "no server is known: start one with `runstone server`, or set RUNSTONE_BASE_URL");
  }
  if (address.api_key.empty()) {
    return fail(ErrorCode::kUnauthenticated,
                "no API key is known for " + address.base_url + ": set RUNSTONE_API_KEY");
  }
  return uplink::Target{.base_url = address.base_url, .api_key = address.api_key};
}

bool confirmed(std::size_t count) {
  std::printf("Send %zu runs? [y/N] ", count);
  std::fflush(stdout);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

int complain(const std::string& text, int code) {
  std::fprintf(stderr, "runstone sync: %s\n", text.c_str());
  return code;
}

}  // namespace

int run_sync_command(const std::vector<std::string>& args) {
  CLI::App app("Send runs that were recorded on this machine to a server.", "runstone sync");
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUse;
  }
  uplink::SyncOptions& options = arguments.sync;
  if (!parse_tags(arguments.tags, options.replace_tags)) {
    return complain("--replace-tags takes old=new,...", kWrongUse);
  }
  const bool named = !arguments.paths.empty();
  if (named) options.include_online = true;
  if (!named) {
    for (const char* place : {"runstone", ".runstone", "wandb", ".wandb"}) {
      if (std::filesystem::is_directory(place)) arguments.paths.emplace_back(place);
    }
  }
  auto runs = uplink::find_runs(arguments.paths);
  if (!runs) return complain(runs.error().message, kWrongUse);
  const auto wanted = std::count_if(runs->begin(), runs->end(), [&](const auto& run) {
    return (!run.synced || options.include_synced) && (!run.online || options.include_online);
  });
  if (wanted == 0) {
    std::printf("Nothing to send: %zu runs found, all sent already or left out.\n", runs->size());
    return 0;
  }
  options.on_message = [](uplink::MessageLevel level, const std::string& text) {
    std::fprintf(level == uplink::MessageLevel::kInfo ? stdout : stderr, "%s\n", text.c_str());
    std::fflush(stdout);
  };
  options.merge_children = [](const std::string& directory, const std::string& journal) {
    return merge_children(directory, journal);
  };
  if (!options.dry_run) {
    auto target = find_target(arguments);
    if (!target) return complain(target.error().message, kFailed);
    options.target = std::move(*target);
    if (!named && !arguments.yes && !confirmed(static_cast<std::size_t>(wanted))) return kFailed;
  }
  const auto report = uplink::sync_runs(*runs, options);
  return report.all_delivered() ? 0 : kFailed;
}

}  // namespace runstone::cli
