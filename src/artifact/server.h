#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/client/http_client.h"
#include "remote/api_client.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::artifact {

/// The server that artifacts are read from and changed on. Any thread; calls wait for the network.
class Server {
 public:
  explicit Server(remote::Target target);

  /// The data of a document's answer. What may pass (no connection, 5xx, 429) is tried again for
  /// some seconds. Errors: kUnauthenticated, kPermissionDenied, kUnavailable, kConflict (the server
  /// says no, with its words).
  Result<Value> ask(std::string_view name, std::string_view document, Dict variables) const;
  /// One try, within the time given: for what can do without an answer.
  Result<Value> ask_once(std::string_view name, std::string_view document, Dict variables,
                         std::int64_t timeout_us) const;
  Result<Value> ask_with_input(std::string_view name, std::string_view document, Dict input) const;

  const remote::Target& target() const { return target_; }
  /// A connection of one's own, for bytes.
  std::unique_ptr<net::HttpTransport> connect() const;
  /// An address that the server gave, whole: it may be a path of its own.
  std::string whole_url(const std::string& url) const;
  bool is_own(const std::string& whole_url) const;

 private:
  const remote::Target target_;
  mutable std::mutex mutex_;  // one request at a time
  const std::unique_ptr<net::HttpTransport> transport_;
  mutable remote::ApiClient api_;
};

/// Sends what may be repeated until there is an answer; what may pass (no connection, 5xx, 429) is
/// tried again, `tries` times in all. The answer may be a refusal, the last one of those included.
/// Errors: of HttpTransport::send().
Result<net::ClientResponse> send_until_answered(net::HttpTransport& connection,
                                                const net::ClientRequest& request, int tries);
/// What an answer other than 2xx means, with the address (less its query, where signatures are).
Error refusal(const std::string& url, const net::ClientResponse& answer);

/// Sends what may be repeated until the answer is 2xx; what may pass is tried again, `tries` times
/// in all. Errors: kNotFound (404), kUnauthenticated, kPermissionDenied, kUnavailable, kConflict
/// (another refusal), and what the request's on_body() gave.
Result<net::ClientResponse> send_patiently(net::HttpTransport& connection,
                                           const net::ClientRequest& request, int tries);

/// How long to wait before try number `tries` (from 1) of what may pass.
std::int64_t wait_before_try_us(int tries, std::int64_t retry_after_us);

}  // namespace runstone::artifact
