#include "net/server/server.h"

#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/server/port_holder.h"
#include "net/server/server_state.h"

namespace runstone::http {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kSweepEvery = std::chrono::milliseconds(100);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr int kCutWaitMs = 2'000;

Failure port_taken(const ServerOptions& options, const error_code& error) {
  const auto where = options.host + ":" + std::to_string(options.port);
  if (error == asio::error::address_in_use) {
    const auto holder = port_holder(options.port);
    return fail(
        ErrorCode::kConflict,
        "port " + std::to_string(options.port) + " is in use" +
            (holder.empty() ? " by a process that this user may not see" : " by " + holder) +
            "; stop it or choose another port");
  }
  return fail(ErrorCode::kIo, "cannot listen on " + where + ": " + error.message());
}

}  // namespace

Result<void> Server::State::listen() {
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "no such address to listen on: " + options.host + " (" + error.message() + ")");
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return port_taken(options, error);
  port = acceptor.local_endpoint(error).port();
  const bool v6 = options.host.find(':') != std::string::npos;
  url = "http://" + (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(port);
  return {};
}

void Server::State::run() {
  asio::co_spawn(io, accept_loop(), asio::detached);
  asio::co_spawn(io, sweep_loop(), asio::detached);
  thread = std::thread([this] {
    // Signals are the main thread's business.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    io.run();
  });
}

void Server::State::enter(Connection& connection) {
  connections.insert(&connection);
  ++connections_total;
  const std::scoped_lock lock(mutex);
  ++open;
}

void Server::State::leave(Connection& connection) {
  connections.erase(&connection);
  const std::scoped_lock lock(mutex);
  --open;
  changed.notify_all();
}

asio::awaitable<void> Server::State::accept_loop() {
  asio::steady_timer pause(io);
  while (!stopping) {
    error_code error;
    tcp::socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (stopping || error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors, or a client that left already: wait, then go on
      log_warning("accepting a connection: " + error.message());
      pause.expires_after(kAcceptPause);
      error_code ignored;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      continue;
    }
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (connections.size() >= options.connections_max) {
      static constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
          "Connection: close\r\n\r\n";
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kFull), ignored);
      continue;
    }
    asio::co_spawn(io, serve(*this, std::make_shared<Connection>(std::move(socket))),
                   asio::detached);
  }
}

asio::awaitable<void> Server::State::sweep_loop() {
  asio::steady_timer timer(io);
  while (!stopping || !connections.empty()) {
    timer.expires_after(kSweepEvery);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto now = SteadyClock::now();
    for (auto* connection : connections) {
      if (now < connection->deadline) continue;
      connection->timed_out = true;
      connection->socket.cancel(ignored);
    }
  }
}

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Router router,
                                               Executor& pool) {
  auto state = std::make_shared<State>(std::move(options), std::move(router), pool);
  if (auto done = state->listen(); !done) return fail(std::move(done).error());
  state->run();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { stop(0); }

std::uint16_t Server::port() const { return state_->port; }
std::string Server::url() const { return state_->url; }

ServerCounters Server::counters() const {
  ServerCounters counters;
  {
    const std::scoped_lock lock(state_->mutex);
    counters.connections_open = state_->open;
  }
  counters.connections_total = state_->connections_total;
  counters.requests_total = state_->requests_total;
  counters.responses_4xx = state_->responses_4xx;
  counters.responses_429 = state_->responses_429;
  counters.responses_5xx = state_->responses_5xx;
  counters.event_streams_open = state_->event_streams_open;
  return counters;
}

bool Server::stop(int grace_ms) {
  if (!state_->thread.joinable()) return true;
  State& state = *state_;
  asio::post(state.io, [&state] {
    state.stopping = true;
    error_code ignored;
    state.acceptor.close(ignored);
    std::vector<std::shared_ptr<EventStream>> streams;
    for (auto* connection : state.connections) {
      if (connection->between_requests) connection->socket.cancel(ignored);
      if (connection->stream) streams.push_back(connection->stream);
    }
    for (const auto& stream : streams) stream->close();
    {
      const std::scoped_lock lock(state.mutex);
      state.listening = false;
    }
    state.changed.notify_all();
  });
  // An idle server has no connection to wait for, yet must not answer one that comes now.
  const auto gone = [&state] { return !state.listening && state.open == 0; };
  bool clean = true;
  {
    std::unique_lock lock(state.mutex);
    clean = state.changed.wait_for(lock, std::chrono::milliseconds(grace_ms), gone);
  }
  if (!clean) {
    asio::post(state.io, [&state] {
      error_code ignored;
      for (auto* connection : state.connections) connection->socket.close(ignored);
    });
    std::unique_lock lock(state.mutex);
    state.changed.wait_for(lock, std::chrono::milliseconds(kCutWaitMs), gone);
  }
  state.io.stop();
  state.thread.join();
  return clean;
}

}  // namespace runstone::http
