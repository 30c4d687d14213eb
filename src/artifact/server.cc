#include "artifact/server.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr std::int64_t kRequestTimeoutUs = 60'000'000;
constexpr int kTries = 5;
constexpr std::int64_t kFirstWaitUs = 200'000;
constexpr std::int64_t kLongestWaitUs = 10'000'000;

Error error_of(const remote::Trouble& trouble) {
  switch (trouble.kind) {
    case remote::TroubleKind::kUnauthorized:
      return {trouble.status == 403 ? ErrorCode::kPermissionDenied : ErrorCode::kUnauthenticated,
              trouble.message};
    case remote::TroubleKind::kRefused:
    case remote::TroubleKind::kNoFile:
      return {ErrorCode::kConflict, trouble.message};
    case remote::TroubleKind::kRetry:
    case remote::TroubleKind::kCancelled:
      break;
  }
  return {ErrorCode::kUnavailable, trouble.message};
}

net::ClientOptions options_of(const remote::Target& target) {
  net::ClientOptions options;
  options.proxy = target.proxy;
  options.verify_tls = target.verify_tls;
  options.ca_file = target.ca_file;
  return options;
}

}  // namespace

std::int64_t wait_before_try_us(int tries, std::int64_t retry_after_us) {
  const std::int64_t own = std::min(kFirstWaitUs << (tries - 1), kLongestWaitUs);
  return std::clamp(retry_after_us, own, kLongestWaitUs);
}

namespace {

ErrorCode code_of(int status) {
  switch (status) {
    case 404:
    case 410:
      return ErrorCode::kNotFound;
    case 401:
      return ErrorCode::kUnauthenticated;
    case 403:
      return ErrorCode::kPermissionDenied;
    default:
      return status >= 500 || status == 429 || status == 408 ? ErrorCode::kUnavailable
                                                             : ErrorCode::kConflict;
  }
}

bool may_pass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded;
}

}  // namespace

Error refusal(const std::string& url, const net::ClientResponse& answer) {
  return {code_of(answer.status),
          url.substr(0, url.find('?')) + " answered " + std::to_string(answer.status)};
}

Result<net::ClientResponse> send_until_answered(net::HttpTransport& connection,
                                                const net::ClientRequest& request, int tries) {
  for (int attempt = 1;; ++attempt) {
    auto answer = connection.send(request);
    std::int64_t retry_after_us = 0;
    if (answer) {
      if (answer->status / 100 == 2 || !may_pass(code_of(answer->status))) return answer;
      retry_after_us =
          remote::parse_retry_after_us(answer->header("retry-after"), system_clock().now_us());
    }
    if ((!answer && !may_pass(answer.error().code)) || attempt >= tries) return answer;
    std::this_thread::sleep_for(
        std::chrono::microseconds(wait_before_try_us(attempt, retry_after_us)));
  }
}

Result<net::ClientResponse> send_patiently(net::HttpTransport& connection,
                                           const net::ClientRequest& request, int tries) {
  RUNSTONE_TRY(auto answer, send_until_answered(connection, request, tries));
  if (answer.status / 100 == 2) return answer;
  return fail(refusal(request.url, answer));
}

Server::Server(remote::Target target)
    : target_(std::move(target)),
      transport_(net::make_http_client(options_of(target_))),
      api_(*transport_, system_clock(), target_) {}

Result<Value> Server::ask(std::string_view name, std::string_view document, Dict variables) const {
  const Value whole(std::move(variables));
  const std::scoped_lock lock(mutex_);
  for (int tries = 1;; ++tries) {
    auto answer = api_.graphql(name, document, whole, kRequestTimeoutUs);
    if (answer) return std::move(*answer);
    const remote::Trouble& trouble = answer.trouble();
    if (trouble.kind != remote::TroubleKind::kRetry || tries == kTries)
      return fail(error_of(trouble));
    std::this_thread::sleep_for(
        std::chrono::microseconds(wait_before_try_us(tries, trouble.retry_after_us)));
  }
}

Result<Value> Server::ask_once(std::string_view name, std::string_view document, Dict variables,
                               std::int64_t timeout_us) const {
  const std::scoped_lock lock(mutex_);
  auto answer = api_.graphql(name, document, Value(std::move(variables)), timeout_us);
  if (!answer) return fail(error_of(answer.trouble()));
  return std::move(*answer);
}

Result<Value> Server::ask_with_input(std::string_view name, std::string_view document,
                                     Dict input) const {
  Dict variables;
  variables.set("input", std::move(input));
  return ask(name, document, std::move(variables));
}

std::unique_ptr<net::HttpTransport> Server::connect() const {
  return net::make_http_client(options_of(target_));
}

std::string Server::whole_url(const std::string& url) const {
  if (url.rfind('/', 0) != 0) return url;
  return api_.target().base_url + url;
}

bool Server::is_own(const std::string& whole_url) const {
  const std::string& own = api_.target().base_url;
  return whole_url.compare(0, own.size(), own) == 0 &&
         (whole_url.size() == own.size() || whole_url[own.size()] == '/');
}

}  // namespace runstone::artifact
