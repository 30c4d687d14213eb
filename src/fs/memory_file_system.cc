#include "fs/memory_file_system.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>

#include "base/assert.h"
#include "base/try.h"

namespace runstone::fs {

/// One file, directory or symlink. Content lies in one large, lazily filled stretch of address
/// space, so that a mapping stays where it is while the file grows.
struct MemoryFileSystem::Node {
  bool is_directory = false;
  std::optional<Path> symlink_target;
  char* data = nullptr;
  std::uint64_t size_bytes = 0;
  std::string synced;
  bool locked = false;

  Node() = default;
  Node(const Node&) = delete;
  ~Node() {
    if (data != nullptr) ::munmap(data, kFileBytesMax);
  }
  void resize(std::uint64_t size) {
    if (data == nullptr && size > 0) {
      void* const memory = ::mmap(nullptr, kFileBytesMax, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      RUNSTONE_ASSERT(memory != MAP_FAILED);
      data = static_cast<char*>(memory);
    }
    if (size < size_bytes) std::memset(data + size, 0, size_bytes - size);
    size_bytes = size;
  }
};

struct MemoryFileSystem::Disk {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Node>> nodes;  // owned here and by open files
  std::uint64_t capacity_bytes = ~std::uint64_t{0};
  bool can_reserve = true;
  struct Fault {
    std::uint64_t countdown = 0;
    ErrorCode code = ErrorCode::kIo;
    bool for_ever = false;
  };
  std::map<Operation, Fault> faults;
  bool has_failed = false;

  Result<void> check(Operation operation) {
    const auto found = faults.find(operation);
    if (found == faults.end()) return {};
    Fault& fault = found->second;
    if (fault.countdown > 1) {
      --fault.countdown;
      return {};
    }
    const auto code = fault.code;
    if (!fault.for_ever) faults.erase(found);
    has_failed = true;
    return fail(code, "fault set by a test");
  }
  std::uint64_t used_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [path, node] : nodes) sum += node->size_bytes;
    return sum;
  }
  std::shared_ptr<Node> find(const Path& path) const {
    auto found = nodes.find(path.lexically_normal().string());
    for (int hops = 0; found != nodes.end() && found->second->symlink_target; ++hops) {
      if (hops == 8) return nullptr;
      const Path target = Path(found->first).parent_path() / *found->second->symlink_target;
      found = nodes.find(target.lexically_normal().string());
    }
    return found == nodes.end() ? nullptr : found->second;
  }
  const Node& existing(const Path& path) const {
    const auto node = find(path);
    RUNSTONE_ASSERT(node != nullptr);
    return *node;
  }
};

namespace {

using Disk = MemoryFileSystem::Disk;
using Node = MemoryFileSystem::Node;

class MemoryMapping final : public Mapping {
 public:
  MemoryMapping(std::shared_ptr<Node> node, char* data, std::size_t size_bytes)
      : node_(std::move(node)), data_(data), size_bytes_(size_bytes) {}
  char* data() noexcept override { return data_; }
  std::size_t size_bytes() const noexcept override { return size_bytes_; }

