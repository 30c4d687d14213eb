#include "store/memory/artifact_engine.h"

#include <algorithm>

#include "base/try.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<ArtifactType> MemoryArtifactStore::ensure_type(ProjectId project, std::string_view name,
                                                      std::int64_t now_us) {
  const std::scoped_lock lock(t_.mutex);
  for (const auto& [id, type] : types_) {
    if (type.project == project && type.name == name) return type;
  }
  const ArtifactTypeId id{++last_};
  return types_[id] = ArtifactType{id, project, std::string(name), "", now_us};
}

Result<ArtifactType> MemoryArtifactStore::find_type(ProjectId project,
                                                    std::string_view name) const {
  const std::scoped_lock lock(t_.mutex);
  for (const auto& [id, type] : types_) {
    if (type.project == project && type.name == name) return type;
  }
  return missing("artifact type");
}

Result<std::vector<ArtifactType>> MemoryArtifactStore::list_types(
    std::span<const ProjectId> projects) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<ArtifactType> found;
  for (const auto& [id, type] : types_) {
    if (contains(projects, type.project)) found.push_back(type);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.project, a.name) < std::tie(b.project, b.name);
  });
  return found;
}

Result<void> MemoryArtifactStore::delete_type(ArtifactTypeId type) {
  const std::scoped_lock lock(t_.mutex);
  for (const auto& [id, c] : collections_) {
    if (c.type == type) return fail(ErrorCode::kFailedPrecondition, "the type is in use");
  }
  types_.erase(type);
  return {};
}

Result<Collection> MemoryArtifactStore::create_collection(const NewCollection& made) {
  const std::scoped_lock lock(t_.mutex);
  if (named(made.project, made.name) != nullptr) {
    return fail(ErrorCode::kConflict, "artifact collection " + made.name + " exists already");
  }
  Collection c;
  c.id = CollectionId{++last_};
  c.project = made.project;
  c.type = made.type;
  c.kind = made.kind;
  c.name = made.name;
  c.description = made.description;
  c.created_at_us = c.updated_at_us = made.now_us;
  collections_[c.id] = c;
  return shown(c);
}

Result<Collection> MemoryArtifactStore::find_collection(ProjectId project,
                                                        std::string_view name) const {
  const std::scoped_lock lock(t_.mutex);
  const auto* found = named(project, name);
  if (found == nullptr) return missing("artifact collection");
  return shown(*found);
}

Result<std::vector<Collection>> MemoryArtifactStore::get_collections(
    std::span<const CollectionId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<Collection> found;
  for (const auto id : ids) {
    const auto at = collections_.find(id);
    if (at != collections_.end()) found.push_back(shown(at->second));
  }
  return found;
}

Result<std::vector<Collection>> MemoryArtifactStore::list_collections(
    const ListCollections& request) const {
  const std::scoped_lock lock(t_.mutex);
  auto found = passing(request);
  if (request.descending) std::reverse(found.begin(), found.end());
  if (request.after) {
    std::erase_if(found, [&](const auto& c) {
      return request.descending ? c.id >= *request.after : c.id <= *request.after;
    });
  }
  cut(found, request.limit);
  return found;
}

Result<std::int64_t> MemoryArtifactStore::count_collections(const ListCollections& request) const {
  const std::scoped_lock lock(t_.mutex);
  return static_cast<std::int64_t>(passing(request).size());
}

Result<void> MemoryArtifactStore::update_collection(const CollectionUpdate& update) {
  const std::scoped_lock lock(t_.mutex);
  const auto at = collections_.find(update.collection);
  if (at == collections_.end()) return missing("artifact collection");
  auto& c = at->second;
  if (update.name) {
    const auto* other = named(c.project, *update.name);
    if (other != nullptr && other != &c) {
      return fail(ErrorCode::kConflict, "artifact collection " + *update.name + " exists already");
    }
    c.name = *update.name;
  }
  if (update.description) c.description = *update.description;
  if (update.type) c.type = *update.type;
  if (update.ttl_secs) c.ttl_secs = *update.ttl_secs;
  c.updated_at_us = update.now_us;
  for (const auto& tag : update.add_tags) collection_tags_.emplace(c.id, tag);
  for (const auto& tag : update.remove_tags) collection_tags_.erase({c.id, tag});
  return {};
}

Result<void> MemoryArtifactStore::delete_collection(CollectionId id) {
  const std::scoped_lock lock(t_.mutex);
  if (collections_.count(id) == 0) return missing("artifact collection");
  for (const auto& [key, a] : artifacts_) {
    if (a.sequence == id && a.state != ArtifactState::kDeleted) remove_contents(a);
  }
  std::erase_if(aliases_, [&](const auto& row) { return row.second.collection == id; });
  std::erase_if(members_, [&](const auto& row) { return row.second.collection == id; });
  std::erase_if(collection_tags_, [&](const auto& row) { return row.first == id; });
  std::erase_if(sequence_client_ids_, [&](const auto& row) { return row.second == id; });
  std::erase_if(artifacts_, [&](const auto& row) { return row.second.sequence == id; });
  collections_.erase(id);
  return {};
}

Result<std::vector<std::pair<CollectionId, std::string>>> MemoryArtifactStore::collection_tags(
    std::span<const CollectionId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  return pick(collection_tags_, ids);
}

}  // namespace runstone::store::memory
