#include "net/client/curl_exchange.h"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/clock.h"
#include "base/try.h"
#include "net/client/address_rules.h"

namespace runstone::net {
namespace {

/// A write to a connection that the peer closed raises SIGPIPE in TLS libraries, and that would end
/// a C++ training. The signal is directed at the writing thread, so it can be held back and taken
/// here.
class SigpipeGuard {
 public:
  SigpipeGuard() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeGuard() {
    if (!was_pending_) {
      const timespec at_once{};
      while (sigtimedwait(&pipe_, nullptr, &at_once) == -1 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  sigset_t pipe_, before_;
  bool was_pending_ = false;
};

// libcurl's CURLOPT_OPENSOCKETFUNCTION: the last moment before a connection, with the very address.
curl_socket_t open_public_socket(void* refused, curlsocktype, curl_sockaddr* address) {
  if (!is_public_address(address->addr)) {
    *static_cast<std::string*>(refused) = to_text(address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

CurlExchange::~CurlExchange() {
  if (easy_ != nullptr) curl_->easy_cleanup(easy_);
  if (multi_ != nullptr) curl_->multi_cleanup(multi_);
}

Result<void> CurlExchange::begin() {
  if (cancelled_) return fail(ErrorCode::kFailedPrecondition, "cancelled");
  if (easy_ == nullptr) {
    RUNSTONE_TRY(curl_, load_curl());
    const std::scoped_lock lock(mutex_);
    multi_ = curl_->multi_init();
    easy_ = curl_->easy_init();
    if (multi_ == nullptr || easy_ == nullptr) {
      return fail(ErrorCode::kResourceExhausted, "no memory for a connection");
    }
  }
  curl_->easy_reset(easy_);  // keeps the connections
  refused_address_.clear();
  set(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  set(CURLOPT_QUICK_EXIT, 1L);  // a hanging name look-up must not hold up the end of the process
#endif
  set(CURLOPT_ERRORBUFFER, error_buffer_);
  error_buffer_[0] = '\0';
  // As OpenSSL itself has it: how a company's own certificates come to be trusted.
  if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0') {
    set(CURLOPT_CAINFO, file);
  }
  return {};
}

void CurlExchange::allow_public_addresses_only() {
  set(CURLOPT_PROXY, "");
  set(CURLOPT_OPENSOCKETFUNCTION, &open_public_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&refused_address_));
}

Result<CURLcode> CurlExchange::run(std::int64_t timeout_us) {
  const SigpipeGuard guard;
  const std::int64_t deadline_us = system_clock().monotonic_us() + timeout_us;
  curl_->multi_add_handle(multi_, easy_);
  auto result = drive(deadline_us, timeout_us);
  curl_->multi_remove_handle(multi_, easy_);  // closes the connection if the exchange is not over
  if (result && *result != CURLE_OK && !refused_address_.empty()) {
    return fail(ErrorCode::kPermissionDenied,
                refused_address_ + " is no public address, and this target may not use others");
  }
  return result;
}

Result<CURLcode> CurlExchange::drive(std::int64_t deadline_us, std::int64_t timeout_us) {
  while (true) {
    int running = 0;
    if (const CURLMcode code = curl_->multi_perform(multi_, &running); code != CURLM_OK) {
      return fail(ErrorCode::kInternal, curl_->multi_strerror(code));
    }
    int queued = 0;
    while (const CURLMsg* message = curl_->multi_info_read(multi_, &queued)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    if (cancelled_) return fail(ErrorCode::kFailedPrecondition, "cancelled");
    const std::int64_t left_us = deadline_us - system_clock().monotonic_us();
    if (left_us <= 0) {
      return fail(ErrorCode::kDeadlineExceeded,
                  "no answer within " + std::to_string(timeout_us / 1000) + " ms");
    }
    const auto wait_ms = std::min<std::int64_t>(left_us / 1000 + 1, 60'000);
    curl_->multi_poll(multi_, nullptr, 0, static_cast<int>(wait_ms), nullptr);
  }
}

std::string CurlExchange::error_text(CURLcode code) const {
  return error_buffer_[0] != '\0' ? error_buffer_ : curl_->easy_strerror(code);
}

void CurlExchange::cancel() {
  cancelled_ = true;
  const std::scoped_lock lock(mutex_);
  if (multi_ != nullptr) curl_->multi_wakeup(multi_);
}

ErrorCode code_of(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return ErrorCode::kInvalidArgument;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_READ_ERROR:
      return ErrorCode::kIo;  // only the body file's reader aborts
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::kDeadlineExceeded;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace runstone::net
