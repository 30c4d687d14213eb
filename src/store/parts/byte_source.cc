#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/parts/part.h"

namespace runstone::parts {
namespace {

Failure too_short() { return fail(ErrorCode::kCorrupt, "part is shorter than its overview says"); }

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  Result<std::string> read(std::int64_t offset, std::int64_t length) const override {
    if (offset < 0 || length < 0 || offset > size() || length > size() - offset) return too_short();
    return bytes_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }

 private:
  std::string bytes_;
};

class FileSource : public ByteSource {
 public:
  FileSource(int fd, std::int64_t size) : fd_(fd), size_(size) {}
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override { ::close(fd_); }
  std::int64_t size() const override { return size_; }
  Result<std::string> read(std::int64_t offset, std::int64_t length) const override {
    if (offset < 0 || length < 0 || offset > size_ || length > size_ - offset) return too_short();
    std::string bytes(static_cast<std::size_t>(length), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto got = ::pread(fd_, bytes.data() + done, bytes.size() - done,
                               static_cast<off_t>(offset) + static_cast<off_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        return fail(ErrorCode::kIo, std::string("reading a part: ") + std::strerror(errno));
      if (got == 0) return too_short();
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }

 private:
  int fd_;
  std::int64_t size_;
};

}  // namespace

std::unique_ptr<ByteSource> memory_source(std::string bytes) {
  return std::make_unique<MemorySource>(std::move(bytes));
}

Result<std::unique_ptr<ByteSource>> file_source(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                path + ": " + std::strerror(errno));
  }
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) {
    const int code = errno;
    ::close(fd);
    return fail(ErrorCode::kIo, path + ": " + std::strerror(code));
  }
  return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(fd, facts.st_size));
}

}  // namespace runstone::parts
