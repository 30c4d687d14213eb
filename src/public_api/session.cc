#include "public_api/session.h"

#include <algorithm>
#include <chrono>

#include "base/try.h"
#include "protocol/public_documents.h"

namespace runstone::public_api {
namespace {

using remote::Trouble;
using remote::TroubleKind;

constexpr std::int64_t kFirstWaitUs = 100'000;
constexpr std::int64_t kLongestWaitUs = 5'000'000;
// A server that nobody hears is seldom back within seconds: people want to know.
constexpr int kTriesWithoutAnswer = 3;
constexpr std::int64_t kDownloadStallUs = 60'000'000;

SessionOptions completed(SessionOptions options) {
  while (!options.target.base_url.empty() && options.target.base_url.back() == '/') {
    options.target.base_url.pop_back();
  }
  while (!options.app_url.empty() && options.app_url.back() == '/') options.app_url.pop_back();
  if (options.app_url.empty()) options.app_url = options.target.base_url;
  return options;
}

bool is_this_machine(const std::string& url) {
  for (const char* host : {"://127.", "://localhost", "://[::1]"}) {
    if (url.find(host) != url.npos) return true;
  }
  return false;
}

std::unique_ptr<net::HttpTransport> transport_for(const SessionOptions& options) {
  return net::make_http_client(
      {.proxy = options.target.proxy,
       .verify_tls = options.target.verify_tls,
       .ca_file = options.target.ca_file,
       .connect_timeout_us = std::min<std::int64_t>(options.timeout_us, 10'000'000),
       .accept_gzip = !is_this_machine(options.target.base_url)});
}

std::string seconds_text(std::int64_t us) {
  const auto tenths = (us + 99'999) / 100'000;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

// What the caller can do, by what was met.
ErrorCode code_of(const Trouble& trouble) {
  if (trouble.is_too_large) return ErrorCode::kResourceExhausted;
  switch (trouble.kind) {
    case TroubleKind::kUnauthorized:
      return trouble.status == 401 ? ErrorCode::kUnauthenticated : ErrorCode::kPermissionDenied;
    case TroubleKind::kRefused:
      return trouble.status == 404 ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument;
    case TroubleKind::kNoFile:
      return ErrorCode::kIo;
    case TroubleKind::kCancelled:
      return ErrorCode::kFailedPrecondition;
    case TroubleKind::kRetry:
      return ErrorCode::kUnavailable;
  }
  return ErrorCode::kInternal;
}

const char* advice_of(const Trouble& trouble) {
  if (trouble.kind == TroubleKind::kUnauthorized) {
    return trouble.status == 401
               ? ": the key is not valid there. `runstone key` on the server prints one; set "
                 "RUNSTONE_API_KEY or call runstone.login(key)"
               : ": the key may not do this";
  }
  if (trouble.is_too_large || trouble.kind != TroubleKind::kRetry) return "";
  if (trouble.status == 0) return ": is the address right, and does the server run?";
  if (trouble.status == 200)
    return ": is the address right? A proxy or a login page may be between";
  return "";
}

}  // namespace

Error error_of(const Trouble& trouble, std::string_view what) {
  return Error(code_of(trouble), std::string(what) + ": " + trouble.message + advice_of(trouble));
}

Session::Session(SessionOptions options, std::unique_ptr<net::HttpTransport> transport)
    : options_(completed(std::move(options))),
      transport_(transport ? std::move(transport) : transport_for(options_)),
      client_(*transport_, system_clock(), options_.target) {}

template <typename T>
Result<T> Session::patiently(
    std::string_view what, Repeat repeat,
    const std::function<remote::Outcome<T>(std::int64_t timeout_us)>& attempt) {
  const Clock& clock = system_clock();
  const std::int64_t deadline_us = clock.monotonic_us() + options_.timeout_us;
  std::int64_t wait_us = kFirstWaitUs;
  for (int tries = 1;; ++tries) {
    const std::int64_t left_us = deadline_us - clock.monotonic_us();
    std::int64_t not_before_us = 0;
    auto outcome = [&] {
      const std::scoped_lock lock(mutex_);
      auto made = attempt(std::max<std::int64_t>(left_us, 1'000));
      not_before_us = client_.not_before_us();
      return made;
    }();
    if (outcome) return std::move(*outcome);
    const Trouble& trouble = outcome.trouble();
    const bool unheard = trouble.status == 0;
    const bool is_answer_of_another = trouble.status == 200;  // HTML: it will not become JSON
    if (trouble.kind != TroubleKind::kRetry || trouble.is_too_large || is_answer_of_another ||
        (unheard && (tries >= kTriesWithoutAnswer || repeat == Repeat::kIfNotSent))) {
      return fail(error_of(trouble, what));
    }
    const std::int64_t asked_us =
        std::max(trouble.retry_after_us, not_before_us - clock.monotonic_us());
    const std::int64_t pause_us = asked_us > 0 ? asked_us : wait_us;
    const std::int64_t rest_us = deadline_us - clock.monotonic_us();
    if (pause_us >= rest_us) {
      Error error = error_of(trouble, what);
      error.code = unheard ? ErrorCode::kUnavailable : ErrorCode::kDeadlineExceeded;
      if (asked_us > 0) {
        error.message += "; it asks to wait " + seconds_text(asked_us) + ", the call has " +
                         seconds_text(std::max<std::int64_t>(rest_us, 0)) + " left (timeout)";
      } else {
        error.message += "; given up after " + std::to_string(tries) + " tries in " +
                         seconds_text(options_.timeout_us) + " (timeout)";
      }
      return fail(std::move(error));
    }
    if (!pause(pause_us)) return fail(ErrorCode::kFailedPrecondition, "cancelled");
    wait_us = std::min(wait_us * 2, kLongestWaitUs);
  }
}

bool Session::pause(std::int64_t us) {
  std::unique_lock lock(pause_mutex_);
  return !pause_over_.wait_for(lock, std::chrono::microseconds(us), [&] { return cancelled_; });
}

void Session::cancel() {
  {
    const std::scoped_lock lock(pause_mutex_);
    cancelled_ = true;
  }
  pause_over_.notify_all();
  transport_->cancel();
}

Result<Value> Session::ask(std::string_view name, std::string_view document, const Value& variables,
                           Repeat repeat) {
  return patiently<Value>(name, repeat, [&](std::int64_t timeout_us) {
    return client_.graphql(name, document, variables, timeout_us);
  });
}

Result<std::string> Session::ask_text(std::string_view name, std::string_view document,
                                      const Value& variables, std::size_t max_bytes) {
  return patiently<std::string>(name, Repeat::kAlways, [&](std::int64_t timeout_us) {
    return client_.graphql_text(name, document, variables, timeout_us, max_bytes);
  });
}

Result<std::string> Session::download(const std::string& url, const std::string& path) {
  return patiently<std::string>("download", Repeat::kAlways, [&](std::int64_t) {
    return client_.get(url, path, kDownloadStallUs);
  });
}

Result<void> Session::upload(const protocol::UploadUrl& url,
                             const std::vector<std::string>& headers, const std::string& path) {
  constexpr std::int64_t kUploadTimeoutUs = std::int64_t{24} * 3600 * 1'000'000;
  auto done = patiently<remote::Done>("upload of " + url.name, Repeat::kAlways, [&](std::int64_t) {
    return client_.put(url, headers, {.name = url.name, .path = path}, kUploadTimeoutUs);
  });
  if (!done) return fail(std::move(done).error());
  return {};
}

std::shared_ptr<const artifact::Server> Session::artifacts() {
  const std::scoped_lock lock(artifacts_mutex_);
  if (!artifacts_) artifacts_ = std::make_shared<const artifact::Server>(options_.target);
  return artifacts_;
}

std::shared_ptr<Session> Session::another() const { return std::make_shared<Session>(options_); }

Result<std::string> Session::default_entity() {
  if (!options_.entity.empty()) return options_.entity;
  const std::scoped_lock lock(entity_mutex_);
  if (viewer_entity_.empty()) {
    RUNSTONE_TRY(const auto data,
                 ask("GetDefaultEntity", protocol::kDefaultEntityDocument, Dict()));
    const Value* viewer = data.get("viewer");
    const Value* entity = viewer ? viewer->get("entity") : nullptr;
    if (entity != nullptr) viewer_entity_ = entity->string_or("");
  }
  return viewer_entity_;
}

}  // namespace runstone::public_api
