#pragma once

// For tests only: a plain blocking socket, so that a test decides about every byte that it sends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/server/http.h"

namespace runstone::http {

struct Reply {
  int status = 0;
  Headers headers;
  std::string body;
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    // A hung server fails the test instead of hanging it.
    const timeval longest{60, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof(longest));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof(longest));
  }
  ~TestClient() { close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  /// False if the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Reads until `text` has come; everything up to and with it, or "" at the end of the stream.
  std::string read_until(std::string_view text) {
    for (;;) {
      const auto at = buffer_.find(text);
      if (at != std::string::npos) {
        auto found = buffer_.substr(0, at + text.size());
        buffer_.erase(0, at + text.size());
        return found;
      }
      if (!fill()) return "";
    }
  }
  std::string read_bytes(std::size_t count) {
    while (buffer_.size() < count && fill()) {
    }
    auto found = buffer_.substr(0, count);
    buffer_.erase(0, found.size());
    return found;
  }
  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, std::string());
  }
  /// One whole reply; status 0 if the connection ended before.
  Reply read_reply(bool body_follows = true) {
    Reply reply;
    const auto head = read_until("\r\n\r\n");
    if (head.size() < 12) return reply;
    reply.status = std::atoi(head.c_str() + 9);
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
      const auto end = head.find("\r\n", at);
      const auto colon = head.find(": ", at);
      if (end == at) break;
      reply.headers.add(head.substr(at, colon - at), head.substr(colon + 2, end - colon - 2));
      at = end + 2;
    }
    const auto* length = reply.headers.find("content-length");
    if (length && body_follows) reply.body = read_bytes(std::stoul(*length));
    return reply;
  }
  Reply request(std::string_view method, std::string_view target, std::string_view body = "",
                std::string_view headers = "") {
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(headers);
    if (!body.empty() || method == "POST" || method == "PUT") {
      text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    text.append("\r\n").append(body);
    send(text);
    return read_reply(method != "HEAD");
  }

 private:
  bool fill() {
    char piece[16 << 10];
    const auto got = ::recv(fd_, piece, sizeof(piece), 0);
    if (got <= 0) return false;
    buffer_.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace runstone::http
