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

}  // namespace

Address where_to_send(const std::vector<AddressSource>& sources, const std::string& client_file) {
  Address address;
  const AddressSource* named_by = nullptr;
  for (auto source = sources.rbegin(); source != sources.rend() && named_by == nullptr; ++source) {
    address.base_url = without_slash(source->settings->text("base_url"));
    if (!address.base_url.empty()) named_by = &*source;
  }
  address.named = named_by != nullptr;
  const ClientFile local = read_client_file(client_file);
  if (!address.named) address.base_url = local.base_url;
  if (address.base_url.empty()) return address;

  for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
    const std::string key = source->settings->text("api_key");
    if (key.empty()) continue;
    using Kind = AddressSource::Kind;
    const std::string own = without_slash(source->settings->text("base_url"));
    const bool for_any = source->kind == Kind::kCode ||
                         (source->kind == Kind::kRunstoneVariables && own.empty() && address.named);
    if (for_any || own == address.base_url) {
      address.api_key = key;
      return address;
    }
  }
  if (local.base_url == address.base_url) address.api_key = local.api_key;
  return address;
}

}  // namespace runstone
