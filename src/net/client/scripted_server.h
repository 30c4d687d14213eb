#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace runstone::net {

struct ScriptedRequest {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::string_view header(std::string_view name) const;
};

struct ScriptedAnswer {
  enum class Kind {
    kAnswer,
    kHang,       ///< never answers; the connection stays open
    kClose,      ///< closes without a byte
    kCloseHalf,  ///< closes in the middle of the answer
  };
  int status = 200;
  std::string body = "{}";
  std::vector<std::pair<std::string, std::string>> headers = {};
  Kind kind = Kind::kAnswer;
};

/// An HTTP server on 127.0.0.1 for tests of faults: it does to each request what the test says. One
/// thread, which calls the handler; the handler may block (a slow server), and then nobody else is
/// served meanwhile.
class ScriptedServer {
 public:
  using Handler = std::function<ScriptedAnswer(const ScriptedRequest&)>;
  /// `port` 0: a free one. Aborts the test's process if it cannot listen.
  explicit ScriptedServer(Handler handler, std::uint16_t port = 0);
  ~ScriptedServer();  ///< closes every connection
  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  struct Connection {
    int fd;
    std::string received;
  };
  void serve();
  bool serve_ready(Connection& connection);
  bool answer(Connection& connection, const ScriptedRequest& request);

  Handler handler_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int stop_pipe_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace runstone::net