 private:
  std::shared_ptr<Node> node_;
  char* data_;
  std::size_t size_bytes_;
};

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<Disk> disk, std::shared_ptr<Node> node)
      : disk_(std::move(disk)), node_(std::move(node)) {}
  ~MemoryFile() override {
    const std::scoped_lock lock(disk_->mutex);
    if (holds_lock_) node_->locked = false;
  }

  Result<std::size_t> read_at(std::uint64_t offset, Span<char> into) override {
    const std::scoped_lock lock(disk_->mutex);
    RUNSTONE_TRY(disk_->check(Operation::kRead));
    if (offset >= node_->size_bytes) return std::size_t{0};
    const auto count = std::min<std::uint64_t>(into.size(), node_->size_bytes - offset);
    std::memcpy(into.data(), node_->data + offset, count);
    return static_cast<std::size_t>(count);
  }

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::scoped_lock lock(disk_->mutex);
    auto allowed = disk_->check(Operation::kWrite);
    if (!allowed) bytes = bytes.substr(0, bytes.size() / 2);
    const auto end = offset + bytes.size();
    if (end > node_->size_bytes) {
      const auto room = room_bytes();
      if (end - node_->size_bytes > room && allowed) {
        allowed = fail(ErrorCode::kResourceExhausted, "no space left on the test's disk");
        bytes = bytes.substr(0, std::min<std::uint64_t>(
                                    bytes.size(), node_->size_bytes + room -
                                                      std::min(offset, node_->size_bytes + room)));
      }
      if (!bytes.empty()) node_->resize(std::max(node_->size_bytes, offset + bytes.size()));
    }
    if (!bytes.empty()) std::memcpy(node_->data + offset, bytes.data(), bytes.size());
    return allowed;
  }

  Result<std::uint64_t> size_bytes() override {
    const std::scoped_lock lock(disk_->mutex);
    return node_->size_bytes;
  }
  Result<void> truncate(std::uint64_t size_bytes) override {
    const std::scoped_lock lock(disk_->mutex);
    RUNSTONE_TRY(disk_->check(Operation::kTruncate));
    node_->resize(size_bytes);
    return {};
  }

  Result<void> reserve(std::uint64_t offset, std::uint64_t size_bytes) override {
    const std::scoped_lock lock(disk_->mutex);
    RUNSTONE_TRY(disk_->check(Operation::kReserve));
    if (!disk_->can_reserve) return fail(ErrorCode::kNotImplemented, "this disk cannot reserve");
    const auto end = offset + size_bytes;
    if (end <= node_->size_bytes) return {};
    if (end - node_->size_bytes > room_bytes()) {
      return fail(ErrorCode::kResourceExhausted, "no space left on the test's disk");
    }
    node_->resize(end);
    return {};
  }
  Result<std::unique_ptr<Mapping>> map(std::uint64_t offset, std::size_t size_bytes) override {
    const std::scoped_lock lock(disk_->mutex);
    RUNSTONE_TRY(disk_->check(Operation::kMap));
    RUNSTONE_ASSERT(offset + size_bytes <= node_->size_bytes);
    return std::unique_ptr<Mapping>(new MemoryMapping(node_, node_->data + offset, size_bytes));
  }
  Result<void> sync() override {
    const std::scoped_lock lock(disk_->mutex);
    RUNSTONE_TRY(disk_->check(Operation::kSync));
    node_->synced.assign(node_->data, node_->size_bytes);
    return {};
  }
  Result<void> lock() override {
    const std::scoped_lock lock(disk_->mutex);
    if (node_->locked && !holds_lock_) return fail(ErrorCode::kConflict, "in use");
    node_->locked = holds_lock_ = true;
    return {};
  }

 private:
  std::uint64_t room_bytes() const {
    const auto used = disk_->used_bytes();
    const auto free = disk_->capacity_bytes > used ? disk_->capacity_bytes - used : 0;
    return std::min<std::uint64_t>(free, MemoryFileSystem::kFileBytesMax - node_->size_bytes);
  }

  std::shared_ptr<Disk> disk_;
  std::shared_ptr<Node> node_;
  bool holds_lock_ = false;
};

Failure not_found(const Path& path) {
  return fail(ErrorCode::kNotFound, path.string() + ": no such file");
}

}  // namespace

MemoryFileSystem::MemoryFileSystem() : disk_(std::make_shared<Disk>()) {}
MemoryFileSystem::MemoryFileSystem(MemoryFileSystem&&) noexcept = default;
MemoryFileSystem::~MemoryFileSystem() = default;

void MemoryFileSystem::fail_nth(Operation operation, std::uint64_t n, ErrorCode code,
                                bool for_ever) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->faults[operation] = {n, code, for_ever};
  disk_->has_failed = false;
}
bool MemoryFileSystem::has_failed() const {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->has_failed;
}
void MemoryFileSystem::set_capacity_bytes(std::uint64_t bytes) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->capacity_bytes = bytes;
}
void MemoryFileSystem::set_can_reserve(bool can) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->can_reserve = can;
}

std::uint64_t MemoryFileSystem::size_bytes(const Path& path) const {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->existing(path).size_bytes;
}
std::uint64_t MemoryFileSystem::synced_bytes(const Path& path) const {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->existing(path).synced.size();
}
std::string MemoryFileSystem::content(const Path& path) const {
  const std::scoped_lock lock(disk_->mutex);
  const Node& node = disk_->existing(path);
  return node.data == nullptr ? std::string() : std::string(node.data, node.size_bytes);
}
void MemoryFileSystem::set_content(const Path& path, std::string_view bytes) {
  const std::scoped_lock lock(disk_->mutex);
  auto node = std::make_shared<Node>();
  node->resize(bytes.size());
  if (!bytes.empty()) std::memcpy(node->data, bytes.data(), bytes.size());
  node->synced = bytes;
  disk_->nodes[path.lexically_normal().string()] = std::move(node);
}
MemoryFileSystem MemoryFileSystem::cut(const Path& path, std::uint64_t size_bytes) const {
  MemoryFileSystem other;
  other.set_content(path, std::string_view(content(path)).substr(0, size_bytes));
  return other;
}
MemoryFileSystem MemoryFileSystem::after_power_cut(
    const Path& path, const std::function<bool(std::size_t)>& keeps) const {
  constexpr std::size_t kPageBytes = 4096;
  std::string found = content(path);
  std::string synced;
  {
    const std::scoped_lock lock(disk_->mutex);
    synced = disk_->existing(path).synced;
  }
  synced.resize(found.size());
  for (std::size_t at = 0; at < found.size(); at += kPageBytes) {
    if (!keeps(at / kPageBytes)) found.replace(at, kPageBytes, synced, at, kPageBytes);
  }
  MemoryFileSystem other;
  other.set_content(path, found);
  return other;
}

