#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"

namespace runstone::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What every request of one client has in common.
struct ClientOptions {
  std::string user_agent = "runstone";
  std::string proxy;       ///< empty: http_proxy, https_proxy and no_proxy of the environment
  bool verify_tls = true;  ///< false also accepts self-signed certificates; the user asked for it
  std::string ca_file;     ///< empty: the system's
  std::int64_t connect_timeout_us = 10'000'000;
  /// Asks for compressed answers: right for a network, not for this machine, where compressing
  /// takes longer than sending.
  bool accept_gzip = true;
  /// Connects to public addresses only and through no proxy: for addresses that users chose.
  bool public_only = false;
  /// Goes through no proxy, whatever the environment says: for what only this machine is told.
  bool direct = false;
};

struct ClientResponse;

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string_view body;  ///< borrowed until send() returns
  std::string body_file;  ///< if not empty, the file that is the body (PUT of a run file)
  std::string api_key;    ///< if not empty, `Authorization: Basic api:<key>`
  std::int64_t timeout_us = 180'000'000;  ///< for the whole exchange
  /// Ends an exchange in which nothing has moved for so long; 0: only timeout_us does.
  std::int64_t stall_timeout_us = 0;
  std::size_t response_max_bytes = 16u << 20;  ///< a longer answer is an error, not memory
  /// If not empty, the body of a 2xx answer is written to this file, made anew, and not kept; then
  /// response_max_bytes is for other answers only. After an error the file holds a part of it.
  std::string response_file;
  /// If set, takes the body of a 2xx answer piece by piece, with the answer's status and headers;
  /// it is not kept then. What it returns ends the exchange, if it is an error.
  std::function<Result<void>(const ClientResponse& head, std::string_view piece)> on_body;
  bool accept_gzip = true;        ///< false: the bytes as they are stored
  bool follow_redirects = false;  ///< at most 10; the key goes to no other host
};

/// What one exchange cost; for benchmarks, the debug log and adaptive sending.
struct ExchangeStats {
  std::int64_t total_us = 0;
  std::int64_t connect_us = 0;  ///< 0 on a kept-alive connection
  std::uint64_t sent_bytes = 0, received_bytes = 0;
  bool reused_connection = false;
};

struct ClientResponse {
  int status = 0;
  Headers headers;  ///< names in lower case
  std::string body;
  ExchangeStats stats;
  /// The last header of that lower-case name, or "".
  std::string_view header(std::string_view name) const;
};

/// Sends requests, one at a time. The interface is here so that tests can answer without a socket.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// Any HTTP status is a success here; what it means is the caller's.
  /// Errors   kUnavailable: no connection, or it broke; kDeadlineExceeded: timeout_us passed;
  ///          kFailedPrecondition: cancelled; kPermissionDenied: public_only forbids the address;
  ///          kInvalidArgument: a URL that cannot be; kNotFound, kIo: body_file cannot be read, or
  ///          response_file not be written;
  ///          kResourceExhausted: an answer beyond response_max_bytes; kNotImplemented: no libcurl
  ///          on this system.
  virtual Result<ClientResponse> send(const ClientRequest& request) = 0;
  /// From any thread: ends the request under way at once, and every later one. Cannot be undone.
  virtual void cancel() = 0;
};

/// Over libcurl: HTTP/1.1, connections kept alive, proxies, TLS. libcurl is loaded at the first
/// request, since with what it pulls in it costs more than all of `import runstone`.
/// One thread at a time calls send(); any thread may cancel().
std::unique_ptr<HttpTransport> make_http_client(ClientOptions options = {});

}  // namespace runstone::net
