#include "sweeps/sweeps.h"

namespace runstone::sweeps {
namespace {

class SweepsService final : public Sweeps {
 public:
  void stop() override {}
};

}  // namespace

Result<std::unique_ptr<Sweeps>> Sweeps::create(store::Store&, ingest::Ingest&, const query::Query&,
                                               const Clock&) {
  return std::unique_ptr<Sweeps>(std::make_unique<SweepsService>());
}

}  // namespace runstone::sweeps
