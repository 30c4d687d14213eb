#include "media/package.h"

#include <filesystem>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "media/source_file.h"

namespace runstone::media {
namespace {

constexpr std::size_t kDigestDigits = 20;
constexpr std::size_t kReadBytes = 1 << 20;

std::string md5_hex(std::string_view bytes) {
  Digest digest(Digest::Kind::kMd5);
  digest.add(bytes);
  return to_hex(digest.finish());
}

Result<std::string> sha256_of_file(const std::string& path) {
  RUNSTONE_TRY(const auto file, fs::real_file_system().open_read(path));
  Digest digest(Digest::Kind::kSha256);
  std::string buffer(kReadBytes, '\0');
  for (std::uint64_t offset = 0;;) {
    RUNSTONE_TRY(const std::size_t size,
                 file->read_at(offset, Span<char>(buffer.data(), buffer.size())));
    if (size == 0) return to_hex(digest.finish());
    digest.add(std::string_view(buffer).substr(0, size));
    offset += size;
  }
}

}  // namespace

Result<PackedFile> pack_generated(Package& package, std::string_view folder,
                                  std::string_view extension, std::string_view bytes) {
  std::string path = "media/" + std::string(folder) + "/" + md5_hex(bytes).substr(0, kDigestDigits);
  path.append(extension);
  RUNSTONE_TRY(PackedFile packed, package.add_bytes(path, bytes));
  packed.sha256 = sha256_hex(bytes);
  return packed;
}

Result<PackedFile> pack_file(Package& package, std::string_view folder, const std::string& path) {
  const std::string base = "media/" + std::string(folder) + "/";
  const std::string name = std::filesystem::path(path).filename().string();
  if (is_address(path)) {
    const std::string sha256 = sha256_hex(path);
    RUNSTONE_TRY(PackedFile packed,
                 package.add_reference(base + sha256.substr(0, kDigestDigits) + "/" + name, path));
    packed.sha256 = sha256;
    return packed;
  }
  RUNSTONE_TRY(const std::string sha256, sha256_of_file(path));
  RUNSTONE_TRY(PackedFile packed,
               package.add_file(base + sha256.substr(0, kDigestDigits) + "/" + name, path));
  packed.sha256 = sha256;
  return packed;
}

}  // namespace runstone::media
