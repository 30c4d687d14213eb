#pragma once

#include <string>
#include <vector>

#include "runstone/artifact.h"

namespace runstone::artifact {

/// The entries that a reference stands for: a file:// folder or an s3:// prefix has one for each
/// object below it. With `checksum` the store is asked for what is there now; without it, and where
/// nothing is known by which it could be asked, the address stands for itself.
/// Errors: kInvalidArgument (no scheme, a local path that is not there, a scheme that needs a name,
/// more than max_objects), and those of asking.
Result<std::vector<ArtifactEntry>> reference_entries(const std::string& uri,
                                                     const std::string& name, bool checksum,
                                                     std::uint64_t max_objects);

}  // namespace runstone::artifact