Result<std::unique_ptr<File>> MemoryFileSystem::open(const Path& path, bool create,
                                                     bool must_be_new) {
  const std::scoped_lock lock(disk_->mutex);
  RUNSTONE_TRY(disk_->check(Operation::kOpen));
  auto node = disk_->find(path);
  if (node != nullptr && must_be_new) {
    return fail(ErrorCode::kConflict, path.string() + ": exists already");
  }
  if (node == nullptr) {
    if (!create) return not_found(path);
    node = std::make_shared<Node>();
    disk_->nodes[path.lexically_normal().string()] = node;
  }
  if (node->is_directory) return fail(ErrorCode::kIo, path.string() + ": is a directory");
  return std::unique_ptr<File>(new MemoryFile(disk_, std::move(node)));
}
Result<std::unique_ptr<File>> MemoryFileSystem::open_read(const Path& path) {
  return open(path, false, false);
}
Result<std::unique_ptr<File>> MemoryFileSystem::open_write(const Path& path) {
  return open(path, false, false);
}
Result<std::unique_ptr<File>> MemoryFileSystem::create_new(const Path& path) {
  return open(path, true, true);
}
Result<std::unique_ptr<File>> MemoryFileSystem::open_or_create(const Path& path) {
  return open(path, true, false);
}

Result<FileInfo> MemoryFileSystem::info(const Path& path) {
  const std::scoped_lock lock(disk_->mutex);
  const auto node = disk_->find(path);
  if (node == nullptr) return not_found(path);
  const auto name = disk_->nodes.find(path.lexically_normal().string());
  FileInfo info;
  info.is_directory = node->is_directory;
  info.is_symlink = name != disk_->nodes.end() && name->second->symlink_target.has_value();
  info.size_bytes = node->size_bytes;
  return info;
}

Result<std::vector<std::string>> MemoryFileSystem::list(const Path& directory) {
  const std::scoped_lock lock(disk_->mutex);
  const auto node = disk_->find(directory);
  if (node == nullptr || !node->is_directory) return not_found(directory);
  std::vector<std::string> names;
  for (const auto& [text, entry] : disk_->nodes) {
    const Path path(text);
    if (path.parent_path() == directory.lexically_normal() && path.has_filename()) {
      names.push_back(path.filename().string());
    }
  }
  return names;
}

Result<void> MemoryFileSystem::make_directory(const Path& path) {
  const std::scoped_lock lock(disk_->mutex);
  RUNSTONE_TRY(disk_->check(Operation::kMakeDirectory));
  auto& node = disk_->nodes[path.lexically_normal().string()];
  if (node != nullptr) return fail(ErrorCode::kConflict, path.string() + ": exists already");
  node = std::make_shared<Node>();
  node->is_directory = true;
  return {};
}
Result<void> MemoryFileSystem::make_directories(const Path& path) {
  Path sofar;
  for (const auto& part : path.lexically_normal()) {
    sofar /= part;
    const auto found = info(sofar);
    if (found && found->is_directory) continue;
    RUNSTONE_TRY(make_directory(sofar));
  }
  return {};
}

Result<void> MemoryFileSystem::rename(const Path& from, const Path& to) {
  const std::scoped_lock lock(disk_->mutex);
  RUNSTONE_TRY(disk_->check(Operation::kRename));
  const auto found = disk_->nodes.find(from.lexically_normal().string());
  if (found == disk_->nodes.end()) return not_found(from);
  auto node = std::move(found->second);
  disk_->nodes.erase(found);
  disk_->nodes[to.lexically_normal().string()] = std::move(node);
  return {};
}
Result<void> MemoryFileSystem::remove(const Path& path) {
  const std::scoped_lock lock(disk_->mutex);
  RUNSTONE_TRY(disk_->check(Operation::kRemove));
  if (disk_->nodes.erase(path.lexically_normal().string()) == 0) return not_found(path);
  return {};
}
Result<void> MemoryFileSystem::replace_symlink(const Path& target, const Path& link) {
  const std::scoped_lock lock(disk_->mutex);
  auto node = std::make_shared<Node>();
  node->symlink_target = target;
  disk_->nodes[link.lexically_normal().string()] = std::move(node);
  return {};
}
Result<void> MemoryFileSystem::sync_directory(const Path&) {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->check(Operation::kSync);
}
Result<bool> MemoryFileSystem::is_locked(const Path& path) {
  const std::scoped_lock lock(disk_->mutex);
  const auto node = disk_->find(path);
  if (node == nullptr) return not_found(path);
  return node->locked;
}

}  // namespace runstone::fs
