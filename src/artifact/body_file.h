#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/digest.h"
#include "fs/file_system.h"
#include "net/client/http_client.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// What was received of a file over HTTP.
struct Received {
  std::string digest;  ///< raw bytes of the digest
  std::uint64_t size_bytes = 0;
  net::Headers headers;  ///< of the answer
};

/// The body of a GET into the new file `path`, digested as it comes, with memory of one piece. When
/// the connection breaks, it goes on from where it was, if the server can, several times.
/// Errors: those of send_patiently(), kConflict if `path` is there, and of writing. Then no file is
/// left.
Result<Received> receive_file(net::HttpTransport& connection, net::ClientRequest request,
                              const std::string& path, Digest::Kind kind);

}  // namespace runstone::artifact
