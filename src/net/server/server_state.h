#pragma once

// Private to server.cc and connection.cc: the only header that names Asio.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "net/server/event_stream.h"
#include "net/server/server.h"

namespace runstone::http {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

/// One client's socket. Touched only by the event loop's thread.
struct Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(asio::ip::tcp::socket s) : socket(std::move(s)) {}

  asio::ip::tcp::socket socket;
  std::string peer;
  bool peer_is_local = false;
  /// Past this the sweeper cancels what the socket does; the connection then answers 408 or closes.
  SteadyClock::time_point deadline = SteadyClock::time_point::max();
  bool timed_out = false;
  bool between_requests = true;         ///< nothing of a request has come: free to close
  std::shared_ptr<EventStream> stream;  ///< while one is sent
  std::uint64_t memory_bytes = 0;       ///< its share of State::memory_bodies_bytes

  void expire_after_ms(int ms) { deadline = SteadyClock::now() + std::chrono::milliseconds(ms); }
  void never_expire() { deadline = SteadyClock::time_point::max(); }
};

class Server::State : public std::enable_shared_from_this<Server::State> {
 public:
  State(ServerOptions o, Router r, Executor& p)
      : options(std::move(o)), router(std::move(r)), pool(p) {}

  const ServerOptions options;
  const Router router;
  Executor& pool;
  std::string url;
  std::uint16_t port = 0;

  // Written by the event loop's thread, read by any.
  std::atomic<std::uint64_t> connections_total{0}, requests_total{0}, responses_4xx{0},
      responses_429{0}, responses_5xx{0}, event_streams_open{0};

  // The event loop's thread only. Raw pointers: the coroutine of a connection owns it.
  bool stopping = false;
  std::set<Connection*> connections;
  std::uint64_t memory_bodies_bytes = 0;

  // Whether the port is open and the count of connections, for stop(), which waits on them from
  // outside.
  std::mutex mutex;
  std::condition_variable changed;
  bool listening = true;
  std::size_t open = 0;

  // Last, so that it goes first: connections that stop() could not end die with it.
  asio::io_context io{1};
  asio::ip::tcp::acceptor acceptor{io};
  std::thread thread;

  Result<void> listen();
  void run();
  void enter(Connection& connection);
  void leave(Connection& connection);
  asio::awaitable<void> accept_loop();
  asio::awaitable<void> sweep_loop();
};

/// Serves one connection until it ends. `state` outlives it: the loop that runs it is the state's.
asio::awaitable<void> serve(Server::State& state, std::shared_ptr<Connection> connection);

}  // namespace runstone::http
