#include "artifact/copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "artifact/following_digest.h"
#include "base/random_id.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kRandomChars = 16;
constexpr std::size_t kKernelPieceBytes = std::size_t{16} << 20;
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

Failure failed(const std::string& path) {
  const int cause = errno;
  ErrorCode code = ErrorCode::kIo;
  if (cause == ENOENT) code = ErrorCode::kNotFound;
  if (cause == EEXIST) code = ErrorCode::kConflict;
  if (cause == EACCES || cause == EPERM) code = ErrorCode::kPermissionDenied;
  if (cause == ENOSPC || cause == EDQUOT) code = ErrorCode::kResourceExhausted;
  return fail(code, path + ": " + std::strerror(cause));
}

class Descriptor {
 public:
  Descriptor(std::string path, int flags)
      : path_(std::move(path)), fd_(::open(path_.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const int fd_;
};

/// Up to one piece, from where the two files stand; 0 at the end.
class Copier {
 public:
  Copier(const Descriptor& from, const Descriptor& to) : from_(from), to_(to) {}

  Result<std::size_t> piece() {
    while (is_in_kernel_) {
      const ssize_t got =
          ::copy_file_range(from_.get(), nullptr, to_.get(), nullptr, kKernelPieceBytes, 0);
      if (got > 0) return static_cast<std::size_t>(got);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && (errno == ENOSPC || errno == EDQUOT)) return failed(to_.path());
      is_in_kernel_ = false;  // these file systems cannot, or it is the end: read() will tell
    }
    return by_hand();
  }

 private:
  Result<std::size_t> by_hand() {
    buffer_.resize(kBufferBytes);
    ssize_t got = 0;
    do {
      got = ::read(from_.get(), buffer_.data(), buffer_.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) return failed(from_.path());
    for (ssize_t done = 0; done < got;) {
      const auto left = static_cast<std::size_t>(got - done);
      const ssize_t written = ::write(to_.get(), buffer_.data() + done, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return failed(to_.path());
      done += written;
    }
    return static_cast<std::size_t>(got);
  }

  const Descriptor& from_;
  const Descriptor& to_;
  bool is_in_kernel_ = true;
  std::vector<char> buffer_;
};

Result<void> copy_pieces(const std::string& from, const Descriptor& target,
                         const std::function<void(std::size_t)>& told) {
  const Descriptor source(from, O_RDONLY);
  if (source.get() < 0) return failed(from);
  Copier copier(source, target);
  while (true) {
    RUNSTONE_TRY(const std::size_t bytes, copier.piece());
    if (bytes == 0) return {};
    told(bytes);
  }
}

}  // namespace

Result<void> copy_file(const std::string& from, const std::string& to) {
  const Descriptor target(to, O_WRONLY | O_CREAT | O_EXCL);
  if (target.get() < 0) return failed(to);
  return copy_pieces(from, target, [](std::size_t) {});
}

Result<FileDigest> copy_and_digest(const std::string& from, const std::string& to,
                                   Digest::Kind kind) {
  const Descriptor target(to, O_WRONLY | O_CREAT | O_EXCL);
  if (target.get() < 0) return failed(to);
  RUNSTONE_TRY(const auto follower, FollowingDigest::of(to, kind));
  RUNSTONE_TRY(copy_pieces(from, target, [&](std::size_t bytes) { follower->grow(bytes); }));
  return follower->finish();
}

std::string name_beside(const std::string& path) {
  const std::size_t stem = path.rfind('/') + 1;
  return path.substr(0, stem) + ".runstone-" + random_id(kRandomChars);
}

Result<void> copy_whole(const std::string& from, const std::string& to) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(to).parent_path()));
  const std::string beside = name_beside(to);
  auto copied = copy_file(from, beside);
  if (copied) copied = disk.rename(beside, to);
  if (!copied) discard(disk.remove(beside), "why it could not be written counts");
  return copied;
}

}  // namespace runstone::artifact
