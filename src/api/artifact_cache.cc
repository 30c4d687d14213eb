#include "api/artifact_cache.h"

#include <array>

#include "base/try.h"

namespace runstone::api {
namespace {

template <typename Id>
std::vector<Id> take(std::set<Id>& waiting, Id also) {
  waiting.insert(also);
  std::vector<Id> ids(waiting.begin(), waiting.end());
  waiting.clear();
  return ids;
}

}  // namespace

void ArtifactCache::note(const store::Artifact& artifact) {
  if (aliases_.find(artifact.id) == aliases_.end()) without_aliases_.insert(artifact.id);
  if (artifact_tags_.find(artifact.id) == artifact_tags_.end()) without_tags_.insert(artifact.id);
  note_collection(artifact.sequence);
}

void ArtifactCache::note(const store::Collection& collection) {
  // One that the viewer may not read is known by its name at most, never by what is in it.
  auto& known = collections_[collection.id];
  if (may_read(collection)) {
    known = collection;
  } else {
    known.reset();
  }
  unread_collections_.erase(collection.id);
  if (collection_tags_.find(collection.id) == collection_tags_.end()) {
    collections_without_tags_.insert(collection.id);
  }
}

void ArtifactCache::note_collection(store::CollectionId id) {
  if (collections_.find(id) == collections_.end()) unread_collections_.insert(id);
}

void ArtifactCache::forget(store::ArtifactId id) {
  aliases_.erase(id);
  artifact_tags_.erase(id);
}

bool ArtifactCache::may_read(const store::Collection& collection) const {
  return auth::authorize(principal_, auth::Action::kRead,
                         {collection.entity_name, collection.project_name});
}

Result<void> ArtifactCache::read_collections(const std::vector<store::CollectionId>& ids) {
  for (const auto id : ids) collections_.try_emplace(id);
  RUNSTONE_TRY(auto found, store_.artifacts().get_collections(ids));
  for (auto& collection : found) {
    if (may_read(collection)) collections_[collection.id] = std::move(collection);
  }
  return {};
}

// A client takes a version's number in a collection from an alias like "v3"; those before 0.18 in
// its own sequence, too.
Result<void> ArtifactCache::add_version_aliases(const std::vector<store::ArtifactId>& ids) {
  RUNSTONE_TRY(const auto places, store_.artifacts().memberships_of(ids));
  for (const auto& place : places) {
    note_collection(place.collection);
    store::ArtifactAlias alias;
    alias.id = store::AliasId(-store::to_number(place.id));  // no row: told apart by its sign
    alias.collection = place.collection;
    alias.artifact = place.artifact;
    alias.membership = place.id;
    alias.alias = "v" + std::to_string(place.version_index);
    aliases_[place.artifact].push_back(std::move(alias));
  }
  return {};
}

Result<std::vector<const store::ArtifactAlias*>> ArtifactCache::aliases(store::ArtifactId id) {
  if (aliases_.find(id) == aliases_.end()) {
    const auto ids = take(without_aliases_, id);
    RUNSTONE_TRY(auto found, store_.artifacts().aliases_of(ids));
    for (const auto one : ids) aliases_[one].clear();
    for (auto& alias : found) {
      note_collection(alias.collection);
      aliases_[alias.artifact].push_back(std::move(alias));
    }
    RUNSTONE_TRY(add_version_aliases(ids));
  }
  std::vector<const store::ArtifactAlias*> visible;
  for (const auto& alias : aliases_[id]) {
    RUNSTONE_TRY(const auto* place, collection(alias.collection));
    if (place != nullptr) visible.push_back(&alias);
  }
  return visible;
}

Result<std::vector<std::string>> ArtifactCache::tags(store::ArtifactId id) {
  if (artifact_tags_.find(id) == artifact_tags_.end()) {
    const auto ids = take(without_tags_, id);
    RUNSTONE_TRY(auto found, store_.artifacts().artifact_tags(ids));
    for (const auto one : ids) artifact_tags_[one].clear();
    for (auto& [artifact, tag] : found) artifact_tags_[artifact].push_back(std::move(tag));
  }
  return artifact_tags_[id];
}

Result<std::vector<std::string>> ArtifactCache::tags(store::CollectionId id) {
  if (collection_tags_.find(id) == collection_tags_.end()) {
    const auto ids = take(collections_without_tags_, id);
    RUNSTONE_TRY(auto found, store_.artifacts().collection_tags(ids));
    for (const auto one : ids) collection_tags_[one].clear();
    for (auto& [collection, tag] : found) collection_tags_[collection].push_back(std::move(tag));
  }
  return collection_tags_[id];
}

Result<const store::Collection*> ArtifactCache::collection(store::CollectionId id) {
  auto found = collections_.find(id);
  if (found == collections_.end()) {
    RUNSTONE_TRY(read_collections(take(unread_collections_, id)));
    found = collections_.find(id);
  }
  return found->second ? &*found->second : nullptr;
}

Result<std::shared_ptr<const store::Project>> ArtifactCache::project(store::ProjectId id) {
  auto& known = projects_[id];
  if (!known) {
    RUNSTONE_TRY(auto found, store_.get_project(id));
    known = std::make_shared<const store::Project>(std::move(found));
  }
  return known;
}

Result<std::shared_ptr<const store::ArtifactType>> ArtifactCache::type(
    const store::Collection& collection) {
  if (types_.find(collection.type) == types_.end()) {
    // All of the project's at once: there are few, and the next collection may have another.
    const std::array projects = {collection.project};
    RUNSTONE_TRY(auto found, store_.artifacts().list_types(projects));
    for (auto& type : found) {
      const auto id = type.id;
      types_[id] = std::make_shared<const store::ArtifactType>(std::move(type));
    }
  }
  const auto known = types_.find(collection.type);
  if (known == types_.end()) return fail(ErrorCode::kNotFound, "no such artifact type");
  return known->second;
}

}  // namespace runstone::api
