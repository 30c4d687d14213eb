// Blobs of Azure, and of the emulators that speak its API.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "artifact/stores/asking.h"
#include "artifact/stores/azure_request.h"
#include "artifact/stores/object_store.h"
#include "artifact/stores/xml.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

/// https://<account>.blob.core.windows.net/<container>/<blob>, which may have a signature or a
/// version behind it. The name is the blob's own, not percent-encoded.
struct Address {
  std::string account_url, container, blob;
  std::string query, version;

  std::string uri_of(const std::string& name) const {
    return account_url + "/" + container + "/" + name;
  }
};
Address address_of(const std::string& uri) {
  const ObjectAddress parts = parse_address(uri);
  Address address;
  address.account_url = "https://" + parts.bucket;
  address.container = parts.key.substr(0, parts.key.find('/'));
  if (parts.key.size() > address.container.size()) {
    address.blob = parts.key.substr(address.container.size() + 1);
  }
  address.query = parts.query;
  for (const std::string_view name : {"versionId=", "versionid="}) {
    const auto at = ("&" + parts.query).find("&" + std::string(name));
    if (at == std::string::npos) continue;
    const std::string value = parts.query.substr(at + name.size());
    const std::string text = value.substr(0, value.find('&'));
    address.version = percent_decode(text).value_or(text);
  }
  return address;
}

struct Blob {
  std::string key, etag, version;
  std::uint64_t size_bytes = 0;
  bool is_folder = false;  ///< a stub that stands for one, in accounts with folders
};

Asker asker_of(const AzureAccess& access) {
  return {"Azure, account " + access.account, access.source,
          "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or "
          "AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, "
          "or add the address with a signature (?sv=...&sig=...); "
          "checksum=False tracks the address alone"};
}

/// The name of a blob in a listing, which is percent-encoded where XML cannot hold it.
std::string name_in(std::string_view item) {
  constexpr std::string_view kEncoded = "<Name Encoded=\"true\">";
  const auto at = item.find(kEncoded);
  if (at == std::string_view::npos) return xml_text(item, "Name");
  const std::string_view rest = item.substr(at + kEncoded.size());
  const std::string text(rest.substr(0, rest.find('<')));
  return percent_decode(text).value_or(text);
}

class Container {
 public:
  explicit Container(const Address& address, AzureAccess access)
      : address_(address), access_(std::move(access)), connection_(net::make_http_client()) {}

  /// Nothing: no such blob, or no such version of it.
  Result<std::optional<Blob>> find(const std::string& name, const std::string& version) const {
    std::map<std::string, std::string> query;
    if (!version.empty()) query["versionid"] = version;
    auto answer = ask("HEAD", address_.container + "/" + name, query);
    if (!answer && answer.error().code == ErrorCode::kNotFound) return std::optional<Blob>();
    if (!answer) return fail(std::move(answer).error());
    Blob blob;
    blob.key = name;
    blob.etag = without_quotes(answer->header("etag"));
    blob.version = std::string(answer->header("x-ms-version-id"));
    blob.size_bytes =
        std::strtoull(std::string(answer->header("content-length")).c_str(), nullptr, 10);
    blob.is_folder = answer->header("x-ms-meta-hdi_isfolder") == "true";
    return std::optional(std::move(blob));
  }

  /// Blobs whose names begin so, by name; not the stubs of folders.
  Result<std::vector<Blob>> list(const std::string& prefix, std::uint64_t max_objects) const {
    std::map<std::string, std::string> query = {
        {"restype", "container"}, {"comp", "list"}, {"include", "metadata"}, {"prefix", prefix}};
    if (prefix.empty()) query.erase("prefix");
    std::vector<Blob> blobs;
    bool is_any_there = false;
    while (true) {
      RUNSTONE_TRY(const auto answer, ask("GET", address_.container, query));
      for (const std::string_view item : xml_elements(answer.body, "Blob")) {
        is_any_there = true;
        if (xml_text(item, "hdi_isfolder") == "true") continue;
        Blob blob;
        blob.key = name_in(item);
        blob.etag = without_quotes(xml_text(item, "Etag"));
        blob.size_bytes = std::strtoull(xml_text(item, "Content-Length").c_str(), nullptr, 10);
        RUNSTONE_TRY(take_object(blobs, std::move(blob), max_objects));
      }
      query["marker"] = xml_text(answer.body, "NextMarker");
      if (query["marker"].empty()) break;
    }
    if (!is_any_there) return fail(nothing_at(address_.uri_of(prefix)));
    return blobs;
  }

