#include "server/client_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::server {
namespace {

constexpr std::uint64_t kClientFileBytesMax = 64 << 10;

Failure failed(const std::string& path) {
  return fail(ErrorCode::kIo, "cannot write " + path + ": " + std::strerror(errno));
}

}  // namespace

Result<ClientFile> read_client_file(const std::filesystem::path& path) {
  RUNSTONE_TRY(const auto text, fs::read_file(fs::real_file_system(), path, kClientFileBytesMax));
  const auto value = json::parse(text);
  if (!value) return fail(ErrorCode::kCorrupt, path.string() + ": " + value.error().message);
  const auto* base_url = value->get("base_url");
  const auto* api_key = value->get("api_key");
  if (!base_url || !base_url->is_string() || !api_key || !api_key->is_string()) {
    return fail(ErrorCode::kCorrupt, path.string() + " has no base_url and api_key");
  }
  return ClientFile{*base_url->if_string(), *api_key->if_string()};
}

Result<void> write_client_file(const std::filesystem::path& path, const ClientFile& file) {
  const auto text =
      json::to_pretty_text(Dict{{"base_url", file.base_url}, {"api_key", file.api_key}}) + "\n";
  const auto fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  // Made with its mode, never made readable first and closed to others afterwards.
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failed(fresh);
  const auto written = ::write(fd, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!whole || std::rename(fresh.c_str(), path.c_str()) != 0) return failed(path.string());
  return {};
}

}  // namespace runstone::server
