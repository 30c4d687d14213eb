#pragma once

#include <memory>

#include "base/clock.h"
#include "ingest/ingest.h"
#include "query/query.h"
#include "runstone/result.h"
#include "store/store.h"

namespace runstone::sweeps {

class Sweeps {
 public:
  /// Borrows all of them.
  static Result<std::unique_ptr<Sweeps>> create(store::Store& store, ingest::Ingest& ingest,
                                                const query::Query& query, const Clock& clock);
  virtual ~Sweeps() = default;
  /// Ends the background work. Idempotent.
  virtual void stop() = 0;
};

}  // namespace runstone::sweeps
