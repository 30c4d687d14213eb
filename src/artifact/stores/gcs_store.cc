// Objects of Google Cloud Storage, by its JSON API.
#include <charconv>
#include <optional>

#include "artifact/stores/asking.h"
#include "artifact/stores/google_credentials.h"
#include "artifact/stores/object_store.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr std::string_view kScheme = "gs://";
constexpr const char* kFields = "name,etag,size,generation,md5Hash,contentEncoding";

/// A # names a generation; what is behind a ? is of no meaning here.
struct Address {
  std::string bucket, key, generation;
};
Address address_of(const std::string& uri) {
  ObjectAddress parts = parse_address(uri);
  parts.key.erase(0, parts.key.find_first_not_of('/'));
  return {parts.bucket, parts.key, parts.fragment};
}
std::string uri_of(const std::string& bucket, const std::string& key) {
  return std::string(kScheme) + bucket + "/" + key;
}

struct Object {
  std::string key, etag, md5_base64;
  std::int64_t generation = 0;
  std::uint64_t size_bytes = 0;
  bool is_compressed = false;  ///< the store decompresses it for who reads it
};

std::string text_at(const Value& object, std::string_view key) {
  const Value* value = object.get(key);
  return value == nullptr ? "" : std::string(value->string_or(""));
}

template <typename Number>
Number number_of(const std::string& text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Object object_of(const Value& resource) {
  Object object;
  object.key = text_at(resource, "name");
  object.etag = text_at(resource, "etag");  // as it is: the format has no quotes to remove
  object.md5_base64 = text_at(resource, "md5Hash");
  object.generation = number_of<std::int64_t>(text_at(resource, "generation"));
  object.size_bytes = number_of<std::uint64_t>(text_at(resource, "size"));
  object.is_compressed = text_at(resource, "contentEncoding") == "gzip";
  return object;
}

Asker asker_of(const GoogleAccess& access) {
  return {"Google Cloud Storage", access.source,
          "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to the "
          "key file of a service account that may; checksum=False tracks the address alone"};
}

Result<void> authorize(net::ClientRequest& request) {
  RUNSTONE_TRY(const GoogleAccess access, find_google_access());
  if (!access.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + access.token);
  }
  if (!access.quota_project.empty()) {
    request.headers.emplace_back("x-goog-user-project", access.quota_project);
  }
  return {};
}

class Bucket {
 public:
  Bucket(std::string name, GoogleAccess access, net::HttpTransport& connection)
      : name_(std::move(name)), access_(std::move(access)), connection_(connection) {}

  std::string object_url(const std::string& key) const {
    return access_.endpoint + "/storage/v1/b/" + percent_encode(name_) + "/o/" +
           percent_encode(key);
  }
  /// Nothing: no such object, or no such generation of it.
  Result<std::optional<Object>> find(const std::string& key, const std::string& generation) const {
    std::string url = object_url(key) + "?projection=noAcl&fields=" + percent_encode(kFields);
    if (!generation.empty()) url += "&generation=" + percent_encode(generation);
    auto answer = ask(url);
    if (!answer && answer.error().code == ErrorCode::kNotFound) return std::optional<Object>();
    if (!answer) return fail(std::move(answer).error());
    return std::optional(object_of(*answer));
  }

  /// Objects whose keys begin so, by key; not the markers of folders.
  Result<std::vector<Object>> list(const std::string& prefix, std::uint64_t max_objects) const {
    const std::string base = access_.endpoint + "/storage/v1/b/" + percent_encode(name_) +
                             "/o?projection=noAcl&prefix=" + percent_encode(prefix) + "&fields=" +
                             percent_encode(std::string("items(") + kFields + "),nextPageToken");
    std::vector<Object> objects;
    bool is_any_there = false;
    std::string page;
    do {
      RUNSTONE_TRY(const Value answer,
                   ask(page.empty() ? base : base + "&pageToken=" + percent_encode(page)));
      const Value* items = answer.get("items");
      if (items != nullptr && items->is_list()) {
        for (const Value& item : *items->if_list()) {
          is_any_there = true;
          Object object = object_of(item);
          if (!object.key.empty() && object.key.back() == '/') continue;
          RUNSTONE_TRY(take_object(objects, std::move(object), max_objects));
        }
      }
      page = text_at(answer, "nextPageToken");
    } while (!page.empty());
    if (!is_any_there) return fail(nothing_at(uri_of(name_, prefix)));
    return objects;
  }

