#include "artifact/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "artifact/manifest.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/random_id.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kRandomChars = 16;
constexpr std::size_t kCopyBytes = std::size_t{64} << 20;

std::string sha256(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha256);
  digest.add(bytes);
  return digest.finish();
}

Failure failed(const std::string& path) {
  const int cause = errno;
  ErrorCode code = ErrorCode::kIo;
  if (cause == ENOENT) code = ErrorCode::kNotFound;
  if (cause == EACCES || cause == EPERM) code = ErrorCode::kPermissionDenied;
  if (cause == ENOSPC || cause == EDQUOT) code = ErrorCode::kResourceExhausted;
  return fail(code, path + ": " + std::strerror(cause));
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

/// In the kernel; false where these two file systems cannot.
Result<bool> copy_in_kernel(const Descriptor& from, const Descriptor& to, const std::string& name) {
  for (bool is_first = true;; is_first = false) {
    const ssize_t got = ::copy_file_range(from.get(), nullptr, to.get(), nullptr, kCopyBytes, 0);
    if (got > 0) continue;
    if (got == 0) return !is_first;  // some file systems say 0 for what they cannot
    if (errno == EINTR) continue;
    if (is_first && errno != ENOSPC && errno != EDQUOT) return false;
    return failed(name);
  }
}

}  // namespace

std::string Cache::path_of(const protocol::ManifestEntry& entry) const {
  const bool is_by_address = !entry.ref.empty() && entry.ref.rfind("file://", 0) != 0;
  std::string kind = kind_of(entry) == Digest::Kind::kMd5 ? "md5" : "xxh128";
  std::string hex = to_hex(from_base64(entry.digest).value_or(""));
  if (is_by_address) {
    kind = "etag";
    hex = sha256_hex(sha256(entry.ref) + sha256(entry.digest));
  }
  if (hex.size() < 3) hex = sha256_hex(entry.digest);
  return folder_ + "/obj/" + kind + "/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

Result<std::string> Cache::temporary() const {
  const std::string folder = folder_ + "/tmp";
  RUNSTONE_TRY(fs::real_file_system().make_directories(folder));
  return folder + "/" + random_id(kRandomChars);
}

Result<void> Cache::keep(const std::string& temporary, const std::string& path) const {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(path).parent_path()));
  return disk.rename(temporary, path);
}

std::string name_beside(const std::string& path) {
  const std::size_t stem = path.rfind('/') + 1;
  return path.substr(0, stem) + ".runstone-" + random_id(kRandomChars);
}

Result<void> copy_whole(const std::string& from, const std::string& to) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(to).parent_path()));
  const std::string beside = name_beside(to);
  const auto give_up = [&](Error error) -> Result<void> {
    discard(disk.remove(beside), "why it could not be written counts");
    return fail(std::move(error));
  };
  {
    const Descriptor source(from, O_RDONLY);
    if (source.get() < 0) return failed(from);
    const Descriptor target(beside, O_WRONLY | O_CREAT | O_EXCL);
    if (target.get() < 0) return failed(to);
    const auto is_copied = copy_in_kernel(source, target, to);
    if (!is_copied) return give_up(is_copied.error());
    if (!*is_copied) {
      discard(disk.remove(beside), "it is written anew");
      if (auto copied = digest_file(from, Digest::Kind::kXxh128, beside); !copied) {
        return give_up(std::move(copied).error());
      }
    }
  }
  if (auto renamed = disk.rename(beside, to); !renamed) return give_up(std::move(renamed).error());
  return {};
}

}  // namespace runstone::artifact
