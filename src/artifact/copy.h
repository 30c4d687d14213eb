#pragma once

#include <string>

#include "artifact/manifest.h"
#include "base/digest.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// Copies into the new file `to`, whose folder exists, by the kernel where it can; the blocks are
/// shared where the file system can. Errors: kNotFound, kPermissionDenied, kConflict (`to` is
/// there), kResourceExhausted, kIo; then `to` may hold a part.
Result<void> copy_file(const std::string& from, const std::string& to);

/// The same, and the digest of the copy, taken by a second thread that follows the first.
Result<FileDigest> copy_and_digest(const std::string& from, const std::string& to,
                                   Digest::Kind kind);

/// A copy beside `to`, renamed over it: a reader sees the old file or the new.
Result<void> copy_whole(const std::string& from, const std::string& to);

/// A neighbour of `path` to write before it is renamed.
std::string name_beside(const std::string& path);

}  // namespace runstone::artifact
