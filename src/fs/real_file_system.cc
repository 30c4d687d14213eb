#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/random_id.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "fs/fork_generation.h"

namespace runstone::fs {

namespace {

#ifndef XFS_SUPER_MAGIC
constexpr long XFS_SUPER_MAGIC = 0x58465342;
#endif

Failure failure_of(int number, const char* doing, const Path& path) {
  const auto code = [&] {
    switch (number) {
      case ENOENT:
      case ENOTDIR:
        return ErrorCode::kNotFound;
      case EEXIST:
      case ENOTEMPTY:
        return ErrorCode::kConflict;
      case EACCES:
      case EPERM:
      case EROFS:
        return ErrorCode::kPermissionDenied;
      case ENOSPC:
      case EDQUOT:
      case EFBIG:
      case EMFILE:
      case ENFILE:
        return ErrorCode::kResourceExhausted;
      default:
        return ErrorCode::kIo;
    }
  }();
  return fail(code, path.string() + ": " + doing + ": " + std::strerror(number));
}

/// Whether space that fallocate() promised is really there for a later write through a mapping. A
/// list of those that keep the promise, not of those that break it: an unknown one writes by
/// write(). overlay stands for its upper file system, which does the reserving (FUSE overlays say
/// FUSE).
bool keeps_reserved_space(int descriptor) {
  struct statfs facts {};
  if (::fstatfs(descriptor, &facts) != 0) return false;
  const auto type = static_cast<unsigned long>(facts.f_type);
  return type == EXT4_SUPER_MAGIC || type == static_cast<unsigned long>(XFS_SUPER_MAGIC) ||
         type == TMPFS_MAGIC || type == OVERLAYFS_SUPER_MAGIC;
}

class RealMapping final : public Mapping {
 public:
  RealMapping(char* data, std::size_t size_bytes) : data_(data), size_bytes_(size_bytes) {}
  ~RealMapping() override {
    if (data_ != nullptr) ::munmap(data_, size_bytes_);
  }
  char* data() noexcept override { return data_; }
  std::size_t size_bytes() const noexcept override { return size_bytes_; }
  void prefault() noexcept override {
#ifdef MADV_POPULATE_WRITE
    ::madvise(data_, size_bytes_,
              MADV_POPULATE_WRITE);  // Linux 5.14; older ones fault page by page
#endif
  }
  void abandon() noexcept override { data_ = nullptr; }

 private:
  char* data_;
  std::size_t size_bytes_;
};

class RealFile final : public File {
 public:
  RealFile(int descriptor, Path path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~RealFile() override {
    if (descriptor_ < 0) return;
    if (locked_) forget_in_forked_child(descriptor_);
    ::close(descriptor_);
  }

  Result<std::size_t> read_at(std::uint64_t offset, Span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const auto got = ::pread(descriptor_, into.data() + done, into.size() - done,
                               static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure_of(errno, "read", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto put =
          ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return failure_of(errno, "write", path_);
      if (put == 0) return failure_of(ENOSPC, "write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(put));
      offset += static_cast<std::uint64_t>(put);
    }
    return {};
  }

  Result<std::uint64_t> size_bytes() override {
    struct stat facts {};
    if (::fstat(descriptor_, &facts) != 0) return failure_of(errno, "stat", path_);
    return static_cast<std::uint64_t>(facts.st_size);
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size_bytes)) != 0) {
      return failure_of(errno, "truncate", path_);
    }
    return {};
  }

  Result<void> reserve(std::uint64_t offset, std::uint64_t size_bytes) override {
    if (!keeps_reserved_space(descriptor_)) return no_reserve("this file system");
    // Not posix_fallocate(), which writes a byte to each block where the file system cannot
    // reserve.
    int got = 0;
    do {
      got = ::fallocate(descriptor_, 0, static_cast<off_t>(offset), static_cast<off_t>(size_bytes));
    } while (got != 0 && errno == EINTR);
    if (got == 0) {
      write_zeros(offset, size_bytes);
      return {};
    }
    if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) return no_reserve("fallocate");
    return failure_of(errno, "reserve space", path_);
  }

  Result<std::unique_ptr<Mapping>> map(std::uint64_t offset, std::size_t size_bytes) override {
    void* const data = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_,
                              static_cast<off_t>(offset));
    if (data == MAP_FAILED) return failure_of(errno, "map", path_);
    // A forked child must not be able to write into its parent's file, not even by a bug.
    if (::madvise(data, size_bytes, MADV_DONTFORK) != 0) {
      const int number = errno;
      ::munmap(data, size_bytes);
      return failure_of(number, "map", path_);
    }
    return std::unique_ptr<Mapping>(new RealMapping(static_cast<char*>(data), size_bytes));
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return failure_of(errno, "sync", path_);
    return {};
  }

  Result<void> lock() override {
    // Of the open file, not of the process: another reader in this process that closes the same
    // file would end a process's lock.
    struct flock wish {};
    wish.l_type = F_WRLCK;
    wish.l_whence = SEEK_SET;
    if (::fcntl(descriptor_, F_OFD_SETLK, &wish) != 0) {
      if (errno == EAGAIN || errno == EACCES) {
        return fail(ErrorCode::kConflict, path_.string() + ": in use by another process");
      }
      return fail(ErrorCode::kNotImplemented, path_.string() + ": lock: " + std::strerror(errno));
    }
    if (!locked_) close_in_forked_child(descriptor_);
    locked_ = true;
    return {};
  }

