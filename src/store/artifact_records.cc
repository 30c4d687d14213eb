#include "store/artifact_records.h"

#include <array>

#include "base/try.h"
#include "store/artifact_store.h"

namespace runstone::store {

const char* to_string(ArtifactState state) {
  static constexpr std::array kNames = {"PENDING", "COMMITTED", "DELETED"};
  return kNames[static_cast<std::size_t>(state)];
}

const char* to_string(ManifestType type) {
  static constexpr std::array kNames = {"FULL", "PATCH", "INCREMENTAL"};
  return kNames[static_cast<std::size_t>(type)];
}

Result<Artifact> ArtifactStore::get_artifact(ArtifactId id) const {
  RUNSTONE_TRY(auto found, get_artifacts({&id, 1}));
  if (found.empty()) return fail(ErrorCode::kNotFound, "no such artifact");
  return std::move(found.front());
}

Result<Collection> ArtifactStore::get_collection(CollectionId id) const {
  RUNSTONE_TRY(auto found, get_collections({&id, 1}));
  if (found.empty()) return fail(ErrorCode::kNotFound, "no such artifact collection");
  return std::move(found.front());
}

}  // namespace runstone::store
