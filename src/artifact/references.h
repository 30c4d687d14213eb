#pragma once

#include <string>
#include <vector>

#include "runstone/artifact.h"

namespace runstone::artifact {

/// The entries that a reference stands for: a file:// folder has one for each file below it. What
/// is on other machines is known by its address alone here; a caller that can ask its store adds
/// entries with the digest that the store gives.
/// Errors: kInvalidArgument (no scheme, a local path that is not there, a scheme that needs a name,
/// more than max_objects files).
Result<std::vector<ArtifactEntry>> reference_entries(const std::string& uri,
                                                     const std::string& name, bool checksum,
                                                     std::uint64_t max_objects);

}  // namespace runstone::artifact
