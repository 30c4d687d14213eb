#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runstone/result.h"

namespace runstone::artifact {

struct FolderFile {
  std::string relative;  ///< with `/`
  std::string path;      ///< below the folder as it was given
};

/// Every plain file below a folder, links followed, by path. A link to a folder above itself is
/// passed over. Errors: kPermissionDenied, kIo for a folder that cannot be read, kResourceExhausted
/// past `files_max`.
Result<std::vector<FolderFile>> files_below(const std::string& folder,
                                            std::uint64_t files_max = UINT64_MAX);

}  // namespace runstone::artifact
