#pragma once

#include "runstone/result.h"
#include "store/ids.h"

namespace runstone::store {

/// SQL of collections, versions, aliases, manifests, links, lineage. Rules are as for Store: calls
/// block, any thread may make them, each write is one transaction, durable on return.
class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;
};

}  // namespace runstone::store
