#include "store/artifact_store.h"

#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

class MemoryArtifactStore final : public ArtifactStore {};

}  // namespace

std::unique_ptr<ArtifactStore> make_artifact_store() {
  return std::make_unique<MemoryArtifactStore>();
}

}  // namespace runstone::store::memory
