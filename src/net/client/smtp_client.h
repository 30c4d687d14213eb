#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"

namespace runstone::net {

/// One mail and the server that takes it.
struct MailRequest {
  std::string url;  ///< smtp://host:port (TLS if the server offers it) or smtps://host:port
  std::string username, password;  ///< with a user name nothing is sent without TLS
  std::string sender;              ///< a bare address
  std::vector<std::string> recipients;
  std::string_view message;  ///< headers and body, lines ended by CRLF; borrowed
  bool public_only = false;  ///< refuse to connect to addresses that are not public
  std::int64_t timeout_us = 30'000'000;
};

/// Sends mails over libcurl, one at a time. The interface is here so that tests need no socket.
class MailTransport {
 public:
  virtual ~MailTransport() = default;
  /// Errors   kUnavailable, kDeadlineExceeded: try again later; kInvalidArgument: the server
  /// refused
  ///          it for good (its 5xx answer is in the text); kPermissionDenied: an address that
  ///          `public_only` forbids; kFailedPrecondition: cancelled.
  virtual Result<void> send(const MailRequest& request) = 0;
  /// From any thread: ends the mail under way at once, and every later one.
  virtual void cancel() = 0;
};

std::unique_ptr<MailTransport> make_smtp_client();

}  // namespace runstone::net
