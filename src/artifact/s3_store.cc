// Objects of S3 and of the stores that speak its API.
#include <algorithm>

#include "artifact/aws_request.h"
#include "artifact/body_file.h"
#include "artifact/parallel.h"
#include "artifact/reference_stores.h"
#include "artifact/s3_store.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr int kTries = 4;
constexpr std::size_t kHeadConnections = 8;
constexpr std::int64_t kTimeoutUs = 60'000'000;

struct Address {
  std::string bucket, key, version;
};
Address address_of(const std::string& uri) {
  const std::string rest = uri.substr(uri.find("://") + 3);
  const std::string path = rest.substr(0, rest.find('?'));
  Address address;
  address.bucket = path.substr(0, path.find('/'));
  if (path.size() > address.bucket.size()) address.key = path.substr(address.bucket.size() + 1);
  constexpr std::string_view kVersion = "versionId=";
  if (const auto at = rest.find(kVersion); at != std::string::npos && rest.size() > path.size()) {
    address.version = rest.substr(at + kVersion.size());
    address.version = address.version.substr(0, address.version.find('&'));
  }
  return address;
}

/// What a HEAD says.
struct Object {
  std::string key, etag, version;
  std::uint64_t size_bytes = 0;
  bool is_folder = false;
};

/// The text of the first <tag> in `xml`, its five entities decoded.
std::string text_of(std::string_view xml, const std::string& tag) {
  const auto from = xml.find("<" + tag + ">");
  const auto to = xml.find("</" + tag + ">");
  if (from == std::string_view::npos || to == std::string_view::npos || to < from) return "";
  std::string text(xml.substr(from + tag.size() + 2, to - from - tag.size() - 2));
  for (const auto& [entity, character] : {std::pair{"&quot;", "\""},
                                          {"&#34;", "\""},
                                          {"&apos;", "'"},
                                          {"&lt;", "<"},
                                          {"&gt;", ">"},
                                          {"&amp;", "&"}}) {
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1)) {
      text.replace(at, std::string_view(entity).size(), character);
    }
  }
  return text;
}

class Bucket {
 public:
  explicit Bucket(std::string name)
      : name_(std::move(name)), connection_(net::make_http_client()) {}

  Result<net::ClientResponse> ask(const char* method, const std::string& key,
                                  const std::map<std::string, std::string>& query) {
    return ask(*connection_, method, key, query);
  }
  Result<Object> head(net::HttpTransport& connection, const std::string& key,
                      const std::string& version) const {
    std::map<std::string, std::string> query;
    if (!version.empty()) query["versionId"] = version;
    RUNSTONE_TRY(const auto answer, ask(connection, "HEAD", key, query));
    Object object;
    object.key = key;
    object.etag = without_quotes(answer.header("etag"));
    object.version = std::string(answer.header("x-amz-version-id"));
    if (object.version == "null") object.version.clear();
    object.size_bytes =
        std::strtoull(std::string(answer.header("content-length")).c_str(), nullptr, 10);
    object.is_folder = answer.header("content-type").find("x-directory") != std::string_view::npos;
    return object;
  }
  Result<Object> head(const std::string& key, const std::string& version) {
    return head(*connection_, key, version);
  }

  /// Objects whose keys begin so and that are not empty, by key.
  Result<std::vector<Object>> list(const std::string& prefix, std::uint64_t max_objects) {
    std::vector<Object> objects;
    std::map<std::string, std::string> query = {{"list-type", "2"}, {"prefix", prefix}};
    while (true) {
      RUNSTONE_TRY(const auto answer, ask("GET", "", query));
      RUNSTONE_TRY(take_page(answer.body, max_objects, objects));
      if (text_of(answer.body, "IsTruncated") != "true") break;
      query["continuation-token"] = text_of(answer.body, "NextContinuationToken");
    }
    return objects;
  }

  /// A listing has no versions: where the bucket keeps some, each object is asked for its own.
  Result<void> add_versions(std::vector<Object>& objects) {
    RUNSTONE_TRY(const auto answer, ask("GET", "", {{"versioning", ""}}));
    if (text_of(answer.body, "Status") != "Enabled") return {};
    std::vector<std::unique_ptr<net::HttpTransport>> connections(
        std::min(kHeadConnections, objects.size()));
    for (auto& connection : connections) connection = net::make_http_client();
    return in_parallel(objects.size(), connections.size(),
                       [&](std::size_t index, std::size_t worker) -> Result<void> {
                         RUNSTONE_TRY(const Object now,
                                      head(*connections[worker], objects[index].key, ""));
                         objects[index].version = now.version;
                         return {};
                       });
  }

