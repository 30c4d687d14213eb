#include "runstone/login.h"

#include "base/clock.h"
#include "base/seconds.h"
#include "base/try.h"
#include "net/client/http_client.h"
#include "protocol/documents.h"
#include "remote/api_client.h"
#include "sdk/find_server.h"
#include "sdk/key_places.h"

namespace runstone {
namespace {

Result<void> check_key(const std::string& key) {
  for (const char c : key) {
    if (c <= ' ' || c > '~') {
      return fail(ErrorCode::kInvalidArgument,
                  "an API key is one word of plain characters; this one has a space, a line's end "
                  "or another character in it");
    }
  }
  return {};
}

// Whose key it is.
Result<std::string> verify(const std::string& base_url, const std::string& key,
                           const FoundServer& found, double timeout_secs) {
  const auto transport =
      net::make_http_client({.verify_tls = !found.settings.flag("insecure_disable_ssl")});
  remote::ApiClient client(*transport, system_clock(), {.base_url = base_url, .api_key = key});
  auto answer =
      client.graphql("Viewer", protocol::kViewerDocument, Dict(), us_of_seconds(timeout_secs));
  if (!answer) {
    const auto& trouble = answer.trouble();
    if (trouble.kind == remote::TroubleKind::kUnauthorized) {
      return fail(ErrorCode::kUnauthenticated, base_url +
                                                   " does not accept the key: " + trouble.message +
                                                   " (`runstone key` on the server prints one)");
    }
    return fail(ErrorCode::kUnavailable, "the key could not be verified: " + trouble.message);
  }
  const Value* viewer = answer->get("viewer");
  const Value* name = viewer != nullptr ? viewer->get("username") : nullptr;
  if (viewer == nullptr || !viewer->is_dict()) {
    return fail(ErrorCode::kUnauthenticated, base_url +
                                                 " does not accept the key: it knows no "
                                                 "user for it");
  }
  return std::string(name != nullptr ? name->string_or("") : "");
}

}  // namespace

Result<LoginResult> login(const LoginOptions& options) {
  LoginResult result;
  Settings code;
  if (!options.host.empty()) {
    RUNSTONE_TRY(const auto host, server_address(options.host));
    RUNSTONE_TRY(code.set("base_url", host));
  }
  RUNSTONE_TRY(check_key(options.key));
  RUNSTONE_TRY(const auto found, find_server(code));
  const std::string mode = found.settings.text("mode");
  result.is_offline = mode == "offline" || mode == "disabled";
  result.base_url = found.address.base_url;
  if (result.base_url.empty()) {
    if (options.key.empty()) return result;
    return fail(ErrorCode::kFailedPrecondition,
                "a key belongs to a server, and none is known: give host=, or set "
                "RUNSTONE_BASE_URL");
  }
  const bool is_new = !options.key.empty();
  const std::string key = is_new            ? options.key
                          : options.relogin ? std::string()
                                            : found.address.api_key;
  result.has_key = !key.empty();
  if (options.verify && result.has_key) {
    RUNSTONE_TRY(result.username, verify(result.base_url, key, found, options.timeout_secs));
  }
  if (!is_new && options.host.empty()) return result;
  remember_login(result.base_url, options.key, !options.host.empty());
  if (is_new) {
    const std::string keys_file = key_places().keys_file;
    RUNSTONE_TRY(store_key(keys_file, result.base_url, options.key));
    result.stored_in = keys_file;
  }
  if (!options.host.empty()) {
    RUNSTONE_TRY(store_base_url(config_folder() + "/settings", result.base_url));
  }
  return result;
}

}  // namespace runstone
