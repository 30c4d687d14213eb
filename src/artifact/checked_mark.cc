#include "artifact/checked_mark.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>

namespace runstone::artifact {
namespace {

constexpr const char* kAttribute = "user.runstone.checked";
constexpr std::uint64_t kSmallBytes = 1 << 20;  // digested as fast as the mark is looked up
constexpr std::size_t kMaxMarkBytes = 256;

std::string text_of(const FileStamp& stamp, const std::string& digest) {
  return digest + " " + std::to_string(stamp.size_bytes) + " " + std::to_string(stamp.modified_ns);
}

}  // namespace

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileStamp{static_cast<std::uint64_t>(status.st_size),
                   std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

void mark_checked(const std::string& path, const FileStamp& stamp, const std::string& digest) {
  if (stamp.size_bytes < kSmallBytes) return;
  const std::string text = text_of(stamp, digest);
  // Without it the content is digested again: that is all that a failure costs.
  static_cast<void>(::setxattr(path.c_str(), kAttribute, text.data(), text.size(), 0));
}

void mark_checked(const std::string& path, const std::string& digest) {
  if (const auto stamp = stamp_of(path)) mark_checked(path, *stamp, digest);
}

bool is_marked_checked(const std::string& path, const std::string& digest) {
  const auto stamp = stamp_of(path);
  if (!stamp || stamp->size_bytes < kSmallBytes) return false;
  std::array<char, kMaxMarkBytes> mark;
  const ssize_t size = ::getxattr(path.c_str(), kAttribute, mark.data(), mark.size());
  return size >= 0 &&
         std::string(mark.data(), static_cast<std::size_t>(size)) == text_of(*stamp, digest);
}

}  // namespace runstone::artifact
