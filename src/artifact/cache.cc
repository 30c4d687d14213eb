#include "artifact/cache.h"

#include "artifact/manifest.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/random_id.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kRandomChars = 16;

std::string sha256(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha256);
  digest.add(bytes);
  return digest.finish();
}

}  // namespace

std::string Cache::path_of(const protocol::ManifestEntry& entry) const {
  const bool is_by_address = !entry.ref.empty() && entry.ref.rfind("file://", 0) != 0;
  std::string kind = kind_of(entry) == Digest::Kind::kMd5 ? "md5" : "xxh128";
  std::string hex = to_hex(from_base64(entry.digest).value_or(""));
  if (is_by_address) {
    kind = "etag";
    hex = sha256_hex(sha256(entry.ref) + sha256(entry.digest));
  }
  if (hex.size() < 3) hex = sha256_hex(entry.digest);
  return folder_ + "/obj/" + kind + "/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

Result<std::string> Cache::temporary() const {
  const std::string folder = folder_ + "/tmp";
  RUNSTONE_TRY(fs::real_file_system().make_directories(folder));
  return folder + "/" + random_id(kRandomChars);
}

Result<void> Cache::keep(const std::string& temporary, const std::string& path) const {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(path).parent_path()));
  return disk.rename(temporary, path);
}

}  // namespace runstone::artifact
