#pragma once

#include <string>

#include "runstone/result.h"
#include "store/sqlite/connection.h"

namespace runstone::store::sqlite {

/// The version that migrate() leads to.
int newest_schema_version();

/// Brings the database to the newest schema, one transaction a version; an empty one is made. One
/// of an older version is copied to `<file>.v<version>-backup` before it is touched; `to_version`
/// is for tests that need an old one. kFailedPrecondition if a newer Runstone has written it.
Result<void> migrate(Connection& connection, const std::string& file, int to_version);
inline Result<void> migrate(Connection& connection, const std::string& file) {
  return migrate(connection, file, newest_schema_version());
}
/// kFailedPrecondition unless the database has the newest version: another program serves it.
Result<void> check_version(Connection& connection);

}  // namespace runstone::store::sqlite
