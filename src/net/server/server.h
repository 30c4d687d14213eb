#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/thread_pool.h"
#include "net/server/router.h"
#include "runstone/result.h"

namespace runstone::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: a free one, see Server::port()
  std::string spool_dir;   ///< where spooled bodies go; needed only by routes that spool
  std::size_t connections_max = 1024;  ///< more are accepted and closed with 503
  std::uint32_t header_bytes_max = 64 << 10;
  std::uint64_t memory_bodies_bytes_max = 256 << 20;  ///< of all requests together; more is 429
  // Deadlines. A client that is slower is answered 408 where possible, and closed.
  int header_timeout_ms = 30'000;         ///< first byte to end of the headers
  int body_progress_timeout_ms = 30'000;  ///< between two pieces of a body, either way
  int idle_timeout_ms = 120'000;          ///< between two requests
  int event_keep_alive_ms = 15'000;       ///< a comment line on a silent event stream
};

/// What the server counts, for /api/metrics.
struct ServerCounters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t requests_total = 0;
  std::uint64_t responses_4xx = 0;
  std::uint64_t responses_429 = 0;
  std::uint64_t responses_5xx = 0;
  std::uint64_t event_streams_open = 0;
};

/// HTTP/1.1 on one thread of its own; files are read and spooled on the pool. Knows nothing about
/// runs.
class Server {
 public:
  /// Listens and serves from here on. kConflict if the port is taken; the message names the process
  /// that holds it where the system tells. `pool` outlives the server.
  static Result<std::unique_ptr<Server>> listen(ServerOptions options, Router router,
                                                Executor& pool);
  /// stop(0).
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::string url() const;  ///< "http://127.0.0.1:7867"
  ServerCounters counters() const;

  /// Accepts nothing more, closes idle connections and event streams, lets requests in flight end
  /// within `grace_ms`, then cuts them. False if some were cut. Idempotent; blocks.
  bool stop(int grace_ms);

 public:
  class State;  // private to this folder: server_state.h

 private:
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with handlers that outlive a cut connection
};

}  // namespace runstone::http
