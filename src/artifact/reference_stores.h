#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "artifact/other_versions.h"
#include "artifact/server.h"
#include "net/client/http_client.h"
#include "protocol/record.h"
#include "runstone/artifact.h"
#include "runstone/result.h"

namespace runstone::artifact {

// Where references point to, asked for what is there now. What each store says of an object becomes
// an entry as data formats of the API have it.

/// The entry of an http(s) address: its ETag is the digest (the address, if it has none).
/// Errors: those of send_patiently().
Result<std::vector<ArtifactEntry>> http_entries(const std::string& url, const std::string& name);

/// Whether the entry's digest is one of its bytes, and not an ETag or an address.
bool is_digest_of_content(const protocol::ManifestEntry& entry);

/// A file:// reference, copied. Errors: kNotFound, kCorrupt (it has changed), and of writing.
Result<void> copy_local_reference(const protocol::ManifestEntry& entry, const std::string& target);

/// What any other reference points to, into the new file `path`. Errors: kNotFound, kCorrupt (it
/// has changed), kNotImplemented (a scheme that is not read), those of receive_file().
Result<void> fetch_reference(const Server& server, OtherVersions& others,
                             const protocol::ManifestEntry& entry, const std::string& path,
                             net::HttpTransport& connection);

}  // namespace runstone::artifact
