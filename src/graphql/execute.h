#pragma once

#include "graphql/ast.h"
#include "graphql/engine.h"
#include "graphql/problem.h"
#include "graphql/schema.h"

namespace runstone::graphql {

/// Runs a validated operation to its end: fields in the order of the document, depth first, which
/// is the serial order that mutations need. Returns the whole response.
Value execute(const Schema& schema, const ExecutableDocument& document, const Operation& operation,
              const Dict& variables, const Limits& limits, Context& context);

}  // namespace runstone::graphql
