#pragma once

#include "graphql/schema.h"
#include "runstone/result.h"

namespace runstone::graphql {

/// A scalar or enum on its way out. Int takes whole numbers of 32 bits, String and ID also numbers
/// and booleans as text; a custom scalar takes anything, and NaN and the infinities inside it
/// become the texts "NaN", "Infinity", "-Infinity", so that the response is JSON that everybody can
/// read.
Result<Value> serialize(const NamedType& leaf, Value value);

}  // namespace runstone::graphql
