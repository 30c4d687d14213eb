#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "auth/auth.h"
#include "store/artifact_store.h"
#include "store/store.h"

namespace runstone::api {

/// What one request has read about collections and versions. Whoever puts elements into a list says
/// so with note(); the first one that is asked for its aliases or tags reads those of all that were
/// noted, so a page costs a few statements, however long it is. One thread; as long as the request.
class ArtifactCache {
 public:
  ArtifactCache(store::Store& store, const auth::Principal& principal)
      : store_(store), principal_(principal) {}

  void note(const store::Artifact& artifact);
  void note(const store::Collection& collection);
  void note_collection(store::CollectionId id);
  /// It was deleted by this request, which still shows it once.
  void note_removed(store::CollectionId id) { removed_.insert(id); }
  bool is_removed(store::CollectionId id) const { return removed_.count(id) != 0; }
  /// Its aliases and tags have changed since they were read.
  void forget(store::ArtifactId id);

  /// Those in collections that the viewer may read, and "v3" for its place in each.
  Result<std::vector<const store::ArtifactAlias*>> aliases(store::ArtifactId id);
  Result<std::vector<std::string>> tags(store::ArtifactId id);
  Result<std::vector<std::string>> tags(store::CollectionId id);
  /// Null if there is none, or if the viewer may not read it.
  Result<const store::Collection*> collection(store::CollectionId id);
  Result<std::shared_ptr<const store::Project>> project(store::ProjectId id);
  Result<std::shared_ptr<const store::ArtifactType>> type(const store::Collection& collection);

 private:
  bool may_read(const store::Collection& collection) const;
  Result<void> add_version_aliases(const std::vector<store::ArtifactId>& ids);
  Result<void> read_collections(const std::vector<store::CollectionId>& ids);

  store::Store& store_;
  const auth::Principal& principal_;
  std::map<store::ArtifactId, std::vector<store::ArtifactAlias>> aliases_;
  std::map<store::ArtifactId, std::vector<std::string>> artifact_tags_;
  std::map<store::CollectionId, std::vector<std::string>> collection_tags_;
  std::map<store::CollectionId, std::optional<store::Collection>> collections_;
  std::map<store::ProjectId, std::shared_ptr<const store::Project>> projects_;
  std::map<store::ArtifactTypeId, std::shared_ptr<const store::ArtifactType>> types_;
  // Noted and not read yet:
  std::set<store::ArtifactId> without_aliases_, without_tags_;
  std::set<store::CollectionId> collections_without_tags_, unread_collections_;
  std::set<store::CollectionId> removed_;
};

}  // namespace runstone::api
