#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"

namespace runstone::fs {

using Path = std::filesystem::path;

/// Part of a file as memory, shared with every other reader of the file. Unmapped when destroyed.
class Mapping {
 public:
  virtual ~Mapping() = default;
  virtual char* data() noexcept = 0;
  virtual std::size_t size_bytes() const noexcept = 0;
  /// Takes the page faults of a first write now, where the system can; an optimisation only.
  virtual void prefault() noexcept {}
  /// What a child process does in place of the destructor: it has no such memory, so nothing is
  /// freed.
  virtual void abandon() noexcept {}
};

/// An open file. Offsets count from the file's start; there is no current position. Closed by the
/// destructor. Safe for concurrent use except against its own destruction.
class File {
 public:
  virtual ~File() = default;

  /// Reads until `into` is full or the file ends; says how many bytes there were.
  virtual Result<std::size_t> read_at(std::uint64_t offset, Span<char> into) = 0;
  /// Writes all of `bytes`, or says why not; then a part may have been written.
  /// Errors: kResourceExhausted for a full disk or quota, else kIo.
  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Result<std::uint64_t> size_bytes() = 0;
  virtual Result<void> truncate(std::uint64_t size_bytes) = 0;
  /// Grows the file with zeros whose space is taken from the disk now, so that writing them later
  /// through a mapping cannot fail. Errors: kNotImplemented where this file system cannot promise
  /// that (network, copy-on-write, FUSE), kResourceExhausted when it is full.
  virtual Result<void> reserve(std::uint64_t offset, std::uint64_t size_bytes) = 0;
  /// A shared, writable mapping of reserved space. `offset` is a multiple of 32 KiB.
  virtual Result<std::unique_ptr<Mapping>> map(std::uint64_t offset, std::size_t size_bytes) = 0;
  /// On return, all data and the size survive a power cut.
  virtual Result<void> sync() = 0;
  /// Takes the file's one lock, without waiting; it is held until the file is closed or the process
  /// dies. A forked child does not hold it (its copy of the file is closed at once).
  /// Errors: kConflict if somebody else holds it, kNotImplemented where the disk has no locks.
  virtual Result<void> lock() = 0;
  /// In a forked child, before destruction: nothing is written, unlocked or freed.
  virtual void abandon() noexcept {}
};

struct FileInfo {
  bool is_directory = false;
  bool is_symlink = false;  ///< of the name itself; size and time are the target's
  std::uint64_t size_bytes = 0;
  std::int64_t modified_at_us = 0;
};

/// Where files live, as a dependency: real_file_system() or a MemoryFileSystem.
/// Errors everywhere: kNotFound, kConflict (exists already), kPermissionDenied, kResourceExhausted
/// (full), kIo. Any thread.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> open_read(const Path& path) = 0;
  /// Opens an existing file for reading and writing.
  virtual Result<std::unique_ptr<File>> open_write(const Path& path) = 0;
  /// Makes a new file, for reading and writing; kConflict if the name is taken.
  virtual Result<std::unique_ptr<File>> create_new(const Path& path) = 0;
  /// Opens for reading and writing, made if missing; its content stays.
  virtual Result<std::unique_ptr<File>> open_or_create(const Path& path) = 0;

  virtual Result<FileInfo> info(const Path& path) = 0;
  bool exists(const Path& path) { return info(path).has_value(); }
  /// Names (not paths) in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const Path& directory) = 0;
  /// Makes the directory and what is missing above it; it may exist.
  virtual Result<void> make_directories(const Path& path) = 0;
  /// Makes one directory; kConflict if the name is taken.
  virtual Result<void> make_directory(const Path& path) = 0;
  /// Replaces `to` if it exists, in one step.
  virtual Result<void> rename(const Path& from, const Path& to) = 0;
  /// A file, a symlink or an empty directory.
  virtual Result<void> remove(const Path& path) = 0;
  /// Makes or replaces, in one step, the symlink `link`.
  virtual Result<void> replace_symlink(const Path& target, const Path& link) = 0;
  /// On return, the names made in this directory survive a power cut.
  virtual Result<void> sync_directory(const Path& path) = 0;
  /// Whether a living process (this one included) holds the lock of File::lock().
  virtual Result<bool> is_locked(const Path& path) = 0;
};

/// The machine's disk. One object for the process, without state.
FileSystem& real_file_system();

/// The whole file. Errors: kResourceExhausted if it is longer than `size_bytes_max`.
Result<std::string> read_file(FileSystem& disk, const Path& path,
                              std::uint64_t size_bytes_max = std::uint64_t{1} << 30);
/// Writes a neighbour file and renames it over `path`, so that a reader sees the old content or the
/// new. With `durable`, it survives a power cut on return.
Result<void> replace_file(FileSystem& disk, const Path& path, std::string_view bytes,
                          bool durable = false);

}  // namespace runstone::fs
