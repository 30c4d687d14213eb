#include "sdk/where_to_send.h"

#include "base/json.h"
#include "fs/file_system.h"

namespace runstone {
namespace {

std::string without_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

struct ClientFile {
  std::string base_url, api_key;
};

ClientFile read_client_file(const std::string& path) {
  const auto text = fs::read_file(fs::real_file_system(), path, 64 * 1024);
  if (!text) return {};  // no local server was ever started here
  const auto parsed = json::parse(*text);
  if (!parsed) return {};
  ClientFile file;
  if (const Value* url = parsed->get("base_url"))
    file.base_url = without_slash(std::string(url->string_or("")));
  if (const Value* key = parsed->get("api_key")) file.api_key = std::string(key->string_or(""));
  return file;
}

std::string key_for(const Address& address, const std::vector<AddressSource>& sources,
                    const KeyPlaces& places, const ClientFile& local) {
  using Kind = AddressSource::Kind;
  const auto login = places.login_keys.find(address.base_url);
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
    if (source->kind != Kind::kCode && login != places.login_keys.end()) return login->second;
    const std::string key = source->settings->text("api_key");
    if (key.empty()) continue;
    const std::string own = without_slash(source->settings->text("base_url"));
    const bool for_any = source->kind == Kind::kCode ||
                         (source->kind == Kind::kRunstoneVariables && own.empty() && address.named);
    if (for_any || own == address.base_url) return key;
  }
  if (login != places.login_keys.end()) return login->second;
  // An unreadable file of keys is told by login(); here it counts as none, and the run says that it
  // has no key.
  const auto stored = read_stored_keys(places.keys_file);
  if (stored) {
    const auto found = stored->find(address.base_url);
    if (found != stored->end()) return found->second;
  }
  if (local.base_url == address.base_url && !local.api_key.empty()) return local.api_key;
  return netrc_key(places.netrc_file, address.base_url);
}

}  // namespace

Address where_to_send(const std::vector<AddressSource>& sources, const KeyPlaces& places) {
  using Kind = AddressSource::Kind;
  Address address;
  const auto take = [&](const std::string& url) {
    if (address.base_url.empty()) address.base_url = without_slash(url);
  };
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
    // The program's code is stronger than a login, a login than what the process was started with.
    if (source->kind != Kind::kCode) take(places.login_host);
    take(source->settings->text("base_url"));
  }
  take(places.login_host);
  address.named = !address.base_url.empty();
  const ClientFile local = read_client_file(places.client_file);
  take(local.base_url);
  if (address.base_url.empty()) return address;
  address.api_key = key_for(address, sources, places, local);
  return address;
}

}  // namespace runstone
