#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/task.h"
#include "runstone/result.h"
#include "runstone/span.h"
#include "runstone/value.h"

// What a handler sees of HTTP: plain values, no socket and no event loop. A handler can be called
// in a test with a Request made by hand.
namespace runstone::http {

enum class Method { kGet, kHead, kPost, kPut, kDelete, kOptions, kOther };
const char* to_string(Method method) noexcept;

/// Names and values in order; names compare without case.
class Headers {
 public:
  /// The first value of that name, or null.
  const std::string* find(std::string_view name) const;
  /// The first value, or `fallback`.
  std::string_view get(std::string_view name, std::string_view fallback = "") const;
  void add(std::string name, std::string value) {
    items_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string_view name, std::string value);  ///< replaces every value of that name
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// A request body on disk. The file goes away with this object unless keep() was called, after
/// which it is the caller's, to rename or remove.
class SpooledFile {
 public:
  /// A new empty file in `folder` (created 0600), open for writing.
  static Result<std::unique_ptr<SpooledFile>> create(const std::string& folder);
  ~SpooledFile();
  SpooledFile(const SpooledFile&) = delete;
  SpooledFile& operator=(const SpooledFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  Result<void> append(std::string_view bytes);
  void keep() { keep_ = true; }

 private:
  SpooledFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
  std::uint64_t size_bytes_ = 0;
  bool keep_ = false;
};

struct Request {
  Method method = Method::kGet;
  std::string target;  ///< as sent: path, then ? and query
  std::string path;    ///< as sent, still percent-encoded, without the query
  Headers headers;
  std::string body;                        ///< whole, unless the route spools
  std::shared_ptr<SpooledFile> body_file;  ///< the body of a route with spooling; else null
  std::string peer;                        ///< the other side's address, without port
  bool peer_is_local = false;              ///< it is a loopback address

  /// Values of the pattern's {names}, percent-decoded; "" if the pattern has no such name.
  std::string_view parameter(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> parameters;
  /// The first value of a name in the query string, decoded ('+' is a space); null if absent.
  const std::string* query(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> query_items;
  /// The value of a cookie, or nothing.
  std::optional<std::string> cookie(std::string_view name) const;
  /// scheme://host[:port] under which the client sees this server: X-Forwarded-Proto and Host.
  std::string base_url() const;
};

/// Fills path and query_items from a target; false if it is no valid request target.
bool parse_target(std::string_view target, Request& into);

/// Bytes that are read piece by piece on the blocking pool while they are sent.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size_bytes() const = 0;
  /// Fills `into` from `offset`; the count read, short only at the end. Blocking.
  virtual Result<std::size_t> read(std::uint64_t offset, Span<char> into) = 0;
};
/// kNotFound if there is no such regular file.
Result<std::shared_ptr<ByteSource>> open_file_source(const std::string& path);

class EventStream;

/// Text that lives as long as the program (embedded pages).
struct StaticBody {
  std::string_view bytes;
};

struct Response {
  int status = 200;
  Headers headers;
  /// Text; static bytes; a source (Range and If-None-Match are served from it); or an event stream.
  /// The source and the stream are shared by the handler's side and the connection.
  std::variant<std::string, StaticBody, std::shared_ptr<ByteSource>, std::shared_ptr<EventStream>>
      body;

  Response&& with(std::string name, std::string value) && {
    headers.add(std::move(name), std::move(value));
    return std::move(*this);
  }
  /// The body as text; "" for a source or a stream. For tests and for compression.
  std::string_view text() const;
};

/// A handler starts on the event loop's thread and must not block there: it hops with
/// `co_await resume_on(pool)`, or is made by on_pool().
using Handler = std::function<Task<Response>(Request)>;

Response text_response(int status, std::string text,
                       std::string content_type = "text/plain; charset=utf-8");
Response json_response(int status, const Value& value);
Response json_text_response(int status, std::string json);
/// `{"errors":[{"message":...}]}`, the one shape of an error on every route.
Response message_response(int status, std::string_view message);
/// The status that an Error means, with its message.
Response error_response(const Error& error);
int status_of(ErrorCode code);
/// 429 with Retry-After: the pool's queue, or another bound, is full.
Response overloaded_response(int retry_after_secs = 1);
Response redirect_response(int status, std::string location);
const char* reason_phrase(int status);
/// "application/json" for "a.json"; "application/octet-stream" for what it does not know.
std::string_view content_type_of(std::string_view path);

/// A handler that runs the blocking `work` on the pool, and answers 429 where the pool refuses.
/// The pool must outlive the server.
Handler on_pool(Executor& pool, std::function<Response(Request)> work);

}  // namespace runstone::http
