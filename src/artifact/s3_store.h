#pragma once

#include <string>

#include "net/client/http_client.h"
#include "protocol/record.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// An object that an entry refers to, into the new file `path`.
Result<void> fetch_s3(const protocol::ManifestEntry& entry, const std::string& path,
                      net::HttpTransport& connection);

/// Whether what came is what the entry means, by the ETag; else the file is removed. An entry made
/// without a checksum (its digest is its address) takes whatever is there. Errors: kCorrupt.
Result<void> check_etag(const protocol::ManifestEntry& entry, const net::Headers& headers,
                        const std::string& path);

}  // namespace runstone::artifact
