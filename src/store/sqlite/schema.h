#pragma once

#include "runstone/result.h"
#include "store/sqlite/connection.h"

namespace runstone::store::sqlite {

/// Brings the database to the newest schema, one transaction a version; an empty one is made.
/// kFailedPrecondition if a newer Runstone has written it.
Result<void> migrate(Connection& connection);

/// The version migrate() leads to.
int newest_schema_version();

}  // namespace runstone::store::sqlite