  void abandon() noexcept override { descriptor_ = -1; }

 private:
  /// Makes the page cache hold the reserved space in large folios: a first write to a mapped page
  /// of them costs a quarter of a fault that has to find its block first (measured on ext4, Linux
  /// 6.18: 1.2 instead of 4.5 us per page). An optimisation: what fails here fails nothing.
  void write_zeros(std::uint64_t offset, std::uint64_t size_bytes) {
    static constexpr std::array<char, 64 * 1024> kZeros{};
    struct statfs facts {};
    if (::fstatfs(descriptor_, &facts) != 0 || facts.f_type == TMPFS_MAGIC) return;
    for (std::uint64_t done = 0; done < size_bytes; done += kZeros.size()) {
      const auto part = std::min<std::uint64_t>(kZeros.size(), size_bytes - done);
      if (::pwrite(descriptor_, kZeros.data(), part, static_cast<off_t>(offset + done)) < 0) return;
    }
  }

  Failure no_reserve(const char* what) const {
    return fail(ErrorCode::kNotImplemented, path_.string() + ": " + what + " cannot reserve space");
  }

  int descriptor_;
  Path path_;
  bool locked_ = false;
};

class RealFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open_read(const Path& path) override {
    return open(path, O_RDONLY);
  }
  Result<std::unique_ptr<File>> open_write(const Path& path) override { return open(path, O_RDWR); }
  Result<std::unique_ptr<File>> create_new(const Path& path) override {
    return open(path, O_RDWR | O_CREAT | O_EXCL);
  }
  Result<std::unique_ptr<File>> open_or_create(const Path& path) override {
    return open(path, O_RDWR | O_CREAT);
  }

  Result<FileInfo> info(const Path& path) override {
    struct stat name {
    }, facts{};
    if (::lstat(path.c_str(), &name) != 0) return failure_of(errno, "stat", path);
    facts = name;
    if (S_ISLNK(name.st_mode) && ::stat(path.c_str(), &facts) != 0) facts = name;  // leads nowhere
    FileInfo info;
    info.is_directory = S_ISDIR(facts.st_mode);
    info.is_symlink = S_ISLNK(name.st_mode);
    info.size_bytes = static_cast<std::uint64_t>(facts.st_size);
    info.modified_at_us =
        std::int64_t{facts.st_mtim.tv_sec} * 1'000'000 + facts.st_mtim.tv_nsec / 1000;
    return info;
  }

  Result<std::vector<std::string>> list(const Path& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), &::closedir);
    if (!stream) return failure_of(errno, "list", directory);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return failure_of(errno, "list", directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> make_directories(const Path& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return failure_of(error.value(), "make directory", path);
    return {};
  }
  Result<void> make_directory(const Path& path) override {
    if (::mkdir(path.c_str(), 0777) != 0) return failure_of(errno, "make directory", path);
    return {};
  }
  Result<void> rename(const Path& from, const Path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failure_of(errno, "rename", from);
    return {};
  }
  Result<void> remove(const Path& path) override {
    if (::remove(path.c_str()) != 0) return failure_of(errno, "remove", path);
    return {};
  }

  Result<void> replace_symlink(const Path& target, const Path& link) override {
    Path neighbour = link;
    neighbour += ".tmp-" + random_id();
    if (::symlink(target.c_str(), neighbour.c_str()) != 0)
      return failure_of(errno, "symlink", link);
    if (::rename(neighbour.c_str(), link.c_str()) != 0) {
      const int number = errno;
      ::unlink(neighbour.c_str());
      return failure_of(number, "symlink", link);
    }
    return {};
  }

  Result<void> sync_directory(const Path& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failure_of(errno, "sync directory", path);
    const int got = ::fsync(descriptor);
    const int number = errno;
    ::close(descriptor);
    if (got != 0 && number != EINVAL) return failure_of(number, "sync directory", path);
    return {};  // EINVAL: a file system whose directories need no sync
  }

  Result<bool> is_locked(const Path& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return failure_of(errno, "open", path);
    struct flock found {};
    found.l_type = F_WRLCK;
    found.l_whence = SEEK_SET;
    const int got = ::fcntl(descriptor, F_OFD_GETLK, &found);
    ::close(descriptor);
    return got == 0 && found.l_type != F_UNLCK;  // a disk without locks: nobody can hold one
  }

 private:
  static Result<std::unique_ptr<File>> open(const Path& path, int flags) {
    int descriptor = -1;
    do {
      descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) return failure_of(errno, "open", path);
    return std::unique_ptr<File>(new RealFile(descriptor, path));
  }
};

}  // namespace

FileSystem& real_file_system() {
  static auto* const disk =
      new RealFileSystem;  // never destroyed: exit handlers still close journals
  return *disk;
}

}  // namespace runstone::fs
