#include <algorithm>
#include <utility>

#include "base/random_id.h"
#include "base/try.h"
#include "objects/object_key.h"
#include "objects/object_store.h"

namespace runstone::objects {
namespace {

using fs::Path;

constexpr std::size_t kCopyBytes = 1 << 20;

/// root/objects/<key> are the objects, root/spool/ is what is on its way.
class FolderStore final : public ObjectStore {
 public:
  FolderStore(Path root, fs::FileSystem& disk)
      : disk_(disk), objects_(root / "objects"), spool_(root / "spool") {}

  Result<void> prepare() {
    RUNSTONE_TRY(disk_.make_directories(objects_));
    RUNSTONE_TRY(disk_.make_directories(spool_));
    RUNSTONE_TRY(const auto left, disk_.list(spool_));
    for (const auto& name : left) {
      discard(disk_.remove(spool_ / name), "what stays is tried again at the next start");
    }
    return disk_.sync_directory(objects_.parent_path());
  }

  Result<void> put(std::string_view key, std::string_view bytes) override {
    RUNSTONE_TRY(check_key(key));
    const Path spooled = spool_ / random_id(16);
    auto written = write(spooled, bytes);
    if (written) written = move_in(key, spooled);
    if (!written) discard(disk_.remove(spooled), "the first error is the one to tell");
    return written;
  }

  Result<void> put_file(std::string_view key, const Path& file) override {
    RUNSTONE_TRY(check_key(key));
    {
      RUNSTONE_TRY(const auto opened, disk_.open_write(file));
      RUNSTONE_TRY(opened->sync());
    }
    if (move_in(key, file)) return {};
    // From another disk it has to be copied.
    const Path spooled = spool_ / random_id(16);
    auto copied = copy(file, spooled);
    if (copied) copied = move_in(key, spooled);
    if (!copied) {
      discard(disk_.remove(spooled), "the first error is the one to tell");
      return copied;
    }
    return disk_.remove(file);
  }

  Result<std::string> get(std::string_view key) const override {
    RUNSTONE_TRY(const auto file, open(key));
    RUNSTONE_TRY(const auto size, file->size_bytes());
    return read(*file, 0, size);
  }

  Result<std::string> get_range(std::string_view key, std::int64_t offset,
                                std::int64_t count) const override {
    if (offset < 0 || count < 0) {
      return fail(ErrorCode::kInvalidArgument, "a range must not be negative");
    }
    RUNSTONE_TRY(const auto file, open(key));
    RUNSTONE_TRY(const auto size, file->size_bytes());
    const auto begin = std::min(static_cast<std::uint64_t>(offset), size);
    return read(*file, begin, std::min(static_cast<std::uint64_t>(count), size - begin));
  }

  Result<ObjectInfo> head(std::string_view key) const override {
    RUNSTONE_TRY(check_key(key));
    RUNSTONE_TRY(const auto info, disk_.info(objects_ / key));
    if (info.is_directory) return fail(ErrorCode::kNotFound, "no object " + std::string(key));
    return ObjectInfo{std::string(key), static_cast<std::int64_t>(info.size_bytes),
                      info.modified_at_us};
  }

  Result<Path> local_path(std::string_view key) const override {
    RUNSTONE_TRY(head(key));
    return objects_ / key;
  }

  Result<void> remove(std::string_view key) override {
    RUNSTONE_TRY(check_key(key));
    auto removed = disk_.remove(objects_ / key);
    if (!removed && removed.error().code == ErrorCode::kNotFound) return {};
    return removed;
  }

