#include "fs/file_system.h"

#include <algorithm>

#include "base/random_id.h"
#include "base/try.h"

namespace runstone::fs {

Result<std::string> read_file(FileSystem& disk, const Path& path, std::uint64_t size_bytes_max) {
  RUNSTONE_TRY(const auto file, disk.open_read(path));
  // The size is only a hint: files under /proc say 0, and a log grows while it is read.
  RUNSTONE_TRY(const auto size_hint, file->size_bytes());
  std::string bytes;
  constexpr std::uint64_t kStepBytes = 64 * 1024;
  while (true) {
    const std::size_t had = bytes.size();
    const std::uint64_t want = had == 0 ? std::min(size_hint, size_bytes_max) + 1
                                        : std::max(kStepBytes, std::uint64_t{had});
    bytes.resize(had + want);
    RUNSTONE_TRY(const auto got, file->read_at(had, Span<char>(bytes.data() + had, want)));
    bytes.resize(had + got);
    if (bytes.size() > size_bytes_max) {
      return fail(ErrorCode::kResourceExhausted,
                  path.string() + ": longer than " + std::to_string(size_bytes_max) + " bytes");
    }
    if (got < want) return bytes;
  }
}

Result<void> replace_file(FileSystem& disk, const Path& path, std::string_view bytes,
                          bool durable) {
  Path neighbour = path;
  neighbour += ".tmp-" + random_id();
  const auto write = [&]() -> Result<void> {
    RUNSTONE_TRY(const auto file, disk.create_new(neighbour));
    RUNSTONE_TRY(file->write_at(0, bytes));
    if (durable) RUNSTONE_TRY(file->sync());
    return {};
  };
  auto done = write();
  if (done) done = disk.rename(neighbour, path);
  if (!done) {
    discard(disk.remove(neighbour), "what counts is why the write failed");
    return done;
  }
  if (!durable) return {};
  return disk.sync_directory(path.has_parent_path() ? path.parent_path() : Path("."));
}

}  // namespace runstone::fs
