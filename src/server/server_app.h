#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runstone/result.h"

namespace runstone::server {

/// The program's version, "0.1.0".
const char* version();

struct AppOptions {
  std::filesystem::path data_folder;
  std::string host = "127.0.0.1";
  std::uint16_t port = 7867;           ///< 0: a free one
  std::string public_url;              ///< in front of links; empty: as each request's Host says
  std::int64_t crash_after_secs = 90;  ///< a run whose writer is silent for so long has crashed
  /// Origins beside this machine's and this server's whose pages may show runs in a frame.
  std::vector<std::string> notebook_origins;
};

/// Everything that runs in one server process, wired together. The only code that names engines.
class ServerApp {
 public:
  /// Opens the data folder, makes the local user and his key at the first start, serves, and writes
  /// client.json. Errors: as DataFolder::open() and http::Server::listen(), and the store's.
  static Result<std::unique_ptr<ServerApp>> start(AppOptions options);
  virtual ~ServerApp() = default;

  virtual std::string url() const = 0;
  virtual std::uint16_t port() const = 0;
  /// A fresh link that signs the local user in, once.
  virtual Result<std::string> signin_link() = 0;
  /// Lets requests in flight end within `grace_ms`, then commits and closes everything. False if
  /// some request had to be cut; nothing acknowledged is lost either way. Idempotent.
  virtual bool stop(int grace_ms) = 0;
};

}  // namespace runstone::server
