#pragma once

#include "runstone/result.h"
#include "store/ids.h"

namespace runstone::store {

/// SQL of alerts of runs, where they are delivered, what is still to be delivered. Rules are as for
/// Store: calls block, any thread may make them, each write is one transaction, durable on return.
class AlertStore {
 public:
  virtual ~AlertStore() = default;
};

}  // namespace runstone::store
