#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "artifacts/manifest.h"
#include "base/clock.h"
#include "objects/object_store.h"
#include "runstone/result.h"
#include "store/artifact_store.h"

namespace runstone::artifacts {

/// Makes the one manifest of a version out of those that its writers uploaded.
class Merger {
 public:
  /// Takes a file with these bytes into the object store.
  using Keep = std::function<Result<void>(const store::Blob& blob, const std::filesystem::path&)>;
  Merger(store::ArtifactStore& rows, objects::ObjectStore& objects, const Clock& clock, Keep keep)
      : rows_(rows), objects_(objects), clock_(clock), keep_(std::move(keep)) {}

  /// What the commit writes. The version's entries, and the manifest's bytes, are in place then.
  /// Errors as Artifacts::commit_artifact().
  Result<store::CommitArtifact> merge(const store::Artifact& artifact, store::EntityId entity);

 private:
  Result<std::vector<store::ArtifactManifest>> arrived(const store::Artifact& artifact);
  Result<void> add_entries(const store::Artifact& artifact, const std::string& digest);
  Result<void> check_bytes(const store::Artifact& artifact, store::EntityId entity);
  Result<store::CommitArtifact> write(const store::Artifact& artifact);

  store::ArtifactStore& rows_;
  objects::ObjectStore& objects_;
  const Clock& clock_;
  const Keep keep_;
  std::string config_json_ = "{}";
};

}  // namespace runstone::artifacts
