#pragma once

#include "runstone/result.h"
#include "store/ids.h"

namespace runstone::store {

/// SQL of documents of workspaces and reports. Rules are as for Store: calls block, any thread may
/// make them, each write is one transaction, durable on return.
class ViewStore {
 public:
  virtual ~ViewStore() = default;
};

}  // namespace runstone::store
