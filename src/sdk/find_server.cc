#include "sdk/find_server.h"

#include "base/try.h"
#include "sdk/settings_sources.h"

namespace runstone {

Result<FoundServer> find_server(const Settings& code, const Settings& setup) {
  RUNSTONE_TRY(const auto file, settings_from_file(config_folder() + "/settings"));
  RUNSTONE_TRY(const auto wandb, settings_from_variables("WANDB_"));
  RUNSTONE_TRY(const auto ours, settings_from_variables("RUNSTONE_"));
  FoundServer found;
  for (const Settings* source : {&file, &wandb, &ours, &setup, &code})
    found.settings.merge(*source);
  using Kind = AddressSource::Kind;
  found.address = where_to_send({{Kind::kFile, &file},
                                 {Kind::kWandbVariables, &wandb},
                                 {Kind::kRunstoneVariables, &ours},
                                 {Kind::kCode, &setup},
                                 {Kind::kCode, &code}},
                                key_places());
  return found;
}

Result<void> check_found(const Address& address) {
  if (address.base_url.empty()) {
    return fail(ErrorCode::kFailedPrecondition,
                "No server is known: set RUNSTONE_BASE_URL, or start one with `runstone server`");
  }
  if (address.api_key.empty()) {
    return fail(ErrorCode::kFailedPrecondition,
                "No API key configured for " + address.base_url +
                    ": set RUNSTONE_API_KEY or call runstone.login(key) (`runstone key` on the "
                    "server prints it)");
  }
  return {};
}

Result<std::shared_ptr<const artifact::Server>> server_of(const FoundServer& found) {
  RUNSTONE_TRY(check_found(found.address));
  remote::Target target{found.address.base_url, found.address.api_key};
  target.verify_tls = !found.settings.flag("insecure_disable_ssl");
  return std::make_shared<const artifact::Server>(std::move(target));
}

Result<std::string> server_address(const std::string& text) {
  std::string url = text;
  while (!url.empty() && url.back() == '/') url.pop_back();
  const bool has_scheme = url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
  const auto host = url.find("://") + 3;
  if (!has_scheme || host >= url.size() ||
      url.find_first_of(" \t\r\n?#@\"'<>\\") != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + text + "' is not the address of a server: it looks like https://host:port");
  }
  return url;
}

}  // namespace runstone