 private:
  Result<net::ClientResponse> ask(const char* method, const std::string& path,
                                  const std::map<std::string, std::string>& query) const {
    auto request = azure_request(access_, method, path, query);
    authorize_azure(access_, request, system_clock().now_us());
    return ask_store(*connection_, std::move(request), asker_of(access_));
  }

  const Address& address_;
  const AzureAccess access_;
  const std::unique_ptr<net::HttpTransport> connection_;
};

ArtifactEntry entry_of(const Blob& blob, const Address& address, std::string path) {
  ArtifactEntry entry;
  entry.path = std::move(path);
  entry.ref = address.uri_of(blob.key);
  entry.digest = blob.etag;
  entry.size_bytes = blob.size_bytes;
  entry.extra.set("etag", blob.etag);
  if (!blob.version.empty()) entry.extra.set("versionID", blob.version);
  return entry;
}

class AzureStore final : public ObjectStore {
 public:
  Result<std::vector<ArtifactEntry>> entries(const std::string& uri, const std::string& name,
                                             std::uint64_t max_objects) const override {
    Address address = address_of(uri);
    if (address.container.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  "'" + address.account_url +
                      "' names no container: https://<account>.blob.core.windows.net/<container>/"
                      "<blob>");
    }
    RUNSTONE_TRY(AzureAccess access, find_azure_access(address.account_url, address.query));
    const Container container(address, std::move(access));
    if (!address.blob.empty() && address.blob.back() != '/') {
      RUNSTONE_TRY(const auto blob, find_either(container, address));
      if (blob && !blob->is_folder) {
        return std::vector{entry_of(*blob, address, name.empty() ? last_part(blob->key) : name)};
      }
    }
    if (!address.version.empty()) {
      return fail(ErrorCode::kNotFound, "there is no version " + address.version + " of '" +
                                            address.uri_of(address.blob) + "'");
    }
    const std::string prefix = prefix_of(folder_of(address.blob));
    RUNSTONE_TRY(const auto blobs, container.list(prefix, max_objects));
    return entries_below(blobs, prefix, name, [&](const Blob& blob, std::string path) {
      return entry_of(blob, address, std::move(path));
    });
  }

  // Without the query: a signature is a secret, and the entry is there for others to read.
  ArtifactEntry by_address(const std::string& uri, const std::string& name) const override {
    const Address address = address_of(uri);
    ArtifactEntry entry =
        entry_of_address(address.uri_of(address.blob), name, address.container, address.blob);
    if (!address.version.empty()) entry.extra.set("versionID", address.version);
    return entry;
  }

  Result<void> fetch(const protocol::ManifestEntry& entry, const std::string& path,
                     net::HttpTransport& connection) const override {
    const Address address = address_of(entry.ref);
    RUNSTONE_TRY(const AzureAccess access, find_azure_access(address.account_url, address.query));
    std::map<std::string, std::string> query;
    const std::string version = extra_text(entry, "versionID");
    if (!version.empty()) query["versionid"] = version;
    auto received = receive_file(
        connection, azure_request(access, "GET", address.container + "/" + address.blob, query),
        path, Digest::Kind::kMd5, [&](net::ClientRequest& request) -> Result<void> {
          RUNSTONE_TRY(const AzureAccess now,
                       find_azure_access(address.account_url, address.query));
          authorize_azure(now, request, system_clock().now_us());
          return {};
        });
    if (!received) return fail(store_error(std::move(received).error(), asker_of(access)));
    return check_etag(entry, received->headers(), path);
  }

 private:
  /// The blob of that very name; else, as browsers and the portal write addresses, of the name that
  /// it encodes, which then is the address's.
  static Result<std::optional<Blob>> find_either(const Container& container, Address& address) {
    RUNSTONE_TRY(auto blob, container.find(address.blob, address.version));
    const auto decoded = percent_decode(address.blob);
    if (blob || !decoded || *decoded == address.blob) return blob;
    RUNSTONE_TRY(blob, container.find(*decoded, address.version));
    if (blob) address.blob = *decoded;
    return blob;
  }
};

}  // namespace

const ObjectStore& azure_store() {
  static const AzureStore store;
  return store;
}

}  // namespace runstone::artifact
