#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "net/client/http_client.h"
#include "protocol/documents.h"
#include "remote/target.h"

namespace runstone::remote {

/// Why a request was not done, by what is to be done about it.
enum class TroubleKind {
  kRetry,         ///< no connection, a time-out, 5xx, 429, HTML: the same again, later
  kUnauthorized,  ///< 401, 403: keys come back, so again, but seldom; at finish it is the end
  kRefused,  ///< the server will never take it: 400, 404, 409, 410, 413, 422, 501, GraphQL errors
  kNoFile,   ///< the file to be sent cannot be read
  kCancelled,
};
struct Trouble {
  TroubleKind kind = TroubleKind::kRetry;
  int status = 0;                   ///< of HTTP; 0 if there was no answer
  std::int64_t retry_after_us = 0;  ///< the server's wish; 0: none
  bool is_too_large = false;        ///< the answer is past what the request allowed for it
  std::string message;              ///< for the user: who answered what
};

/// A value, or the trouble. (Not a Result: what to do depends on more than a code.)
template <typename T>
class Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Trouble trouble) : state_(std::in_place_index<1>, std::move(trouble)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const Trouble& trouble() const { return std::get<1>(state_); }

 private:
  std::variant<T, Trouble> state_;
};

struct Done {};
struct StreamAnswer {
  bool stopped = false;  ///< somebody pressed stop
};
/// A run file: the bytes given, or those of the file at `path`.
struct Upload {
  std::string name;
  std::string path;
  std::string bytes;
};

/// The few calls of the API that the training side makes; knows URLs, statuses and answers, but
/// keeps no state of a run and never tries twice.
class ApiClient {
 public:
  ApiClient(net::HttpTransport& transport, const Clock& clock, Target target);

  Outcome<RunIdentity> upsert(const protocol::UpsertBucket& upsert, std::int64_t timeout_us);
  Outcome<StreamAnswer> post_file_stream(const RunIdentity& run, std::string_view body,
                                         std::int64_t timeout_us);
  Outcome<protocol::CreatedRunFiles> create_run_files(const RunIdentity& run,
                                                      const std::vector<std::string>& names,
                                                      std::int64_t timeout_us);
  Outcome<Done> put(const protocol::UploadUrl& url, const std::vector<std::string>& headers,
                    const Upload& upload, std::int64_t timeout_us);
  Outcome<Done> notify_alert(const RunIdentity& run, const std::string& title,
                             const std::string& text, const std::string& level,
                             std::int64_t wait_duration_ms, std::int64_t timeout_us);

  /// Any other document; an answer with errors is a refusal.
  Outcome<Value> graphql(std::string_view name, std::string_view document, const Value& variables,
                         std::int64_t timeout_us);
  /// The same, with the answer's text as it came, for callers that parse it themselves: a JSON
  /// object with data or errors, one would hope.
  Outcome<std::string> graphql_text(std::string_view name, std::string_view document,
                                    const Value& variables, std::int64_t timeout_us,
                                    std::size_t answer_max_bytes);

  /// GET of an address that the server named, into the file at `path`, or into memory if it is
  /// empty. A few redirections are followed; the key goes to the server's own address only.
  /// `stall_timeout_us`: how long nothing may come; the whole may take as long as it needs.
  Outcome<std::string> get(const std::string& url, const std::string& path,
                           std::int64_t stall_timeout_us, std::size_t memory_max_bytes = 64u << 20);

  /// The server said in RateLimit headers that nothing more is welcome before this time (of
  /// Clock::monotonic_us); 0 if it did not.
  std::int64_t not_before_us() const { return not_before_us_; }
  const Target& target() const { return target_; }
  /// Target::shared_writer_id, where it is known only from a journal.
  void set_shared_writer(std::string id) { target_.shared_writer_id = std::move(id); }

 private:
  /// `location` takes where a 3xx answer points.
  Outcome<net::ClientResponse> exchange(const net::ClientRequest& request,
                                        std::string* location = nullptr);
  net::Headers json_headers(const char* writer_header) const;

  net::HttpTransport& transport_;
  const Clock& clock_;
  Target target_;
  std::int64_t not_before_us_ = 0;
};

/// The wait that a Retry-After header asks for, in seconds or as a date; 0 if unreadable. At most
/// kRetryAfterMaxUs, so that a broken server cannot silence a run for days.
inline constexpr std::int64_t kRetryAfterMaxUs = 300'000'000;
std::int64_t parse_retry_after_us(std::string_view header, std::int64_t now_us);

}  // namespace runstone::remote
