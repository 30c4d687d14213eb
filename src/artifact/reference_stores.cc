#include "artifact/reference_stores.h"

#include <algorithm>
#include <cstdlib>

#include "artifact/body_file.h"
#include "artifact/copy.h"
#include "artifact/manifest.h"
#include "artifact/stores/asking.h"
#include "artifact/stores/object_store.h"
#include "artifact/versions.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr int kTries = 4;
constexpr std::int64_t kTimeoutUs = 60'000'000;

bool begins(std::string_view text, std::string_view front) {
  return text.substr(0, front.size()) == front;
}
bool is_http(const std::string& ref) { return begins(ref, "http://") || begins(ref, "https://"); }

/// What an entry of another artifact of the same server stands for, at the end of the way.
Result<void> fetch_from_artifact(const Server& server, OtherVersions& others,
                                 const protocol::ManifestEntry& entry, const std::string& path,
                                 net::HttpTransport& connection) {
  RUNSTONE_TRY(const EntryAddress address,
               parse_entry_address(entry.ref).transform_error([](Error error) {
                 error.code = ErrorCode::kCorrupt;
                 return error;
               }));
  RUNSTONE_TRY(const auto found, others.follow(address));
  if (entry.digest != entry.ref && entry.digest != found.entry.digest) {
    return fail(ErrorCode::kCorrupt, "Digest mismatch for '" + entry.ref + "': expected " +
                                         entry.digest + " but found " + found.entry.digest);
  }
  if (!found.entry.ref.empty()) {
    return fetch_reference(server, others, found.entry, path, connection);
  }
  net::ClientRequest request;
  request.url = file_url(server, found.facts, found.entry);
  request.api_key = server.target().api_key;
  RUNSTONE_TRY(Received received, receive_file(connection, request, path, kind_of(found.entry)));
  RUNSTONE_TRY(const std::string digest, received.digest());
  if (digest == found.entry.digest) return {};
  discard(fs::real_file_system().remove(path), "its content is wrong");
  return fail(ErrorCode::kCorrupt, "Digest mismatch for '" + entry.ref + "'");
}

Result<void> fetch_http(const protocol::ManifestEntry& entry, const std::string& path,
                        net::HttpTransport& connection) {
  net::ClientRequest request;
  request.url = entry.ref;
  RUNSTONE_TRY(const Received received,
               receive_file(connection, request, path, Digest::Kind::kMd5));
  return check_etag(entry, received.headers(), path);
}

}  // namespace

bool is_digest_of_content(const protocol::ManifestEntry& entry) {
  if (entry.ref.empty()) return true;
  if (is_entry_address(entry.ref)) return entry.digest != entry.ref;
  return begins(entry.ref, "file://") && entry.digest != md5_base64(entry.ref);
}

Result<void> copy_local_reference(const protocol::ManifestEntry& entry, const std::string& target) {
  const std::string source = entry.ref.substr(std::string_view("file://").size());
  fs::FileSystem& disk = fs::real_file_system();
  if (!disk.exists(source)) {
    return fail(ErrorCode::kNotFound,
                "Local file reference: Failed to find file at path " + source);
  }
  if (!is_digest_of_content(entry)) return copy_whole(source, target);
  const std::string beside = name_beside(target);
  RUNSTONE_TRY(disk.make_directories(fs::Path(target).parent_path()));
  const auto digest = digest_file(source, kind_of(entry), beside);
  if (digest && digest->digest == entry.digest) return disk.rename(beside, target);
  discard(disk.remove(beside), "it is not what was wanted");
  if (!digest) return fail(digest.error());
  return fail(ErrorCode::kCorrupt, "Local file reference: Digest mismatch for path " + source +
                                       ": expected " + entry.digest + " but found " +
                                       digest->digest);
}

Result<void> fetch_reference(const Server& server, OtherVersions& others,
                             const protocol::ManifestEntry& entry, const std::string& path,
                             net::HttpTransport& connection) {
  if (const ObjectStore* store = store_of(entry.ref); store != nullptr) {
    return store->fetch(entry, path, connection);
  }
  if (is_http(entry.ref)) return fetch_http(entry, path, connection);
  if (begins(entry.ref, "file://")) return copy_local_reference(entry, path);
  if (is_entry_address(entry.ref)) {
    return fetch_from_artifact(server, others, entry, path, connection);
  }
  return fail(ErrorCode::kNotImplemented, "references of the kind " +
                                              entry.ref.substr(0, entry.ref.find(':')) +
                                              ":// are tracked but cannot be downloaded");
}

Result<std::vector<ArtifactEntry>> http_entries(const std::string& url, const std::string& name) {
  const auto connection = net::make_http_client();
  net::ClientRequest request;
  request.url = url;
  request.timeout_us = kTimeoutUs;
  request.follow_redirects = true;
  request.accept_gzip = false;
  // A GET whose body is not read: not every server answers HEAD alike.
  bool has_begun = false;
  net::ClientResponse head;
  request.on_body = [&](const net::ClientResponse& so_far, std::string_view) -> Result<void> {
    has_begun = true;
    head = so_far;
    return fail(ErrorCode::kFailedPrecondition, "the headers are enough");
  };
  auto answer = send_patiently(*connection, request, kTries);
  if (!answer && !has_begun) return fail(std::move(answer).error());
  if (answer) head = *std::move(answer);  // an empty body
  ArtifactEntry entry;
  entry.path = name.empty() ? url.substr(url.rfind('/') + 1) : name;
  entry.ref = url;
  const std::string etag(head.header("etag"));
  entry.digest = etag.empty() ? url : without_quotes(etag);
  entry.size_bytes = std::strtoull(std::string(head.header("content-length")).c_str(), nullptr, 10);
  if (!etag.empty()) entry.extra.set("etag", etag);
  return std::vector{std::move(entry)};
}

}  // namespace runstone::artifact
