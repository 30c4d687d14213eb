#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <optional>
#include <utility>

#include "base/log.h"
#include "net/server/compress.h"
#include "net/server/message.h"
#include "net/server/server_state.h"

// One connection, from its first byte to its last, as a coroutine on the event loop's thread.
namespace runstone::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;
using Parser = beast_http::request_parser<beast_http::buffer_body>;

constexpr std::size_t kPieceBytes = 256 << 10;      // of files, read and sent at once
constexpr std::uint64_t kSkipBytesMax = 256 << 10;  // of an unwanted body, to keep the connection
constexpr std::uint64_t kLingerBytesMax = 128ULL << 20;
constexpr int kLingerMs = 2'000;

auto result_in(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

Method method_of(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::kGet;
    case beast_http::verb::head:
      return Method::kHead;
    case beast_http::verb::post:
      return Method::kPost;
    case beast_http::verb::put:
      return Method::kPut;
    case beast_http::verb::delete_:
      return Method::kDelete;
    case beast_http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

// Runs blocking work on the pool and comes back to the loop. A full pool makes the connection wait,
// which makes its client wait: a transfer that has begun is never broken off for that.
class OnPool {
 public:
  OnPool(Server::State& state) : state_(state) {}

  asio::awaitable<void> operator()(std::function<void()> work) {
    asio::steady_timer pause(state_.io);
    for (;;) {
      bool taken = false;
      co_await post(work, taken);
      if (taken) co_return;
      pause.expires_after(std::chrono::milliseconds(10));
      error_code ignored;
      co_await pause.async_wait(result_in(ignored));
    }
  }

 private:
  asio::awaitable<void> post(const std::function<void()>& work, bool& taken) {
    // Only the pool's side holds the state: a frame that held it could never be freed with it.
    auto initiate = [&](auto handler) {
      auto keep_alive = state_.shared_from_this();
      auto done = std::make_shared<decltype(handler)>(std::move(handler));
      // The pool's thread may outlive a server that was cut: it keeps the state until it is
      // through.
      auto finish = [keep_alive, done] {
        asio::post(keep_alive->io, [done] { std::move (*done)(); });
      };
      taken = state_.pool.try_post([work, finish] {
        work();
        finish();
      });
      if (!taken) finish();
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(initiate,
                                                                         asio::use_awaitable);
  }

  Server::State& state_;
};

struct ConnectionGuard {
  ConnectionGuard(Server::State& s, Connection& c) : state(s), connection(c) { state.enter(c); }
  ~ConnectionGuard() {
    state.memory_bodies_bytes -= connection.memory_bytes;
    state.leave(connection);
  }
  Server::State& state;
  Connection& connection;
};

class Exchange {
 public:
  Exchange(Server::State& state, Connection& connection, boost::beast::flat_buffer& buffer)
      : state_(state), connection_(connection), buffer_(buffer), on_pool_(state) {}

  /// One request and its response. False: the connection ends.
  asio::awaitable<bool> run();

 private:
  asio::awaitable<bool> read_head();
  asio::awaitable<bool> wait_for_first_byte();
  asio::awaitable<bool> head_failed(error_code error);
  bool fill_request();
  asio::awaitable<bool> read_body(const RouteOptions& options);
  asio::awaitable<bool> take_piece(const RouteOptions& options, std::string_view piece);
  bool reserve(std::uint64_t bytes);
  void release();
  asio::awaitable<bool> skip_body();
  asio::awaitable<Response> call(const Handler& handler);
  /// Answers without having read the body.
  asio::awaitable<bool> refuse(Response response);
  asio::awaitable<void> linger();

  asio::awaitable<bool> send(Response response, bool keep_alive);
  asio::awaitable<bool> send_source(Response response, bool keep_alive);
  asio::awaitable<bool> send_events(Response response);
  asio::awaitable<bool> write(std::string_view first, std::string_view second = {});
  void count(const Response& response);

  Server::State& state_;
  Connection& connection_;
  boost::beast::flat_buffer& buffer_;
  OnPool on_pool_;
  std::optional<Parser> parser_;
  Request request_;
  Headers conditions_;  ///< of the request: what decides which bytes are sent
  bool head_only_ = false;
};

asio::awaitable<bool> Exchange::run() {
  if (!co_await read_head()) co_return false;
  connection_.between_requests = false;
  ++state_.requests_total;
  if (!fill_request()) co_return co_await refuse(message_response(400, "bad request target"));
  auto match = state_.router.match(request_.method, request_.path);
  const Handler* handler = &state_.router.fallback();
  static const RouteOptions kNoOptions;
  const RouteOptions* options = &kNoOptions;
  if (match.route) {
    handler = &match.route->handler;
    options = &match.route->options;
    request_.parameters = std::move(match.parameters);
  } else if (match.path_exists) {
    co_return co_await refuse(message_response(405, "this address does not take " +
                                                        std::string(parser_->get().method_string()))
                                  .with("Allow", match.allow));
  } else if (!*handler || (request_.method != Method::kGet && request_.method != Method::kHead)) {
    co_return co_await refuse(message_response(404, "there is nothing at " + request_.path));
  }
  if (options->admit) {
    auto refusal = options->admit(request_);
    if (refusal) co_return co_await refuse(std::move(*refusal));
  }
  if (!co_await read_body(*options)) co_return false;
  const bool keep_alive = parser_->keep_alive() && !state_.stopping;
  parser_.reset();
  connection_.never_expire();
  auto response = co_await call(*handler);
  release();
  const bool again = co_await send(std::move(response), keep_alive && !state_.stopping);
  co_return again;
}

asio::awaitable<bool> Exchange::wait_for_first_byte() {
  connection_.between_requests = true;
  if (buffer_.size() > 0) co_return true;  // pipelined
  connection_.expire_after_ms(state_.options.idle_timeout_ms);
  error_code error;
  const auto count =
      co_await connection_.socket.async_read_some(buffer_.prepare(8 << 10), result_in(error));
  if (error) co_return false;
  buffer_.commit(count);
  co_return true;
}

asio::awaitable<bool> Exchange::read_head() {
  if (!co_await wait_for_first_byte()) co_return false;
  connection_.between_requests = false;
  parser_.emplace();
  parser_->header_limit(state_.options.header_bytes_max);
  parser_->body_limit(boost::none);  // each route has its own
  connection_.expire_after_ms(state_.options.header_timeout_ms);
  error_code error;
  co_await beast_http::async_read_header(connection_.socket, buffer_, *parser_, result_in(error));
  if (error) co_return co_await head_failed(error);
  co_return true;
}

asio::awaitable<bool> Exchange::head_failed(error_code error) {
  ++state_.requests_total;
  if (connection_.timed_out) {
    connection_.timed_out = false;
    co_await send(message_response(408, "the request did not arrive in time"), false);
  } else if (error == beast_http::error::header_limit ||
             error == beast_http::error::buffer_overflow) {
    co_await refuse(message_response(431, "the headers are longer than " +
                                              std::to_string(state_.options.header_bytes_max) +
                                              " bytes"));
  } else if (error.category() ==
                 beast_http::make_error_code(beast_http::error::bad_line_ending).category() &&
             error != beast_http::error::end_of_stream &&
             error != beast_http::error::partial_message) {
    co_await refuse(message_response(400, "not HTTP: " + error.message()));
  }
  co_return false;
}

bool Exchange::fill_request() {
  const auto& message = parser_->get();
  request_.method = method_of(message.method());
  head_only_ = request_.method == Method::kHead;
  for (const auto& field : message) {
    request_.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  request_.peer = connection_.peer;
  request_.peer_is_local = connection_.peer_is_local;
  const auto target = message.target();
  return parse_target(std::string_view(target.data(), target.size()), request_);
}

bool Exchange::reserve(std::uint64_t bytes) {
  if (state_.memory_bodies_bytes + bytes > state_.options.memory_bodies_bytes_max) return false;
  state_.memory_bodies_bytes += bytes;
  connection_.memory_bytes += bytes;
  return true;
}

void Exchange::release() {
  state_.memory_bodies_bytes -= std::exchange(connection_.memory_bytes, 0);
}

Response too_large(std::uint64_t limit) {
  return message_response(413, "the body is larger than " + std::to_string(limit) + " bytes");
}

// False: it was answered already, and the connection ends.
asio::awaitable<bool> Exchange::read_body(const RouteOptions& options) {
  const auto length = parser_->content_length();
  if (length && *length > options.max_body_bytes) {
    co_await refuse(too_large(options.max_body_bytes));
    co_return false;
  }
  if (options.spool) {
    auto file = SpooledFile::create(state_.options.spool_dir);
    if (!file) {
      log_error("spooling a body: " + file.error().message);
      co_await refuse(message_response(500, "the server cannot store the body now"));
      co_return false;
    }
    request_.body_file = std::move(*file);
  } else if (length && *length > 0) {
    if (!reserve(*length)) {
      co_await refuse(overloaded_response());
      co_return false;
    }
    request_.body.reserve(*length);
  }
  if (!parser_->is_done() && request_.headers.get("expect").size() > 0) {
    if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
  }
  std::string piece(parser_->is_done() ? 0 : options.spool ? kPieceBytes : (64 << 10), '\0');
  while (!parser_->is_done()) {
    parser_->get().body().data = piece.data();
    parser_->get().body().size = piece.size();
    connection_.expire_after_ms(state_.options.body_progress_timeout_ms);
    error_code error;
    co_await beast_http::async_read_some(connection_.socket, buffer_, *parser_, result_in(error));
    if (error == beast_http::error::need_buffer) error = {};
    if (error) {
      if (connection_.timed_out) {
        connection_.timed_out = false;
        co_await send(message_response(408, "the body did not arrive in time"), false);
      } else if (error.category() ==
                     beast_http::make_error_code(beast_http::error::bad_chunk).category() &&
                 error != beast_http::error::partial_message) {
        co_await send(message_response(400, "bad body: " + error.message()), false);
      }
      co_return false;
    }
    const auto got = piece.size() - parser_->get().body().size;
    if (!co_await take_piece(options, std::string_view(piece.data(), got))) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Exchange::take_piece(const RouteOptions& options, std::string_view piece) {
  if (piece.empty()) co_return true;
  const auto have = request_.body_file ? request_.body_file->size_bytes() : request_.body.size();
  if (have + piece.size() > options.max_body_bytes) {  // a chunked body that told no length
    co_await refuse(too_large(options.max_body_bytes));
    co_return false;
  }
  if (request_.body_file) {
    Result<void> written;
    // Nothing may fire while the piece is on its way to the disk: the socket is not waiting.
    connection_.never_expire();
    auto file = request_.body_file;
    std::function<void()> append = [file, piece, &written] { written = file->append(piece); };
    co_await on_pool_(std::move(append));
    if (!written) {
      log_error("spooling a body: " + written.error().message);
      co_await refuse(message_response(500, "the server cannot store the body now"));
      co_return false;
    }
    co_return true;
  }
  if (request_.body.size() + piece.size() > connection_.memory_bytes && !reserve(piece.size())) {
    co_await refuse(overloaded_response());
    co_return false;
  }
  request_.body.append(piece);
  co_return true;
}

// Reads on and forgets, so that the connection can be kept. False if that would be much.
asio::awaitable<bool> Exchange::skip_body() {
  std::uint64_t skipped = 0;
  std::string piece(parser_->is_done() ? 0 : 16 << 10, '\0');
  const auto length = parser_->content_length();
  if (length && *length > kSkipBytesMax) co_return false;
  if (!parser_->is_done() && request_.headers.get("expect").size() > 0) co_return false;
  while (!parser_->is_done()) {
    parser_->get().body().data = piece.data();
    parser_->get().body().size = piece.size();
    connection_.expire_after_ms(state_.options.body_progress_timeout_ms);
    error_code error;
    co_await beast_http::async_read_some(connection_.socket, buffer_, *parser_, result_in(error));
    if (error && error != beast_http::error::need_buffer) co_return false;
    skipped += piece.size() - parser_->get().body().size;
    if (skipped > kSkipBytesMax) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Exchange::refuse(Response response) {
  const bool readable = parser_ && parser_->is_header_done();
  bool keep_alive = false;
  if (readable) keep_alive = co_await skip_body();
  if (keep_alive) keep_alive = parser_->keep_alive() && !state_.stopping;
  connection_.timed_out = false;
  const bool again = co_await send(std::move(response), keep_alive);
  if (again) co_return true;
  co_await linger();
  co_return false;
}

// A socket that is closed with unread bytes resets the connection, and the client may never see the
// answer: so what it still sends is read and dropped, for a while.
asio::awaitable<void> Exchange::linger() {
  error_code error;
  connection_.socket.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  std::array<char, 16 << 10> dropped;
  std::uint64_t total = 0;
  while (!error && total < kLingerBytesMax && !state_.stopping) {
    connection_.expire_after_ms(kLingerMs);
    total += co_await connection_.socket.async_read_some(asio::buffer(dropped), result_in(error));
  }
}

asio::awaitable<Response> Exchange::call(const Handler& handler) {
  const std::string accepted(request_.headers.get("accept-encoding"));
  for (const auto* name :
       {"range", "if-range", "if-none-match"}) {  // for send(): the rest moves on
    if (const auto* value = request_.headers.find(name)) conditions_.add(name, *value);
  }
  auto answer = std::make_shared<Response>();
  auto task = handler(std::move(request_));
  // The task ends on whichever thread it likes; compressing there keeps the loop free.
  auto initiate = [&](auto completion) {
    auto done = std::make_shared<decltype(completion)>(std::move(completion));
    start<Response>(std::move(task),
                    [answer, accepted, state = state_.shared_from_this(), done](Response response) {
                      compress_response(accepted, response);
                      *answer = std::move(response);
                      asio::post(state->io, [done] { std::move (*done)(); });
                    });
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(initiate,
                                                                       asio::use_awaitable);
  co_return std::move(*answer);
}

void Exchange::count(const Response& response) {
  if (response.status >= 500) ++state_.responses_5xx;
  if (response.status >= 400 && response.status < 500) ++state_.responses_4xx;
  if (response.status == 429) ++state_.responses_429;
}

// Writes all of both in as few segments as the socket takes. The deadline starts anew with each
// piece that gets through: a slow reader is fine, one that stopped is not.
asio::awaitable<bool> Exchange::write(std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    const std::array<asio::const_buffer, 2> pieces{asio::buffer(first), asio::buffer(second)};
    connection_.expire_after_ms(state_.options.body_progress_timeout_ms);
    error_code error;
    auto count = co_await connection_.socket.async_write_some(pieces, result_in(error));
    if (error) co_return false;
    const auto of_first = std::min(count, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(count - of_first);
  }
  co_return true;
}

asio::awaitable<bool> Exchange::send(Response response, bool keep_alive) {
  count(response);
  if (std::holds_alternative<std::shared_ptr<EventStream>>(response.body)) {
    co_return co_await send_events(std::move(response));
  }
  if (std::holds_alternative<std::shared_ptr<ByteSource>>(response.body)) {
    co_return co_await send_source(std::move(response), keep_alive);
  }
  if (not_modified(conditions_, response)) {
    response.status = 304;
    response.body = std::string();
  }
  const auto body = response.text();
  const auto head = response_head(response, Framing::kLength, body.size(), keep_alive);
  const bool written = co_await write(head, head_only_ ? std::string_view() : body);
  co_return written&& keep_alive;
}

asio::awaitable<bool> Exchange::send_source(Response response, bool keep_alive) {
  const auto source = std::get<std::shared_ptr<ByteSource>>(response.body);
  const auto size = source->size_bytes();
  std::uint64_t from = 0, left = size;
  response.headers.set("Accept-Ranges", "bytes");
  if (not_modified(conditions_, response)) {
    response.status = 304;
    left = 0;
  } else if (const auto* range = conditions_.find("range"); range && response.status == 200) {
    const auto* if_range = conditions_.find("if-range");
    const bool same = !if_range || *if_range == response.headers.get("etag");
    const auto asked = same ? parse_range(*range, size) : RangeAnswer{};
    if (asked.kind == RangeKind::kUnsatisfiable) {
      response.status = 416;
      response.headers.set("Content-Range", "bytes */" + std::to_string(size));
      left = 0;
    } else if (asked.kind == RangeKind::kPart) {
      response.status = 206;
      from = asked.range.first;
      left = asked.range.last - asked.range.first + 1;
      response.headers.set("Content-Range", "bytes " + std::to_string(from) + "-" +
                                                std::to_string(asked.range.last) + "/" +
                                                std::to_string(size));
    }
  }
  std::string head = response_head(response, Framing::kLength, left, keep_alive);
  if (head_only_) left = 0;
  std::string piece;
  while (left > 0) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kPieceBytes)));
    Result<std::size_t> got = std::size_t{0};
    connection_.never_expire();
    std::function<void()> read = [source, from, &piece, &got] {
      got = source->read(from, Span<char>(piece.data(), piece.size()));
    };
    co_await on_pool_(std::move(read));
    if (!got || *got == 0) {  // too late for another status: the client sees a short body
      log_error("sending a file: " +
                (got ? std::string("it became shorter") : got.error().message));
      co_return false;
    }
    if (!co_await write(head, std::string_view(piece.data(), *got))) co_return false;
    head.clear();
    from += *got;
    left -= *got;
  }
  if (!head.empty() && !co_await write(head)) co_return false;
  co_return keep_alive;
}

// Watches for the client's leaving: an event stream's client sends nothing more, so whatever the
// read gives means the end.
void watch_for_end(const std::shared_ptr<Connection>& connection,
                   const std::shared_ptr<EventStream>& stream) {
  auto byte = std::make_shared<std::array<char, 64>>();
  connection->socket.async_read_some(asio::buffer(*byte),
                                     [connection, stream, byte](error_code error, std::size_t) {
                                       if (!error) {
                                         watch_for_end(connection, stream);
                                       } else {
                                         stream->close();
                                       }
                                     });
}

asio::awaitable<bool> Exchange::send_events(Response response) {
  const auto stream = std::get<std::shared_ptr<EventStream>>(response.body);
  response.headers.set("Content-Type", "text/event-stream; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");
  if (head_only_ || state_.stopping) {
    stream->close();
    co_await write(response_head(response, Framing::kUntilClose, 0, false));
    co_return false;
  }
  auto wake = std::make_shared<asio::steady_timer>(state_.io);
  const std::weak_ptr<Server::State> weak = state_.weak_from_this();
  ++state_.event_streams_open;
  connection_.stream = stream;
  watch_for_end(connection_.shared_from_this(), stream);
  stream->set_wake([weak, wake] {
    if (const auto state = weak.lock()) asio::post(state->io, [wake] { wake->cancel(); });
  });
  bool alive = co_await write(response_head(response, Framing::kChunked, 0, false));
  while (alive) {
    wake->expires_after(std::chrono::milliseconds(state_.options.event_keep_alive_ms));
    auto bytes = stream->take();
    const bool closed = stream->closed();
    if (bytes.empty() && !closed) {
      connection_.never_expire();
      error_code waited;
      co_await wake->async_wait(result_in(waited));
      bytes = stream->take();
      if (bytes.empty() && !waited) bytes = ": still here\n\n";
    }
    if (!bytes.empty()) {
      char size[32];
      const auto length = std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
      bytes.append("\r\n");
      alive = co_await write(std::string_view(size, static_cast<std::size_t>(length)), bytes);
    }
    if (closed) break;
  }
  stream->set_wake(nullptr);
  stream->close();
  connection_.stream = nullptr;
  --state_.event_streams_open;
  if (alive) co_await write("0\r\n\r\n");
  co_return false;
}

}  // namespace

asio::awaitable<void> serve(Server::State& state, std::shared_ptr<Connection> connection) {
  ConnectionGuard guard(state, *connection);
  error_code error;
  const auto endpoint = connection->socket.remote_endpoint(error);
  if (error) co_return;
  connection->peer = endpoint.address().to_string();
  connection->peer_is_local = endpoint.address().is_loopback();
  boost::beast::flat_buffer buffer;
  for (bool again = true; again && !state.stopping;) {
    Exchange exchange(state, *connection, buffer);
    again = co_await exchange.run();
    // A large body's buffer is not kept for the next hour of an idle client.
    if (buffer.size() == 0 && buffer.capacity() > (16 << 10)) buffer.shrink_to_fit();
  }
  connection->socket.shutdown(asio::ip::tcp::socket::shutdown_both, error);
  connection->socket.close(error);
}

}  // namespace runstone::http
