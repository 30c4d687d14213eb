#include "artifact/sent_copies.h"

#include <algorithm>

#include "artifact/cache.h"
#include "artifact/manifest.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

/// Whether the file is a copy of ours, whatever data folder was named when it was made.
bool is_copy(const protocol::ManifestEntry& entry) {
  const fs::Path folder = fs::Path(entry.local_path).parent_path();
  return entry.ref.empty() && folder.filename() == "staging" &&
         folder.parent_path().filename() == "artifacts";
}

}  // namespace

std::string content_path(const protocol::ManifestEntry& entry) {
  fs::FileSystem& disk = fs::real_file_system();
  if (!is_copy(entry) || disk.exists(entry.local_path)) return entry.local_path;
  std::string cached = Cache().path_of(entry);
  return disk.exists(cached) ? cached : entry.local_path;
}

// Content that is used again soon (a model that is logged and evaluated) is at hand then.
void put_copies_away(const protocol::ArtifactManifest& manifest) {
  const Cache cache;
  fs::FileSystem& disk = fs::real_file_system();
  for (const protocol::ManifestEntry& entry : manifest.contents) {
    if (!is_copy(entry)) continue;
    const bool is_kept = !entry.skip_cache && cache.keep(entry.local_path, cache.path_of(entry));
    if (!is_kept) discard(disk.remove(entry.local_path), "another artifact's may be it, and gone");
  }
}

Result<void> digest_by_md5(protocol::ManifestEntry& entry) {
  if (kind_of(entry) == Digest::Kind::kMd5) return {};
  RUNSTONE_TRY(const FileDigest digest, digest_file(content_path(entry)));
  entry.digest = digest.digest;
  entry.extra.erase(std::remove_if(entry.extra.begin(), entry.extra.end(),
                                   [](const auto& item) { return item.first == "alg"; }),
                    entry.extra.end());
  return {};
}

}  // namespace runstone::artifact
