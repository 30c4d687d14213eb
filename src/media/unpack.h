#pragma once

#include "media/node.h"
#include "media/stored_package.h"
#include "runstone/table.h"

namespace runstone::media {

/// An object from the JSON that artifact_json() wrote, ours or the stock client's. Errors: kCorrupt
/// (it describes no object), those of the package, and of making the object.
Result<Media> unpack(StoredPackage& package, const Value& stored);

/// The same of a table, whose rows may be those of several entries.
Result<Table> unpack_table(StoredPackage& package, const Value& stored);

/// A cell with everything that is inside of it.
Result<Node> unpack_cell(StoredPackage& package, const Value& stored);

/// Brings all the entries that the JSON names, at once.
Result<void> bring_files_of(StoredPackage& package, const Value& stored);

}  // namespace runstone::media
