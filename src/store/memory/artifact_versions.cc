#include "store/memory/artifact_engine.h"

#include <algorithm>

#include "base/try.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<Artifact> MemoryArtifactStore::create_artifact(const Artifact& artifact) {
  const std::scoped_lock lock(t_.mutex);
  auto made = artifact;
  made.id = ArtifactId{++last_};
  made.state = ArtifactState::kPending;
  made.version_index.reset();
  made.size_bytes = made.file_count = 0;
  made.commit_hash.clear();
  made.manifest_digest.clear();
  artifacts_[made.id] = made;
  return shown(made);
}

Result<std::vector<Artifact>> MemoryArtifactStore::get_artifacts(
    std::span<const ArtifactId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<Artifact> found;
  for (const auto id : ids) {
    const auto at = artifacts_.find(id);
    if (at != artifacts_.end()) found.push_back(shown(at->second));
  }
  return found;
}

Result<Artifact> MemoryArtifactStore::find_by_digest(CollectionId sequence, std::string_view digest,
                                                     ArtifactState state) const {
  return newest([&](const Artifact& a) {
    return a.sequence == sequence && a.digest == digest && a.state == state;
  });
}

Result<Artifact> MemoryArtifactStore::find_by_distributed_id(
    CollectionId sequence, std::string_view distributed_id) const {
  return newest([&](const Artifact& a) {
    return a.sequence == sequence && a.distributed_id == distributed_id &&
           !a.distributed_id.empty() && a.state == ArtifactState::kPending;
  });
}

Result<std::vector<ArtifactId>> MemoryArtifactStore::list_abandoned(std::int64_t before_us) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<ArtifactId> found;
  for (const auto& [id, a] : artifacts_) {
    if (a.state == ArtifactState::kPending && a.updated_at_us < before_us) found.push_back(id);
  }
  return found;
}

Result<std::vector<ArtifactId>> MemoryArtifactStore::list_expired(std::int64_t now_us) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<ArtifactId> found;
  for (const auto& [id, a] : artifacts_) {
    if (a.state != ArtifactState::kCommitted || a.ttl_secs == kTtlNever) continue;
    auto ttl = collections_.at(a.sequence).ttl_secs;
    if (a.ttl_secs != kTtlInherit) ttl = a.ttl_secs;
    if (ttl && *ttl > 0 && a.created_at_us + *ttl * 1'000'000 <= now_us) found.push_back(id);
  }
  return found;
}

Result<void> MemoryArtifactStore::update_artifact(const ArtifactUpdate& update) {
  const std::scoped_lock lock(t_.mutex);
  const auto at = artifacts_.find(update.artifact);
  if (at == artifacts_.end() || at->second.state == ArtifactState::kDeleted) {
    return missing("artifact");
  }
  auto& a = at->second;
  if (update.description) a.description = *update.description;
  if (update.metadata_json) a.metadata_json = *update.metadata_json;
  if (update.ttl_secs) a.ttl_secs = *update.ttl_secs;
  a.updated_at_us = update.now_us;
  for (const auto& tag : update.add_tags) artifact_tags_.emplace(a.id, tag);
  for (const auto& tag : update.remove_tags) artifact_tags_.erase({a.id, tag});
  return {};
}

Result<void> MemoryArtifactStore::add_pending_aliases(ArtifactId id,
                                                      std::span<const std::string> aliases) {
  const std::scoped_lock lock(t_.mutex);
  RUNSTONE_TRY(pending(id));
  auto& all = artifacts_[id].pending_aliases;
  for (const auto& alias : aliases) {
    if (std::find(all.begin(), all.end(), alias) == all.end()) all.push_back(alias);
  }
  return {};
}

