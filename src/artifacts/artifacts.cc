#include "artifacts/artifacts.h"

namespace runstone::artifacts {
namespace {

class ArtifactsService final : public Artifacts {
 public:
  void stop() override {}
};

}  // namespace

Result<std::unique_ptr<Artifacts>> Artifacts::create(store::Store&, objects::ObjectStore&,
                                                     const Clock&) {
  return std::unique_ptr<Artifacts>(std::make_unique<ArtifactsService>());
}

}  // namespace runstone::artifacts
