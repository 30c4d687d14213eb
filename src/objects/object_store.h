#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"

#include "fs/file_system.h"

namespace runstone::objects {

struct ObjectInfo {
  std::string key;
  std::int64_t size_bytes = 0;
  std::int64_t modified_at_us = 0;
};

/// Immutable blobs by key, in a folder or (later) a bucket. A key is '/'-separated parts of
/// [A-Za-z0-9._%~+=@,-], none of them "." or "..", none empty; make_key_part() makes any text one.
/// A put is atomic and durable on return: readers see the old object or the new one.
/// Calls block; any thread. Errors: kNotFound, kInvalidArgument for a bad key, kIo.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual Result<void> put(std::string_view key, std::string_view bytes) = 0;
  /// Takes a file over: it is gone from `file` on success. The folder engine renames it when it
  /// lies on the same disk (spool_folder() does).
  virtual Result<void> put_file(std::string_view key, const std::filesystem::path& file) = 0;
  virtual Result<std::string> get(std::string_view key) const = 0;
  /// Bytes [offset, offset + count), less where the object ends before.
  virtual Result<std::string> get_range(std::string_view key, std::int64_t offset,
                                        std::int64_t count) const = 0;
  virtual Result<ObjectInfo> head(std::string_view key) const = 0;
  /// The object as a file that may be read or sent (not changed) while it is not deleted; empty for
  /// engines that have no files.
  virtual Result<std::filesystem::path> local_path(std::string_view key) const = 0;
  virtual Result<void> remove(std::string_view key) = 0;  ///< of nothing is no error
  /// Objects whose key starts with `prefix` (whole parts), by key.
  virtual Result<std::vector<ObjectInfo>> list(std::string_view prefix) const = 0;
  /// Removes all of list(prefix).
  virtual Result<void> remove_all(std::string_view prefix) = 0;
  /// Where to spool bodies so that put_file() need not copy.
  virtual std::filesystem::path spool_folder() const = 0;
};

/// Any text as one part of a key: percent-encoded, and a digest in place of the tail if it is long.
std::string make_key_part(std::string_view text);

/// Objects as files under `root` (made if missing). What a crash left in the spool folder is
/// removed.
Result<std::unique_ptr<ObjectStore>> open_folder_store(
    const std::filesystem::path& root, fs::FileSystem& disk = fs::real_file_system());

}  // namespace runstone::objects
