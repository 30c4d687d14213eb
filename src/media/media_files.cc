#include "media/media_files.h"

#include <array>
#include <filesystem>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/random_id.h"
#include "base/try.h"
#include "base/utf8.h"
#include "fs/file_system.h"

namespace runstone::media {
namespace {

constexpr std::size_t kDigestDigits = 20;
constexpr std::size_t kMaxNameBytes = 180;  // of 255: the step, the digest and an extension follow
constexpr std::size_t kCopyBytes = 1 << 20;

std::string relative_path(std::string_view folder, std::string_view extension, const Place& place,
                          std::string_view sha256) {
  std::string path = "media/" + std::string(folder) + "/" + file_part_of_key(place.key);
  path += "_" + place.step + "_";
  path.append(sha256.substr(0, kDigestDigits)).append(extension);
  return path;
}

// A neighbour that becomes the file when it is whole.
struct Draft {
  fs::Path path;
  std::unique_ptr<fs::File> file;
  std::uint64_t size_bytes = 0;

  Result<void> write(std::string_view bytes) {
    RUNSTONE_TRY(file->write_at(size_bytes, bytes));
    size_bytes += bytes.size();
    return {};
  }
  ~Draft() {
    if (!file) return;  // moved to its place
    file.reset();
    discard(fs::real_file_system().remove(path), "nothing names it");
  }
};

Result<void> begin(Draft& draft, const fs::Path& directory) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(directory));
  draft.path = directory / (".writing-" + random_id(12));
  RUNSTONE_TRY(draft.file, disk.create_new(draft.path));
  return {};
}

Result<void> put_in_place(Draft& draft, const fs::Path& target) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(target.parent_path()));
  RUNSTONE_TRY(disk.rename(draft.path, target));
  draft.file.reset();
  return {};
}

/// Gives each piece of a file to `take`, and then the file's SHA-256.
template <typename Take>
Result<std::string> read_through(const std::string& path, const Take& take) {
  RUNSTONE_TRY(const auto source, fs::real_file_system().open_read(path));
  Digest digest(Digest::Kind::kSha256);
  std::string buffer(kCopyBytes, '\0');
  for (std::uint64_t offset = 0;;) {
    RUNSTONE_TRY(const std::size_t size,
                 source->read_at(offset, Span<char>(buffer.data(), buffer.size())));
    if (size == 0) return to_hex(digest.finish());
    const std::string_view piece(buffer.data(), size);
    digest.add(piece);
    RUNSTONE_TRY(take(piece));
    offset += size;
  }
}

}  // namespace

std::string file_part_of_key(std::string_view key) {
  std::string out;
  while (true) {
    const std::size_t slash = key.find('/');
    if (slash == 0) {  // a second slash in a row names no folder
      key.remove_prefix(1);
      continue;
    }
    std::string part(key.substr(0, slash));
    if (part == ".") part = "_";
    if (part == "..") part = "__";
    for (char& c : part) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '\\') c = '_';
    }
    if (part.size() > kMaxNameBytes) {
      // A long key keeps its beginning; the digest of the whole keeps it apart from others.
      const std::string digest = sha256_hex(part).substr(0, 16);
      part.resize(whole_characters(part, kMaxNameBytes - digest.size() - 1));
      part += "-" + digest;
    }
    out += part;
    if (slash == std::string_view::npos) return out;
    out += "/";
    key.remove_prefix(slash + 1);
  }
}

Result<StoredFile> store_media(const std::string& files_directory, std::string_view folder,
                               std::string_view extension, const Place& place,
                               Span<const std::string_view> bytes) {
  Digest digest(Digest::Kind::kSha256);
  StoredFile stored;
  for (const std::string_view piece : bytes) {
    digest.add(piece);
    stored.size_bytes += piece.size();
  }
  stored.sha256 = to_hex(digest.finish());
  stored.path = relative_path(folder, extension, place, stored.sha256);
  const fs::Path target = fs::Path(files_directory) / stored.path;
  if (fs::real_file_system().exists(target)) return stored;
  Draft draft;
  RUNSTONE_TRY(begin(draft, target.parent_path()));
  for (const std::string_view piece : bytes) RUNSTONE_TRY(draft.write(piece));
  RUNSTONE_TRY(put_in_place(draft, target));
  return stored;
}

Result<StoredFile> store_media_file(const std::string& files_directory, std::string_view folder,
                                    std::string_view extension, const Place& place,
                                    const std::string& path) {
  Draft draft;
  RUNSTONE_TRY(begin(draft, fs::Path(files_directory) / "media" / folder));
  StoredFile stored;
  RUNSTONE_TRY(stored.sha256,
               read_through(path, [&](std::string_view piece) { return draft.write(piece); }));
  stored.size_bytes = draft.size_bytes;
  stored.path = relative_path(folder, extension, place, stored.sha256);
  RUNSTONE_TRY(put_in_place(draft, fs::Path(files_directory) / stored.path));
  return stored;
}

Result<StoredFile> link_media_file(const std::string& files_directory, std::string_view folder,
                                   std::string_view extension, const Place& place,
                                   const std::string& path, bool may_symlink) {
  StoredFile stored;
  RUNSTONE_TRY(stored.sha256, read_through(path, [&](std::string_view piece) -> Result<void> {
                 stored.size_bytes += piece.size();
                 return {};
               }));
  stored.path = relative_path(folder, extension, place, stored.sha256);
  const fs::Path target = fs::Path(files_directory) / stored.path;
  fs::FileSystem& disk = fs::real_file_system();
  if (disk.exists(target)) return stored;
  RUNSTONE_TRY(disk.make_directories(target.parent_path()));
  std::error_code error;
  const fs::Path source = std::filesystem::canonical(path, error);
  if (!error && may_symlink) {
    std::filesystem::create_symlink(source, target, error);
    if (!error) return stored;
  }
  std::filesystem::create_hard_link(source, target, error);
  if (!error) return stored;
  return store_media_file(files_directory, folder, extension, place, path);
}

}  // namespace runstone::media
