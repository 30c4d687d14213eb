#pragma once

#include <memory>

#include "base/clock.h"
#include "runstone/result.h"
#include "store/store.h"

namespace runstone::alerts {

class Alerts {
 public:
  /// Borrows all of them.
  static Result<std::unique_ptr<Alerts>> create(store::Store& store, const Clock& clock);
  virtual ~Alerts() = default;
  /// Ends the background work. Idempotent.
  virtual void stop() = 0;
};

}  // namespace runstone::alerts
