#pragma once

#include <memory>

#include "base/clock.h"
#include "objects/object_store.h"
#include "runstone/result.h"
#include "store/store.h"

namespace runstone::artifacts {

class Artifacts {
 public:
  /// Borrows all of them.
  static Result<std::unique_ptr<Artifacts>> create(store::Store& store,
                                                   objects::ObjectStore& objects,
                                                   const Clock& clock);
  virtual ~Artifacts() = default;
  /// Ends the background work. Idempotent.
  virtual void stop() = 0;
};

}  // namespace runstone::artifacts
