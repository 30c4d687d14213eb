#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/client/http_client.h"
#include "protocol/record.h"
#include "runstone/artifact.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// A kind of store whose objects references point to. Objects without state, one for the process:
/// who is asked, and with what credentials, is found out anew at each call.
///
/// Refusals are kConflict, so that they are not taken for those of the tracking server, and say
/// whose credentials were used and what to do.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  /// The object at the address, or every object below it.
  /// Errors: kNotFound (nothing is there), kConflict, kUnavailable, kDeadlineExceeded,
  /// kInvalidArgument (no such address, credentials that cannot be read), kResourceExhausted (more
  /// than max_objects).
  virtual Result<std::vector<ArtifactEntry>> entries(const std::string& uri,
                                                     const std::string& name,
                                                     std::uint64_t max_objects) const = 0;
  /// The address standing for itself. Asks nobody.
  virtual ArtifactEntry by_address(const std::string& uri, const std::string& name) const = 0;
  /// What the entry refers to, into the new file `path`.
  /// Errors: those of entries(), kCorrupt (it is another object now), and of writing.
  virtual Result<void> fetch(const protocol::ManifestEntry& entry, const std::string& path,
                             net::HttpTransport& connection) const = 0;
};

const ObjectStore& s3_store();
const ObjectStore& gcs_store();
const ObjectStore& azure_store();

/// The store that an address is in; nullptr: none of them.
const ObjectStore* store_of(const std::string& uri);

/// What a reference names: scheme://bucket/key, and what may stand behind it.
struct ObjectAddress {
  std::string bucket, key;
  std::string query, fragment;  ///< behind ? and #
};
ObjectAddress parse_address(const std::string& uri);

}  // namespace runstone::artifact
