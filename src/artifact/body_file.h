#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "artifact/following_digest.h"
#include "base/digest.h"
#include "fs/file_system.h"
#include "net/client/http_client.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// What was received of a file over HTTP.
class Received {
 public:
  using Digesting = std::variant<std::unique_ptr<Digest>, std::unique_ptr<FollowingDigest>>;
  Received(Digesting digesting, net::Headers headers)
      : digesting_(std::move(digesting)), headers_(std::move(headers)) {}

  /// In base64; of a large file it may not be ready yet, and is waited for. Once. Errors: of
  /// reading the file.
  Result<std::string> digest();
  const net::Headers& headers() const { return headers_; }

 private:
  Digesting digesting_;
  net::Headers headers_;  // of the answer
};

/// The body of a GET into the new file `path`, digested as it comes (a large one by a second
/// thread), with memory of one piece. When
/// the connection breaks, it goes on from where it was, if the server can, several times.
/// Errors: those of send_patiently(), kConflict if `path` is there, and of writing. Then no file is
/// left.
Result<Received> receive_file(net::HttpTransport& connection, net::ClientRequest request,
                              const std::string& path, Digest::Kind kind);

/// Gives a request what it needs to be let in, once it is complete otherwise: asked before each
/// try, since a signature covers its headers, and no signature or token lasts as long as a
/// transfer.
using Authorize = std::function<Result<void>(net::ClientRequest& request)>;
Result<Received> receive_file(net::HttpTransport& connection, net::ClientRequest request,
                              const std::string& path, Digest::Kind kind,
                              const Authorize& authorize);

}  // namespace runstone::artifact
