#include "store/memory/artifact_engine.h"

#include <algorithm>

#include "base/try.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<ArtifactManifest> MemoryArtifactStore::put_manifest(const ArtifactManifest& manifest) {
  const std::scoped_lock lock(t_.mutex);
  RUNSTONE_TRY(pending(manifest.artifact));
  auto made = manifest;
  if (manifest.type == ManifestType::kFull) {
    for (const auto& [id, other] : manifests_) {
      if (other.artifact == made.artifact && other.type == made.type && other.name == made.name &&
          other.run == made.run) {
        made.id = id;
      }
    }
  }
  if (to_number(made.id) != 0) {
    set_digest(made.id, made.digest);
  } else {
    made.id = ManifestId{++last_};
    manifests_[made.id] = made;
  }
  artifacts_[made.artifact].updated_at_us = manifest.created_at_us;
  return made;
}

Result<ArtifactManifest> MemoryArtifactStore::get_manifest(ManifestId id) const {
  const std::scoped_lock lock(t_.mutex);
  const auto at = manifests_.find(id);
  if (at == manifests_.end()) return missing("artifact manifest");
  return at->second;
}

Result<void> MemoryArtifactStore::update_manifest(ManifestId id, std::string_view digest,
                                                  std::optional<ArtifactId> base) {
  const std::scoped_lock lock(t_.mutex);
  const auto at = manifests_.find(id);
  if (at == manifests_.end()) return missing("artifact manifest");
  RUNSTONE_TRY(pending(at->second.artifact));
  set_digest(id, digest);
  if (base) at->second.base = base;
  return {};
}

Result<std::vector<ArtifactManifest>> MemoryArtifactStore::manifests(ArtifactId artifact) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<ArtifactManifest> found;
  for (const auto& [id, manifest] : manifests_) {
    if (manifest.artifact == artifact) found.push_back(manifest);
  }
  return found;
}

Result<void> MemoryArtifactStore::clear_entries(ArtifactId artifact,
                                                std::optional<ArtifactId> copy_of) {
  const std::scoped_lock lock(t_.mutex);
  RUNSTONE_TRY(pending(artifact));
  for (const auto& [path, entry] : entries_[artifact]) {
    if (entry.ref.empty()) free_.insert(entry.digest);
  }
  entries_[artifact] = copy_of ? entries_[*copy_of] : std::map<std::string, ArtifactEntry>();
  return {};
}

Result<void> MemoryArtifactStore::put_entries(ArtifactId artifact,
                                              std::span<const ArtifactEntry> entries) {
  const std::scoped_lock lock(t_.mutex);
  RUNSTONE_TRY(pending(artifact));
  for (const auto& entry : entries) entries_[artifact][entry.path] = entry;
  return {};
}

Result<std::vector<ArtifactEntry>> MemoryArtifactStore::list_entries(
    ArtifactId artifact, std::optional<std::string_view> after, std::int64_t limit) const {
  auto found = entries_where(
      artifact, [&](const ArtifactEntry& entry) { return !after || entry.path > *after; });
  cut(found, limit);
  return found;
}

Result<std::vector<ArtifactEntry>> MemoryArtifactStore::find_entries(
    ArtifactId artifact, std::span<const std::string> paths) const {
  return entries_where(artifact, [&](const ArtifactEntry& entry) {
    return std::find(paths.begin(), paths.end(), entry.path) != paths.end();
  });
}

Result<std::int64_t> MemoryArtifactStore::count_files(ArtifactId artifact) const {
  return static_cast<std::int64_t>(
      entries_where(artifact, [](const ArtifactEntry&) { return true; }).size());
}

Result<ArtifactEntry> MemoryArtifactStore::find_entry_by_digest(ArtifactId artifact,
                                                                std::string_view digest) const {
  auto found = entries_where(artifact, [&](const ArtifactEntry& entry) {
    return entry.ref.empty() && entry.digest == digest;
  });
  if (found.empty()) return missing("file of this artifact");
  return found.front();
}

Result<std::vector<ArtifactEntry>> MemoryArtifactStore::missing_entries(ArtifactId artifact,
                                                                        EntityId entity,
                                                                        std::int64_t limit) const {
  auto found = entries_where(artifact, [&](const ArtifactEntry& entry) {
    const auto blob = blobs_.find(entry.digest);
    const bool here = blob != blobs_.end() && blob->second.size_bytes == entry.size_bytes &&
                      owners_.count({entry.digest, entity}) > 0;
    return entry.ref.empty() && !here;
  });
  cut(found, limit);
  return found;
}

Result<void> MemoryArtifactStore::put_blob(const Blob& blob, EntityId entity) {
  const std::scoped_lock lock(t_.mutex);
  blobs_[blob.digest] = blob;
  owners_.emplace(blob.digest, entity);
  return {};
}

Result<Blob> MemoryArtifactStore::find_blob(std::string_view digest) const {
  const std::scoped_lock lock(t_.mutex);
  const auto at = blobs_.find(std::string(digest));
  if (at == blobs_.end()) return missing("artifact file");
  return at->second;
}

Result<std::vector<Blob>> MemoryArtifactStore::find_blobs(
    EntityId entity, std::span<const std::string> digests) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<Blob> found;
  for (const auto& [digest, blob] : blobs_) {
    const bool asked = std::find(digests.begin(), digests.end(), digest) != digests.end();
    if (asked && owners_.count({digest, entity}) > 0) found.push_back(blob);
  }
  return found;
}

Result<void> MemoryArtifactStore::reserve(ArtifactId artifact,
                                          std::span<const std::string> digests) {
  const std::scoped_lock lock(t_.mutex);
  RUNSTONE_TRY(pending(artifact));
  reservations_[artifact].insert(digests.begin(), digests.end());
  return {};
}

Result<std::vector<std::string>> MemoryArtifactStore::list_free(std::int64_t limit) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<std::string> found(free_.begin(), free_.end());
  cut(found, limit);
  return found;
}

Result<bool> MemoryArtifactStore::take_free(std::string_view digest) {
  const std::scoped_lock lock(t_.mutex);
  const std::string text(digest);
  for (const auto& [id, entries] : entries_) {
    for (const auto& [path, entry] : entries) {
      if (entry.ref.empty() && entry.digest == text) return false;
    }
  }
  for (const auto& [id, reserved] : reservations_) {
    if (reserved.count(text) > 0) return false;
  }
  for (const auto& [id, manifest] : manifests_) {
    if (manifest.digest == text) return false;
  }
  for (const auto& [id, a] : artifacts_) {
    if (a.manifest_digest == text) return false;
  }
  blobs_.erase(text);
  std::erase_if(owners_, [&](const auto& row) { return row.first == text; });
  return true;
}

Result<void> MemoryArtifactStore::forget_free(std::string_view digest) {
  const std::scoped_lock lock(t_.mutex);
  free_.erase(std::string(digest));
  return {};
}

}  // namespace runstone::store::memory