Result<Artifact> MemoryArtifactStore::commit_artifact(const CommitArtifact& commit) {
  const std::scoped_lock lock(t_.mutex);
  RUNSTONE_TRY(pending(commit.artifact));
  auto& a = artifacts_[commit.artifact];
  auto& sequence = collections_.at(a.sequence);
  a.state = ArtifactState::kCommitted;
  a.version_index = sequence.next_version++;
  sequence.updated_at_us = a.updated_at_us = commit.now_us;
  a.digest = commit.digest;
  a.manifest_digest = commit.manifest_digest;
  a.commit_hash = commit.commit_hash;
  a.size_bytes = commit.size_bytes;
  a.file_count = commit.file_count;
  const MembershipId id{++last_};
  members_[id] = {id, a.sequence, a.id, *a.version_index, commit.now_us};
  for (const auto& alias : std::exchange(a.pending_aliases, {})) {
    RUNSTONE_TRY(alias_locked({a.sequence, alias, a.id}));
  }
  for (const auto& digest : reservations_[a.id]) free_.insert(digest);
  reservations_.erase(a.id);
  for (auto& [key, manifest] : manifests_) {
    if (manifest.artifact != a.id || manifest.digest.empty()) continue;
    free_.insert(std::exchange(manifest.digest, ""));
  }
  return shown(a);
}

void MemoryArtifactStore::remove_contents(const Artifact& a) {
  const auto id = a.id;
  const auto is_its_own = [&](const auto& row) { return row.second.artifact == id; };
  for (const auto& [path, entry] : entries_[id]) {
    if (entry.ref.empty()) free_.insert(entry.digest);
  }
  for (const auto& digest : reservations_[id]) free_.insert(digest);
  for (const auto& [key, manifest] : manifests_) {
    if (manifest.artifact == id && !manifest.digest.empty()) free_.insert(manifest.digest);
  }
  if (!a.manifest_digest.empty()) free_.insert(a.manifest_digest);
  entries_.erase(id);
  reservations_.erase(id);
  std::erase_if(manifests_, is_its_own);
  std::erase_if(aliases_, is_its_own);
  std::erase_if(members_, is_its_own);
  std::erase_if(artifact_tags_, [&](const auto& row) { return row.first == id; });
  std::erase_if(client_ids_, [&](const auto& row) { return row.second == id; });
  std::erase_if(lineage_, is_its_own);
}

Result<void> MemoryArtifactStore::delete_artifact(ArtifactId id, bool with_aliases,
                                                  std::int64_t now_us) {
  const std::scoped_lock lock(t_.mutex);
  const auto at = artifacts_.find(id);
  if (at == artifacts_.end()) return missing("artifact");
  auto& a = at->second;
  if (a.state == ArtifactState::kDeleted) return {};
  const auto is_its_own = [&](const auto& row) { return row.second.artifact == id; };
  if (!with_aliases && std::any_of(aliases_.begin(), aliases_.end(), is_its_own)) {
    return fail(ErrorCode::kFailedPrecondition, "the artifact version still has an alias");
  }
  remove_contents(a);
  a.state = ArtifactState::kDeleted;
  a.manifest_digest.clear();
  a.pending_aliases.clear();
  a.updated_at_us = now_us;
  return {};
}

Result<std::vector<std::pair<ArtifactId, std::string>>> MemoryArtifactStore::artifact_tags(
    std::span<const ArtifactId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  return pick(artifact_tags_, ids);
}

Result<void> MemoryArtifactStore::put_client_id(std::string_view client_id, ArtifactId artifact) {
  const std::scoped_lock lock(t_.mutex);
  client_ids_[std::string(client_id)] = artifact;
  return {};
}

Result<ArtifactId> MemoryArtifactStore::find_client_id(std::string_view client_id) const {
  const std::scoped_lock lock(t_.mutex);
  const auto at = client_ids_.find(std::string(client_id));
  if (at == client_ids_.end()) return missing("artifact");
  return at->second;
}

Result<void> MemoryArtifactStore::put_sequence_client_id(std::string_view client_id,
                                                         CollectionId collection) {
  const std::scoped_lock lock(t_.mutex);
  sequence_client_ids_[std::string(client_id)] = collection;
  return {};
}

Result<CollectionId> MemoryArtifactStore::find_sequence_client_id(
    std::string_view client_id) const {
  const std::scoped_lock lock(t_.mutex);
  const auto at = sequence_client_ids_.find(std::string(client_id));
  if (at == sequence_client_ids_.end()) return missing("artifact collection");
  return at->second;
}

}  // namespace runstone::store::memory
