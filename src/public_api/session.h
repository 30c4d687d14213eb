#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "artifact/server.h"
#include "net/client/http_client.h"
#include "remote/api_client.h"
#include "runstone/api.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::public_api {

/// What a session talks to and by which defaults.
struct SessionOptions {
  remote::Target target;
  std::string app_url;          ///< of the pages; empty: the target's address
  std::string entity, project;  ///< for paths that do not name them
  std::int64_t timeout_us = 20'000'000;
};

/// Whether a request may be made again when it is not known what became of the first.
enum class Repeat { kAlways, kIfNotSent };

/// One connection to a server of the API, and the patience with it: what a server says it will take
/// later is asked again, with growing waits or after the time it names, until the call's time is
/// over. Any thread; one request at a time.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `transport` empty: over libcurl.
  explicit Session(SessionOptions options, std::unique_ptr<net::HttpTransport> transport = nullptr);

  /// The data of a GraphQL answer.
  /// Errors: kUnauthenticated, kPermissionDenied, kNotFound, kInvalidArgument (a refusal),
  /// kUnavailable, kDeadlineExceeded. Messages name the server and what to do.
  Result<Value> ask(std::string_view name, std::string_view document, const Value& variables,
                    Repeat repeat = Repeat::kAlways);
  /// The answer's text. kResourceExhausted if it is longer than `max_bytes`.
  Result<std::string> ask_text(std::string_view name, std::string_view document,
                               const Value& variables, std::size_t max_bytes);
  /// The bytes at an address that the server named: into the file at `path`, else into memory.
  Result<std::string> download(const std::string& url, const std::string& path);
  /// Sends a file to an address that the server named.
  Result<void> upload(const protocol::UploadUrl& url, const std::vector<std::string>& headers,
                      const std::string& path);

  /// The same server for what reads versions of artifacts; made when it is first asked for.
  std::shared_ptr<const artifact::Server> artifacts();
  /// Another connection to the same server.
  std::shared_ptr<Session> another() const;
  /// From any thread: ends what is under way, and everything later.
  void cancel();

  const SessionOptions& options() const { return options_; }
  const std::string& app_url() const { return options_.app_url; }
  /// The entity of paths that name none: the option, else the viewer's, asked once.
  Result<std::string> default_entity();

 private:
  /// False if cancelled.
  bool pause(std::int64_t us);
  template <typename T>
  Result<T> patiently(std::string_view what, Repeat repeat,
                      const std::function<remote::Outcome<T>(std::int64_t timeout_us)>& attempt);

  const SessionOptions options_;
  const std::unique_ptr<net::HttpTransport> transport_;
  std::mutex mutex_;  // client_ and transport_, while a request is under way
  remote::ApiClient client_;
  std::mutex pause_mutex_;
  std::condition_variable pause_over_;
  bool cancelled_ = false;  // under pause_mutex_
  std::mutex artifacts_mutex_;
  std::shared_ptr<const artifact::Server> artifacts_;  // owners: this, and the versions it gave
  std::mutex entity_mutex_;
  std::string viewer_entity_;  // once asked
};

/// Errors for people, of what a request met. `what`: the document's name.
Error error_of(const remote::Trouble& trouble, std::string_view what);

}  // namespace runstone::public_api
