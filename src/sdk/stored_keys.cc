#include "sdk/stored_keys.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone {
namespace {

constexpr std::uint64_t kFileMaxBytes = 1 << 20;

Failure cannot_write(const std::string& path, int cause) {
  return fail(ErrorCode::kIo, "cannot write " + path + ": " + std::strerror(cause));
}

/// Two logins at once must not lose each other's key: the second waits for the first.
class FolderLock {
 public:
  ~FolderLock() {
    if (fd_ >= 0) close(fd_);
  }
  Result<void> take(const std::string& path) {
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0 || flock(fd_, LOCK_EX) != 0) return cannot_write(path, errno);
    return {};
  }

 private:
  int fd_ = -1;
};

Result<void> replace_private_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  // Made with its mode, never made readable first and closed to others afterwards.
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return cannot_write(fresh, errno);
  const ssize_t written = write(fd, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int cause = errno;
  close(fd);
  if (!whole) return cannot_write(fresh, cause);
  if (rename(fresh.c_str(), path.c_str()) != 0) return cannot_write(path, errno);
  return {};
}

Result<void> make_private_folder(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path();
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kIo, folder.string() + ": " + error.message());
  if (made) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  return {};
}

}  // namespace

Result<KeysByAddress> read_stored_keys(const std::string& path) {
  KeysByAddress keys;
  const auto text = fs::read_file(fs::real_file_system(), path, kFileMaxBytes);
  if (!text) {
    if (text.error().code == ErrorCode::kNotFound) return keys;
    return fail(text.error());
  }
  const auto parsed = json::parse(*text);
  const Value* stored = parsed ? parsed->get("keys") : nullptr;
  if (stored == nullptr || stored->if_dict() == nullptr) {
    return fail(ErrorCode::kCorrupt,
                path + " is not {\"keys\": {address: key}}: correct it, or remove it and log in");
  }
  for (const auto& [address, key] : *stored->if_dict()) {
    if (key.is_string()) keys[address] = *key.if_string();
  }
  return keys;
}

Result<void> store_key(const std::string& path, const std::string& address,
                       const std::string& key) {
  RUNSTONE_TRY(make_private_folder(path));
  FolderLock lock;
  RUNSTONE_TRY(lock.take(path + ".lock"));
  RUNSTONE_TRY(auto keys, read_stored_keys(path));
  keys[address] = key;
  Dict stored;
  for (const auto& [of, value] : keys) stored.set(of, value);
  return replace_private_file(path, json::to_pretty_text(Dict{{"keys", stored}}) + "\n");
}

std::string netrc_key(const std::string& path, const std::string& address) {
  const auto scheme = address.find("://");
  if (scheme == address.npos) return "";
  const std::string host = address.substr(scheme + 3, address.find('/', scheme + 3) - scheme - 3);
  const bool has_port = host.rfind(':') != host.npos && host.back() != ']';
  if (!has_port && address.compare(0, scheme, "https") != 0) return "";
  const auto text = fs::read_file(fs::real_file_system(), path, kFileMaxBytes);
  if (!text) return "";
  std::istringstream words(*text);
  std::string word, password;
  bool is_ours = false;
  while (words >> word) {
    if (word == "machine") {
      if (is_ours && !password.empty()) return password;
      words >> word;
      is_ours = word == host;
      password.clear();
    } else if (word == "default" || word == "macdef") {
      break;  // what follows is for every host, or no entry at all
    } else if (word == "password") {
      words >> password;
    } else if (word == "login" || word == "account") {
      words >> word;
    }
  }
  return is_ours ? password : "";
}

Result<void> store_base_url(const std::string& path, const std::string& address) {
  RUNSTONE_TRY(make_private_folder(path));
  FolderLock lock;
  RUNSTONE_TRY(lock.take(path + ".lock"));
  std::string kept, line;
  bool in_default = false, is_set = false;
  std::ifstream file(path);
  const std::string setting = "base_url = " + address + "\n";
  while (std::getline(file, line)) {
    const auto first = line.find_first_not_of(" \t");
    const std::string_view text = first == line.npos ? "" : std::string_view(line).substr(first);
    if (!text.empty() && text.front() == '[') {
      if (in_default && !is_set) {
        kept += setting;
        is_set = true;
      }
      in_default = text.substr(0, 9) == "[default]";
    } else if (in_default && text.substr(0, 8) == "base_url") {
      if (!is_set) kept += setting;
      is_set = true;
      continue;
    }
    kept += line + "\n";
  }
  file.close();
  if (!is_set) kept += (in_default ? "" : "[default]\n") + setting;
  return replace_private_file(path, kept);
}

}  // namespace runstone