  Result<std::vector<ObjectInfo>> list(std::string_view prefix) const override {
    std::vector<ObjectInfo> found;
    if (!prefix.empty()) RUNSTONE_TRY(check_key(prefix));
    const auto top = disk_.info(objects_ / prefix);
    if (!top) {
      if (top.error().code == ErrorCode::kNotFound) return found;
      return fail(top.error());
    }
    if (!top->is_directory) {
      found.push_back(
          {std::string(prefix), static_cast<std::int64_t>(top->size_bytes), top->modified_at_us});
      return found;
    }
    RUNSTONE_TRY(walk(std::string(prefix), found, nullptr));
    std::sort(found.begin(), found.end(),
              [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
    return found;
  }

  Result<void> remove_all(std::string_view prefix) override {
    RUNSTONE_TRY(check_key(prefix));
    const auto top = disk_.info(objects_ / prefix);
    if (!top && top.error().code == ErrorCode::kNotFound) return {};
    if (top && !top->is_directory) return remove(prefix);
    std::vector<ObjectInfo> files;
    std::vector<std::string> folders = {std::string(prefix)};
    RUNSTONE_TRY(walk(std::string(prefix), files, &folders));
    for (const auto& file : files) RUNSTONE_TRY(remove(file.key));
    // A folder comes before what is in it; one that got a new object meanwhile stays.
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
      discard(disk_.remove(objects_ / *folder), "an empty folder is no object");
    }
    return {};
  }

  Path spool_folder() const override { return spool_; }

 private:
  Result<std::unique_ptr<fs::File>> open(std::string_view key) const {
    RUNSTONE_TRY(check_key(key));
    RUNSTONE_TRY(head(key));
    return disk_.open_read(objects_ / key);
  }

  static Result<std::string> read(fs::File& file, std::uint64_t offset, std::uint64_t count) {
    std::string bytes(count, '\0');
    RUNSTONE_TRY(const auto got, file.read_at(offset, Span<char>(bytes.data(), bytes.size())));
    bytes.resize(got);
    return bytes;
  }

  Result<void> write(const Path& path, std::string_view bytes) {
    RUNSTONE_TRY(const auto file, disk_.create_new(path));
    RUNSTONE_TRY(file->write_at(0, bytes));
    return file->sync();
  }

  Result<void> copy(const Path& from, const Path& to) {
    RUNSTONE_TRY(const auto source, disk_.open_read(from));
    RUNSTONE_TRY(const auto target, disk_.create_new(to));
    std::string block(kCopyBytes, '\0');
    for (std::uint64_t offset = 0;;) {
      RUNSTONE_TRY(const auto got, source->read_at(offset, Span<char>(block.data(), block.size())));
      if (got == 0) return target->sync();
      RUNSTONE_TRY(target->write_at(offset, std::string_view(block).substr(0, got)));
      offset += got;
    }
  }

  // The content is on the disk already; now its name gets there.
  Result<void> move_in(std::string_view key, const Path& file) {
    const Path target = objects_ / key;
    const Path folder = target.parent_path();
    if (!disk_.exists(folder)) {
      RUNSTONE_TRY(disk_.make_directories(folder));
      for (Path above = folder; above != objects_; above = above.parent_path()) {
        RUNSTONE_TRY(disk_.sync_directory(above.parent_path()));
      }
    }
    RUNSTONE_TRY(disk_.rename(file, target));
    return disk_.sync_directory(folder);
  }

  Result<void> walk(const std::string& folder, std::vector<ObjectInfo>& files,
                    std::vector<std::string>* folders) const {
    RUNSTONE_TRY(const auto names, disk_.list(objects_ / folder));
    for (const auto& name : names) {
      const std::string key = folder.empty() ? name : folder + "/" + name;
      const auto info = disk_.info(objects_ / key);
      if (!info) continue;  // removed meanwhile
      if (info->is_directory) {
        if (folders != nullptr) folders->push_back(key);
        RUNSTONE_TRY(walk(key, files, folders));
      } else {
        files.push_back({key, static_cast<std::int64_t>(info->size_bytes), info->modified_at_us});
      }
    }
    return {};
  }

  fs::FileSystem& disk_;
  const Path objects_;
  const Path spool_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_folder_store(const Path& root, fs::FileSystem& disk) {
  auto store = std::make_unique<FolderStore>(root, disk);
  RUNSTONE_TRY(store->prepare());
  return std::unique_ptr<ObjectStore>(std::move(store));
}

}  // namespace runstone::objects
