// What the parts of the artifact store share.
#include "store/memory/artifact_engine.h"

#include <algorithm>

#include "base/try.h"
#include "store/memory/look_up.h"
#include "store/memory/subjects.h"

namespace runstone::store::memory {

const Collection* MemoryArtifactStore::named(ProjectId project, std::string_view name) const {
  for (const auto& [id, c] : collections_) {
    if (c.project == project && c.name == name) return &c;
  }
  return nullptr;
}

Collection MemoryArtifactStore::shown(Collection c) const {
  const auto project = t_.projects.find(c.project);
  if (project != t_.projects.end()) {
    c.project_name = project->second.name;
    const auto entity = t_.entities.find(project->second.entity);
    if (entity != t_.entities.end()) c.entity_name = entity->second.name;
  }
  const auto type = types_.find(c.type);
  if (type != types_.end()) c.type_name = type->second.name;
  return c;
}

Artifact MemoryArtifactStore::shown(Artifact a) const {
  const auto c = shown(collections_.at(a.sequence));
  a.project = c.project;
  a.entity_name = c.entity_name;
  a.project_name = c.project_name;
  a.sequence_name = c.name;
  a.type = c.type;
  a.type_name = c.type_name;
  return a;
}

std::vector<Collection> MemoryArtifactStore::passing(const ListCollections& request) const {
  std::vector<Collection> found;
  for (const auto& [id, c] : collections_) {
    if (!contains(std::span<const ProjectId>(request.projects), c.project)) continue;
    if (request.type && c.type != *request.type) continue;
    if (request.kind && c.kind != *request.kind) continue;
    found.push_back(shown(c));
  }
  return found;
}

Result<Artifact> MemoryArtifactStore::newest(
    const std::function<bool(const Artifact&)>& passes) const {
  const std::scoped_lock lock(t_.mutex);
  for (auto at = artifacts_.rbegin(); at != artifacts_.rend(); ++at) {
    if (passes(at->second)) return shown(at->second);
  }
  return missing("artifact");
}

std::vector<Member> MemoryArtifactStore::members_where(
    const std::function<bool(const Membership&)>& passes) const {
  std::vector<Member> found;
  for (const auto& [id, m] : members_) {
    if (passes(m)) found.push_back({m, shown(artifacts_.at(m.artifact))});
  }
  return found;
}

Result<Member> MemoryArtifactStore::last_member(
    const std::function<bool(const Membership&)>& passes) const {
  const std::scoped_lock lock(t_.mutex);
  auto found = members_where(passes);
  if (found.empty()) return missing("artifact version");
  return *std::max_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.membership.version_index < b.membership.version_index;
  });
}

const Membership* MemoryArtifactStore::place_of(CollectionId collection,
                                                ArtifactId artifact) const {
  for (const auto& [id, m] : members_) {
    if (m.collection == collection && m.artifact == artifact) return &m;
  }
  return nullptr;
}

Result<void> MemoryArtifactStore::alias_locked(const NewAlias& made) {
  const auto* place = place_of(made.collection, made.artifact);
  if (place == nullptr) return missing("artifact version in this collection");
  for (auto& [id, alias] : aliases_) {
    if (alias.collection != made.collection || alias.alias != made.alias) continue;
    alias.artifact = made.artifact;
    alias.membership = place->id;
    return {};
  }
  const AliasId id{++last_};
  aliases_[id] = {id, made.collection, made.artifact, place->id, made.alias};
  return {};
}

Result<void> MemoryArtifactStore::pending(ArtifactId id) const {
  const auto at = artifacts_.find(id);
  if (at == artifacts_.end()) return missing("artifact");
  if (at->second.state == ArtifactState::kPending) return {};
  return fail(ErrorCode::kConflict, "the artifact is not pending");
}

void MemoryArtifactStore::set_digest(ManifestId id, std::string_view digest) {
  auto& manifest = manifests_[id];
  if (!manifest.digest.empty() && manifest.digest != digest) free_.insert(manifest.digest);
  manifest.digest = digest;
}

std::vector<ArtifactEntry> MemoryArtifactStore::entries_where(
    ArtifactId artifact, const std::function<bool(const ArtifactEntry&)>& passes) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<ArtifactEntry> found;
  const auto at = entries_.find(artifact);
  if (at == entries_.end()) return found;
  for (const auto& [path, entry] : at->second) {
    if (passes(entry)) found.push_back(entry);
  }
  return found;
}

std::unique_ptr<ArtifactStore> make_artifact_store(AccountTables& tables) {
  return std::make_unique<MemoryArtifactStore>(tables);
}

}  // namespace runstone::store::memory
