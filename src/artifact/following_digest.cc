#include "artifact/following_digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/encoding.h"
#include "base/start_thread.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

Error of_reading(const std::string& path) {
  const int cause = errno;
  const bool is_denied = cause == EACCES || cause == EPERM;
  return {is_denied ? ErrorCode::kPermissionDenied : ErrorCode::kIo,
          path + ": " + std::strerror(cause)};
}

}  // namespace

Result<std::unique_ptr<FollowingDigest>> FollowingDigest::of(const std::string& path,
                                                             Digest::Kind kind) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(of_reading(path));
  return std::unique_ptr<FollowingDigest>(new FollowingDigest(path, descriptor, kind));
}

FollowingDigest::FollowingDigest(std::string path, int descriptor, Digest::Kind kind)
    : path_(std::move(path)),
      descriptor_(descriptor),
      digest_(kind),
      thread_(start_thread([this] { follow(); })) {}

FollowingDigest::~FollowingDigest() {
  if (thread_ && thread_->joinable()) {
    is_abandoned_ = true;
    tell(written_bytes_ << 1 | 1);
    thread_->join();
  }
  ::close(descriptor_);
}

void FollowingDigest::grow(std::size_t bytes) {
  written_bytes_ += bytes;
  tell(written_bytes_ << 1);
}

Result<FileDigest> FollowingDigest::finish() {
  tell(written_bytes_ << 1 | 1);
  if (thread_) {
    thread_->join();
  } else {
    follow();
  }
  if (error_) return fail(*error_);
  return FileDigest{to_base64(digest_.finish()), written_bytes_};
}

void FollowingDigest::tell(std::uint64_t state) {
  state_ = state;
  state_.notify_one();
}

void FollowingDigest::follow() {
  std::vector<char> buffer(kBufferBytes);
  std::uint64_t done = 0;
  for (std::uint64_t state = state_;; state = state_) {
    while (done < state >> 1 && !error_ && !is_abandoned_) {
      const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), (state >> 1) - done);
      const ssize_t got = ::pread(descriptor_, buffer.data(), wanted, static_cast<off_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) error_ = of_reading(path_);
      if (got == 0) error_ = Error{ErrorCode::kIo, path_ + ": it was cut while it was read"};
      if (got <= 0) break;
      digest_.add({buffer.data(), static_cast<std::size_t>(got)});
      done += static_cast<std::uint64_t>(got);
    }
    if ((state & 1) != 0) return;
    state_.wait(state);
  }
}

}  // namespace runstone::artifact