 private:
  Result<net::ClientResponse> ask(net::HttpTransport& connection, const char* method,
                                  const std::string& key,
                                  const std::map<std::string, std::string>& query) const {
    auto request = aws_request(access_, method, name_, key, query, system_clock().now_us());
    request.timeout_us = kTimeoutUs;
    auto answer = send_patiently(connection, request, kTries);
    if (answer || answer.error().code == ErrorCode::kNotFound) return answer;
    return fail(std::move(answer).error().with_context("S3 (check the keys and the region, " +
                                                       access_.region + ")"));
  }

  static Result<void> take_page(const std::string& xml, std::uint64_t max_objects,
                                std::vector<Object>& objects) {
    constexpr std::string_view kOpen = "<Contents>", kClose = "</Contents>";
    for (auto at = xml.find(kOpen); at != std::string::npos; at = xml.find(kOpen, at + 1)) {
      const auto end = xml.find(kClose, at);
      const std::string_view item = std::string_view(xml).substr(at, end - at);
      Object object;
      object.key = text_of(item, "Key");
      object.etag = without_quotes(text_of(item, "ETag"));
      object.size_bytes = std::strtoull(text_of(item, "Size").c_str(), nullptr, 10);
      if (object.size_bytes == 0) continue;
      if (objects.size() >= max_objects) {
        return fail(ErrorCode::kResourceExhausted,
                    "more objects than " + std::to_string(max_objects));
      }
      objects.push_back(std::move(object));
    }
    return {};
  }

  const std::string name_;
  const AwsAccess access_ = find_aws_access();
  const std::unique_ptr<net::HttpTransport> connection_;
};

ArtifactEntry entry_of(const Object& object, const std::string& bucket, std::string path) {
  ArtifactEntry entry;
  entry.path = std::move(path);
  entry.ref = "s3://" + bucket + "/" + object.key;
  entry.digest = object.etag;
  entry.size_bytes = object.size_bytes;
  entry.extra.set("etag", object.etag);
  if (!object.version.empty()) entry.extra.set("versionID", object.version);
  return entry;
}

std::string last_part(const std::string& key) { return key.substr(key.rfind('/') + 1); }

}  // namespace

bool has_s3_access() {
  const AwsAccess access = find_aws_access();
  return !access.access_key.empty() || !access.endpoint.empty();
}

Result<std::vector<ArtifactEntry>> s3_entries(const std::string& uri, const std::string& name,
                                              std::uint64_t max_objects) {
  const Address address = address_of(uri);
  Bucket bucket(address.bucket);
  if (!address.key.empty() && address.key.back() != '/') {
    auto object = bucket.head(address.key, address.version);
    if (object && !object->is_folder) {
      return std::vector{
          entry_of(*object, address.bucket, name.empty() ? last_part(address.key) : name)};
    }
    if (!object && object.error().code != ErrorCode::kNotFound)
      return fail(std::move(object).error());
  }
  std::string folder = address.key;
  while (!folder.empty() && folder.back() == '/') folder.pop_back();
  RUNSTONE_TRY(auto objects, bucket.list(folder.empty() ? "" : folder + "/", max_objects));
  RUNSTONE_TRY(bucket.add_versions(objects));
  std::vector<ArtifactEntry> entries;
  for (const Object& object : objects) {
    const std::string relative = object.key.substr(folder.empty() ? 0 : folder.size() + 1);
    entries.push_back(
        entry_of(object, address.bucket, name.empty() ? relative : name + "/" + relative));
  }
  return entries;
}

Result<void> fetch_s3(const protocol::ManifestEntry& entry, const std::string& path,
                      net::HttpTransport& connection) {
  const Address address = address_of(entry.ref);
  std::map<std::string, std::string> query;
  for (const auto& [key, text] : entry.extra) {
    if (key == "versionID") query["versionId"] = without_quotes(text);
  }
  auto request = aws_request(find_aws_access(), "GET", address.bucket, address.key, query,
                             system_clock().now_us());
  RUNSTONE_TRY(const Received received,
               receive_file(connection, std::move(request), path, Digest::Kind::kMd5));
  return check_etag(entry, received.headers(), path);
}

}  // namespace runstone::artifact
