#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "net/client/curl_library.h"
#include "runstone/result.h"

namespace runstone::net {

/// One easy handle driven through a multi handle: only curl_multi_poll can be woken by another
/// thread, so that cancel() and a deadline act at once and not at libcurl's next callback, up to a
/// second later. One thread at a time uses it; any thread may cancel().
class CurlExchange {
 public:
  CurlExchange() = default;
  ~CurlExchange();
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  /// Loads libcurl and makes the handles at the first call; then forgets the last exchange's
  /// options (not its connections). Errors as HttpTransport::send().
  Result<void> begin();
  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_->easy_setopt(easy_, option, value);
  }
  const CurlLibrary& curl() const { return *curl_; }
  CURL* easy() const { return easy_; }

  /// Refuses to connect to any address but public ones, whatever a name resolves to at that moment,
  /// and goes through no proxy, whose address would be checked instead. Between begin() and run().
  void allow_public_addresses_only();

  /// Runs it to its end. What libcurl itself says is in the value.
  /// Errors: kDeadlineExceeded, kFailedPrecondition ("cancelled"), kPermissionDenied (an address
  /// that is not public).
  Result<CURLcode> run(std::int64_t timeout_us);
  /// What went wrong, for people.
  std::string error_text(CURLcode code) const;
  void cancel();

 private:
  Result<CURLcode> drive(std::int64_t deadline_us, std::int64_t timeout_us);

  const CurlLibrary* curl_ = nullptr;
  CURL* easy_ = nullptr;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;  // multi_, between its making and a cancel()
  CURLM* multi_ = nullptr;
  std::string refused_address_;  // of the last exchange, if one was
  char error_buffer_[CURL_ERROR_SIZE] = "";
};

/// What a failed exchange means to the caller.
ErrorCode code_of(CURLcode code);

}  // namespace runstone::net