 private:
  Result<Value> ask(const std::string& url) const {
    net::ClientRequest request;
    request.url = url;
    RUNSTONE_TRY(authorize(request));
    RUNSTONE_TRY(const auto answer, ask_store(connection_, std::move(request), asker_of(access_)));
    auto parsed = json::parse(answer.body);
    if (parsed && parsed->is_dict()) return parsed;
    return fail(ErrorCode::kUnavailable,
                "Google Cloud Storage: " + access_.endpoint + " did not answer with JSON");
  }

  const std::string name_;
  const GoogleAccess access_;
  net::HttpTransport& connection_;
};

ArtifactEntry entry_of(const Object& object, const std::string& bucket, std::string path) {
  ArtifactEntry entry;
  entry.path = std::move(path);
  entry.ref = uri_of(bucket, object.key);
  entry.digest = object.etag;
  entry.size_bytes = object.size_bytes;
  entry.extra.set("versionID", object.generation);
  return entry;
}

class GcsStore final : public ObjectStore {
 public:
  Result<std::vector<ArtifactEntry>> entries(const std::string& uri, const std::string& name,
                                             std::uint64_t max_objects) const override {
    const Address address = address_of(uri);
    RUNSTONE_TRY(GoogleAccess access, find_google_access());
    const auto connection = net::make_http_client();
    const Bucket bucket(address.bucket, std::move(access), *connection);
    if (!address.key.empty() && address.key.back() != '/') {
      RUNSTONE_TRY(const auto object, bucket.find(address.key, address.generation));
      if (object) {
        return std::vector{
            entry_of(*object, address.bucket, name.empty() ? last_part(address.key) : name)};
      }
    }
    if (!address.generation.empty()) {
      return fail(ErrorCode::kNotFound, "there is no generation " + address.generation + " of '" +
                                            uri_of(address.bucket, address.key) +
                                            "': gcloud storage ls --all-versions lists them");
    }
    const std::string prefix = prefix_of(folder_of(address.key));
    RUNSTONE_TRY(const auto objects, bucket.list(prefix, max_objects));
    return entries_below(objects, prefix, name, [&](const Object& object, std::string path) {
      return entry_of(object, address.bucket, std::move(path));
    });
  }

  ArtifactEntry by_address(const std::string& uri, const std::string& name) const override {
    const Address address = address_of(uri);
    ArtifactEntry entry =
        entry_of_address(uri_of(address.bucket, address.key), name, address.bucket, address.key);
    if (!address.generation.empty()) {
      entry.extra.set("versionID", number_of<std::int64_t>(address.generation));
    }
    return entry;
  }

  // The object's ETag is asked for first: that of a download may be written in another way. What is
  // then read is the generation that was asked about.
  Result<void> fetch(const protocol::ManifestEntry& entry, const std::string& path,
                     net::HttpTransport& connection) const override {
    const Address address = address_of(entry.ref);
    RUNSTONE_TRY(GoogleAccess access, find_google_access());
    const Asker asker = asker_of(access);
    const Bucket bucket(address.bucket, std::move(access), connection);
    RUNSTONE_TRY(const Object object, find_of(bucket, address, entry));
    if (entry.digest != entry.ref && object.etag != entry.digest) {
      return fail(digest_mismatch(entry, object.etag));
    }
    net::ClientRequest request;
    request.url = bucket.object_url(address.key) +
                  "?alt=media&generation=" + std::to_string(object.generation);
    auto received = receive_file(connection, request, path, Digest::Kind::kMd5, authorize);
    if (!received) return fail(store_error(std::move(received).error(), asker));
    const bool knows_content = !object.md5_base64.empty() && !object.is_compressed;
    if (!knows_content) return {};
    RUNSTONE_TRY(const std::string digest, received->digest());
    if (digest == object.md5_base64) return {};
    discard(fs::real_file_system().remove(path), "its content is wrong");
    return fail(digest_mismatch(entry, "content of another MD5 than the store's"));
  }

 private:
  /// The generation of the entry; where the bucket keeps none, what is there now.
  static Result<Object> find_of(const Bucket& bucket, const Address& address,
                                const protocol::ManifestEntry& entry) {
    if (const std::string generation = extra_text(entry, "versionID"); !generation.empty()) {
      RUNSTONE_TRY(auto object, bucket.find(address.key, generation));
      if (object) return *std::move(object);
    }
    RUNSTONE_TRY(auto object, bucket.find(address.key, ""));
    if (object) return *std::move(object);
    return fail(ErrorCode::kNotFound, "there is no object '" + entry.ref + "' now");
  }
};

}  // namespace

const ObjectStore& gcs_store() {
  static const GcsStore store;
  return store;
}

}  // namespace runstone::artifact
