#pragma once

#include <string>
#include <vector>

#include "artifact/body_file.h"
#include "net/client/http_client.h"
#include "protocol/record.h"
#include "runstone/artifact.h"
#include "runstone/result.h"
#include "runstone/value.h"

// What asking any store has in common.
namespace runstone::artifact {

/// Who asks a store, for the words of an error.
struct Asker {
  std::string store;        ///< "S3"
  std::string credentials;  ///< where they came from; empty: none were found
  std::string remedy;       ///< how the user gives the right ones
};

/// Asks for what is not long, four times at most; the answer is any that does not pass.
/// Errors: kUnavailable, kDeadlineExceeded, with what to do.
Result<net::ClientResponse> answer_of_store(net::HttpTransport& connection,
                                            net::ClientRequest request, const Asker& asker);
/// The same, and the answer is 2xx.
/// Errors: as ObjectStore::entries() has them, with what the store says and what to do.
Result<net::ClientResponse> ask_store(net::HttpTransport& connection, net::ClientRequest request,
                                      const Asker& asker);
/// An answer other than 2xx, or a failure to get one, as ask_store() would return it.
Error store_refusal(const std::string& url, const net::ClientResponse& answer, const Asker& asker);
Error store_error(Error error, const Asker& asker);

/// The last part of a key; what an entry is called that has no other name.
std::string last_part(const std::string& key);
/// The folder that a key names: without the slashes at its end.
std::string folder_of(std::string key);
/// What the keys of the objects below a folder begin with; a bucket's own is empty.
std::string prefix_of(const std::string& folder);

/// Adds an object of a listing to the others. Errors: kResourceExhausted.
template <typename Object>
Result<void> take_object(std::vector<Object>& objects, Object object, std::uint64_t max_objects) {
  if (objects.size() >= max_objects) {
    return fail(ErrorCode::kResourceExhausted, "more objects than " + std::to_string(max_objects));
  }
  objects.push_back(std::move(object));
  return {};
}

/// What a listing below `prefix` is in the artifact: `entry_at(object, path)` of each object, by
/// its path below the prefix, behind `name` if there is one.
template <typename Object, typename EntryAt>
std::vector<ArtifactEntry> entries_below(const std::vector<Object>& objects,
                                         const std::string& prefix, const std::string& name,
                                         const EntryAt& entry_at) {
  std::vector<ArtifactEntry> entries;
  entries.reserve(objects.size());
  for (const Object& object : objects) {
    entries.push_back(entry_at(object, prefix_of(name) + object.key.substr(prefix.size())));
  }
  return entries;
}

/// An address that stands for itself, but for a version that it may name.
ArtifactEntry entry_of_address(std::string address, const std::string& name,
                               const std::string& bucket, const std::string& key);

/// Nothing is at an address, nor below it.
Error nothing_at(const std::string& uri);

/// A value of an entry's extra, as text; empty: there is none.
std::string extra_text(const protocol::ManifestEntry& entry, std::string_view key);

/// Whether what came is what the entry means, by the ETag; else the file is removed. An entry made
/// without a checksum (its digest is its address) takes whatever is there. Errors: kCorrupt.
Result<void> check_etag(const protocol::ManifestEntry& entry, const net::Headers& headers,
                        const std::string& path);
Error digest_mismatch(const protocol::ManifestEntry& entry, const std::string& found);

/// The text between quotes, if there are any: an ETag without them.
std::string without_quotes(std::string_view etag);

}  // namespace runstone::artifact
