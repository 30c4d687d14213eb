#include "net/client/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace runstone::net {
namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

/// Takes the first whole request out of `received`, if there is one.
std::optional<ScriptedRequest> take_request(std::string& received) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == std::string::npos) return std::nullopt;
  ScriptedRequest request;
  const std::string head = received.substr(0, head_end);
  auto line_end = std::min(head.find("\r\n"), head.size());
  const auto first_space = head.find(' ');
  request.method = head.substr(0, first_space);
  request.target = head.substr(first_space + 1, head.find(' ', first_space + 1) - first_space - 1);
  while (line_end < head.size()) {
    const auto begin = line_end + 2;
    line_end = std::min(head.find("\r\n", begin), head.size());
    const auto colon = head.find(':', begin);
    std::string name = head.substr(begin, colon - begin);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto value = head.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(std::move(name), head.substr(value, line_end - value));
  }
  const auto length_text = std::string(request.header("content-length"));
  const std::size_t length = length_text.empty() ? 0 : std::stoull(length_text);
  if (received.size() < head_end + 4 + length) return std::nullopt;
  request.body = received.substr(head_end + 4, length);
  received.erase(0, head_end + 4 + length);
  return request;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client has gone: a test's business, not ours
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

std::string_view ScriptedRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

ScriptedServer::ScriptedServer(Handler handler, std::uint16_t port) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  require(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  require(listen(listener_, 16) == 0, "listen");
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  require(pipe(stop_pipe_) == 0, "pipe");
  thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  close(stop_pipe_[1]);
  thread_.join();
  close(stop_pipe_[0]);
  close(listener_);
}

void ScriptedServer::serve() {
  std::vector<Connection> connections;
  while (true) {
    std::vector<pollfd> polled = {{stop_pipe_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& connection : connections) polled.push_back({connection.fd, POLLIN, 0});
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[0].revents != 0) break;
    for (std::size_t i = connections.size(); i-- > 0;) {
      if (polled[i + 2].revents == 0 || serve_ready(connections[i])) continue;
      close(connections[i].fd);
      connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (polled[1].revents != 0) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd >= 0) connections.push_back({fd, {}});
    }
  }
  for (const auto& connection : connections) close(connection.fd);
}

bool ScriptedServer::serve_ready(Connection& connection) {
  char buffer[65536];
  const auto got = recv(connection.fd, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  connection.received.append(buffer, static_cast<std::size_t>(got));
  while (const auto request = take_request(connection.received)) {
    if (!answer(connection, *request)) return false;
  }
  return true;
}

bool ScriptedServer::answer(Connection& connection, const ScriptedRequest& request) {
  const ScriptedAnswer answer = handler_(request);
  if (answer.kind == ScriptedAnswer::Kind::kHang) return true;
  if (answer.kind == ScriptedAnswer::Kind::kClose) return false;
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) +
                     " Scripted\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
  for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
  text += "\r\n" + answer.body;
  if (answer.kind == ScriptedAnswer::Kind::kCloseHalf) text.resize(text.size() - 1);
  send_all(connection.fd, text);
  return answer.kind == ScriptedAnswer::Kind::kAnswer;
}

}  // namespace runstone::net
