#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "fs/file_system.h"

namespace runstone::fs {

/// What a test can make fail.
enum class Operation {
  kOpen,
  kRead,
  kWrite,
  kReserve,
  kMap,
  kSync,
  kTruncate,
  kRename,
  kRemove,
  kMakeDirectory
};

/// A disk in memory for tests: it does what the real one does, and fails when it is told to.
/// A file holds at most kFileBytesMax. Any thread.
class MemoryFileSystem final : public FileSystem {
 public:
  static constexpr std::size_t kFileBytesMax = std::size_t{64} << 20;

  MemoryFileSystem();
  MemoryFileSystem(MemoryFileSystem&&) noexcept;
  ~MemoryFileSystem() override;

  // Faults.
  /// Lets the nth such operation from now fail (n >= 1), and with `for_ever` all after it. A write
  /// that fails has written half of its bytes, as a full disk may.
  void fail_nth(Operation operation, std::uint64_t n, ErrorCode code = ErrorCode::kIo,
                bool for_ever = false);
  /// Whether a fault set by fail_nth() has happened since.
  bool has_failed() const;
  /// Space for all files together; writes and reserves past it fail with kResourceExhausted.
  void set_capacity_bytes(std::uint64_t bytes);
  /// false: reserve() answers kNotImplemented, as network and copy-on-write disks do.
  void set_can_reserve(bool can);

  // What is on the disk.
  std::uint64_t size_bytes(const Path& path) const;
  /// The file's size at its last sync: so much of it a power cut cannot take.
  std::uint64_t synced_bytes(const Path& path) const;
  std::string content(const Path& path) const;
  void set_content(const Path& path, std::string_view bytes);
  /// A disk with this file only, cut off at `size_bytes`.
  MemoryFileSystem cut(const Path& path, std::uint64_t size_bytes) const;
  /// A disk with this file only, as a power cut may leave it: of each 4096-byte page written since
  /// the last sync, `keeps(page)` says whether it reached the disk, else it is as at the sync (or
  /// zeros).
  MemoryFileSystem after_power_cut(const Path& path,
                                   const std::function<bool(std::size_t page)>& keeps) const;

  Result<std::unique_ptr<File>> open_read(const Path& path) override;
  Result<std::unique_ptr<File>> open_write(const Path& path) override;
  Result<std::unique_ptr<File>> create_new(const Path& path) override;
  Result<std::unique_ptr<File>> open_or_create(const Path& path) override;
  Result<FileInfo> info(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& directory) override;
  Result<void> make_directories(const Path& path) override;
  Result<void> make_directory(const Path& path) override;
  Result<void> rename(const Path& from, const Path& to) override;
  Result<void> remove(const Path& path) override;
  Result<void> replace_symlink(const Path& target, const Path& link) override;
  Result<void> sync_directory(const Path& path) override;
  Result<bool> is_locked(const Path& path) override;

  struct Disk;
  struct Node;

 private:
  Result<std::unique_ptr<File>> open(const Path& path, bool create, bool must_be_new);
  std::shared_ptr<Disk> disk_;  // owned by this and by its open files, which may outlive it
};

}  // namespace runstone::fs
