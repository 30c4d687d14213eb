#pragma once

#include <cstdint>
#include <string>

#include "artifact/places.h"
#include "protocol/record.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// Content of artifacts on this machine, by digest, shared by all processes of the user. A file
/// appears under its name by a rename, whole; what is there is never written again.
///
///   obj/md5/<2 hex>/<30 hex>     obj/xxh128/...     obj/etag/<2 hex>/<62 hex>     tmp/<random>
class Cache {
 public:
  explicit Cache(std::string folder = cache_directory()) : folder_(std::move(folder)) {}

  /// Where the entry's content is, or would be. References go by address and digest.
  std::string path_of(const protocol::ManifestEntry& entry) const;
  /// A name for a file that is being written; its folder exists. Errors: as of making a folder.
  Result<std::string> temporary() const;
  /// The finished file gets its name; another process may have been first.
  Result<void> keep(const std::string& temporary, const std::string& path) const;

 private:
  const std::string folder_;
};

}  // namespace runstone::artifact
