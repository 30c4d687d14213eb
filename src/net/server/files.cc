// The two ways in which HTTP bodies meet the disk: a body that is spooled, a file that is sent.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/random_id.h"
#include "net/server/http.h"

namespace runstone::http {
namespace {

Failure io_failure(const std::string& what, int error) {
  const auto code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return fail(code, what + ": " + std::strerror(error));
}

class FileSource final : public ByteSource {
 public:
  FileSource(int fd, std::uint64_t size_bytes) : fd_(fd), size_bytes_(size_bytes) {}
  ~FileSource() override { ::close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<std::size_t> read(std::uint64_t offset, Span<char> into) override {
    for (;;) {
      const auto got = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return io_failure("reading a file to send", errno);
    }
  }

 private:
  const int fd_;
  const std::uint64_t size_bytes_;
};

}  // namespace

Result<std::unique_ptr<SpooledFile>> SpooledFile::create(const std::string& folder) {
  if (folder.empty()) return fail(ErrorCode::kInternal, "no folder to spool a body into");
  auto path = folder + "/body-" + random_id(16);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return io_failure(path, errno);
  return std::unique_ptr<SpooledFile>(new SpooledFile(fd, std::move(path)));
}

SpooledFile::~SpooledFile() {
  ::close(fd_);
  if (!keep_) ::unlink(path_.c_str());
}

Result<void> SpooledFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return io_failure(path_, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_bytes_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<std::shared_ptr<ByteSource>> open_file_source(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_failure(path, errno);
  struct stat facts {};
  if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(fd);
    return fail(ErrorCode::kNotFound, path + ": not a regular file");
  }
  return std::shared_ptr<ByteSource>(
      std::make_shared<FileSource>(fd, static_cast<std::uint64_t>(facts.st_size)));
}

}  // namespace runstone::http
