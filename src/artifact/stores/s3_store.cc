// Objects of S3 and of the stores that speak its API.
#include <algorithm>

#include <mutex>

#include "artifact/parallel.h"
#include "artifact/server.h"
#include "artifact/stores/asking.h"
#include "artifact/stores/aws_request.h"
#include "artifact/stores/object_store.h"
#include "artifact/stores/xml.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kHeadConnections = 8;

/// A # may be part of a key here; ?versionId= names a version.
struct Address {
  std::string bucket, key, version;
};
Address address_of(const std::string& uri) {
  ObjectAddress parts = parse_address(uri.substr(0, uri.find('?')));
  Address address{parts.bucket, parts.key, ""};
  if (!parts.fragment.empty()) address.key += "#" + parts.fragment;
  constexpr std::string_view kVersion = "versionId=";
  const std::string query = uri.substr(std::min(uri.find('?'), uri.size()));
  if (const auto at = query.find(kVersion); at != std::string::npos) {
    address.version = query.substr(at + kVersion.size());
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

/// Regions of buckets that turned out to be in another one than the user's, for the process.
class KnownRegions {
 public:
  std::string of(const std::string& bucket, const std::string& otherwise) {
    const std::scoped_lock lock(mutex_);
    const auto found = regions_.find(bucket);
    return found == regions_.end() ? otherwise : found->second;
  }
  void learn(const std::string& bucket, const std::string& region) {
    const std::scoped_lock lock(mutex_);
    regions_[bucket] = region;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> regions_;
};
KnownRegions& known_regions() {
  static KnownRegions regions;
  return regions;
}

Asker asker_of(const AwsAccess& access) {
  return {"S3, region " + access.region, access.source,
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE to keys that may, and "
          "AWS_REGION to the bucket's region; checksum=False tracks the address alone"};
}

class Bucket {
 public:
  Bucket(std::string name, AwsAccess access)
      : name_(std::move(name)), access_(std::move(access)), connection_(net::make_http_client()) {}

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
    bool is_any_there = false;
    std::map<std::string, std::string> query = {{"list-type", "2"}, {"prefix", prefix}};
    while (true) {
      RUNSTONE_TRY(const auto answer, ask("GET", "", query));
      RUNSTONE_TRY(take_page(answer.body, max_objects, objects, is_any_there));
      if (xml_text(answer.body, "IsTruncated") != "true") break;
      query["continuation-token"] = xml_text(answer.body, "NextContinuationToken");
    }
    if (!is_any_there) return fail(nothing_at("s3://" + name_ + "/" + prefix));
    return objects;
  }

  /// A listing has no versions: where the bucket keeps some, or does not tell, each object is asked
  /// for its own.
  Result<void> add_versions(std::vector<Object>& objects) {
    const auto answer = ask("GET", "", {{"versioning", ""}});
    if (!answer && answer.error().code != ErrorCode::kConflict) return fail(answer.error());
    if (answer && xml_text(answer->body, "Status").empty()) return {};
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
    AwsAccess access = access_;
    access.region = known_regions().of(name_, access_.region);
    auto answer = ask_as(access, connection, method, key, query);
    if (!answer) return fail(std::move(answer).error());
    const std::string region(answer->header("x-amz-bucket-region"));
    if (answer->status / 100 != 2 && !region.empty() && region != access.region) {
      known_regions().learn(name_, region);
      access.region = region;
      answer = ask_as(access, connection, method, key, query);
      if (!answer) return fail(std::move(answer).error());
    }
    if (answer->status / 100 == 2) return answer;
    return fail(store_refusal("s3://" + name_ + "/" + key, *answer, asker_of(access)));
  }

  Result<net::ClientResponse> ask_as(const AwsAccess& access, net::HttpTransport& connection,
                                     const char* method, const std::string& key,
                                     const std::map<std::string, std::string>& query) const {
    return answer_of_store(connection,
                           aws_request(access, method, name_, key, query, system_clock().now_us()),
                           asker_of(access));
  }

  static Result<void> take_page(const std::string& xml, std::uint64_t max_objects,
                                std::vector<Object>& objects, bool& is_any_there) {
    for (const std::string_view item : xml_elements(xml, "Contents")) {
      Object object;
      object.key = xml_text(item, "Key");
      object.etag = without_quotes(xml_text(item, "ETag"));
      object.size_bytes = std::strtoull(xml_text(item, "Size").c_str(), nullptr, 10);
      is_any_there = true;
      if (object.size_bytes == 0) continue;
      RUNSTONE_TRY(take_object(objects, std::move(object), max_objects));
    }
    return {};
  }

  const std::string name_;
  const AwsAccess access_;
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

/// The object in a GET; where its bucket turns out to be in another region, from there.
Result<Received> receive_object(const Address& address, const std::string& path,
                                net::HttpTransport& connection) {
  std::map<std::string, std::string> query;
  if (!address.version.empty()) query["versionId"] = address.version;
  RUNSTONE_TRY(AwsAccess access, find_aws_access());
  for (bool is_second = false;; is_second = true) {
    access.region = known_regions().of(address.bucket, access.region);
    const auto signed_now = [&](const AwsAccess& as) {
      return aws_request(as, "GET", address.bucket, address.key, query, system_clock().now_us());
    };
    const auto authorize = [&](net::ClientRequest& request) -> Result<void> {
      RUNSTONE_TRY(AwsAccess as, find_aws_access());
      as.region = access.region;
      for (auto& header : signed_now(as).headers) request.headers.push_back(std::move(header));
      return {};
    };
    net::ClientRequest request;
    request.url = signed_now(access).url;
    auto received = receive_file(connection, request, path, Digest::Kind::kMd5, authorize);
    if (received) return received;
    if (received.error().code == ErrorCode::kConflict && !is_second) {
      const auto here = Bucket(address.bucket, access).head(address.key, address.version);
      if (here && known_regions().of(address.bucket, access.region) != access.region) continue;
    }
    return fail(store_error(std::move(received).error(), asker_of(access)));
  }
}

class S3Store final : public ObjectStore {
 public:
  Result<std::vector<ArtifactEntry>> entries(const std::string& uri, const std::string& name,
                                             std::uint64_t max_objects) const override {
    const Address address = address_of(uri);
    RUNSTONE_TRY(AwsAccess access, find_aws_access());
    Bucket bucket(address.bucket, std::move(access));
    if (!address.key.empty() && address.key.back() != '/') {
      auto object = bucket.head(address.key, address.version);
      if (object && !object->is_folder) {
        return std::vector{
            entry_of(*object, address.bucket, name.empty() ? last_part(address.key) : name)};
      }
      const bool may_be_a_folder =
          object || (object.error().code == ErrorCode::kNotFound && address.version.empty());
      if (!may_be_a_folder) return fail(std::move(object).error());
    }
    const std::string prefix = prefix_of(folder_of(address.key));
    RUNSTONE_TRY(auto objects, bucket.list(prefix, max_objects));
    RUNSTONE_TRY(bucket.add_versions(objects));
    return entries_below(objects, prefix, name, [&](const Object& object, std::string path) {
      return entry_of(object, address.bucket, std::move(path));
    });
  }

  ArtifactEntry by_address(const std::string& uri, const std::string& name) const override {
    const Address address = address_of(uri);
    ArtifactEntry entry = entry_of_address("s3://" + address.bucket + "/" + address.key, name,
                                           address.bucket, address.key);
    if (!address.version.empty()) entry.extra.set("versionID", address.version);
    return entry;
  }

  Result<void> fetch(const protocol::ManifestEntry& entry, const std::string& path,
                     net::HttpTransport& connection) const override {
    Address address = address_of(entry.ref);
    address.version = extra_text(entry, "versionID");
    RUNSTONE_TRY(const Received received, receive_object(address, path, connection));
    return check_etag(entry, received.headers(), path);
  }
};

}  // namespace

const ObjectStore& s3_store() {
  static const S3Store store;
  return store;
}

}  // namespace runstone::artifact
