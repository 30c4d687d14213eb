#pragma once

#include "graphql/engine.h"

namespace runstone::graphql {

/// Registers what answers `__schema` and `__type`: a schema that describes itself through the same
/// resolvers as every other type.
void register_introspection(Engine& engine, Schema& schema);

}  // namespace runstone::graphql
