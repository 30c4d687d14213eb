#pragma once

#include <string>
#include <vector>

#include "runstone/media.h"
#include "runstone/result.h"

namespace runstone::media {

/// The artifact that media are read from: the other side of Package.
class StoredPackage {
 public:
  virtual ~StoredPackage() = default;
  /// Brings the content of several entries at once, so that file() finds it; paths that are no
  /// entries are passed over. Errors: of bringing it.
  virtual Result<void> bring(const std::vector<std::string>& paths) = 0;
  /// Where an entry's content is on this machine; of a reference to somewhere else that address.
  /// Errors: kCorrupt (there is no such entry), those of bringing it.
  virtual Result<std::string> file(const std::string& path) = 0;
  /// The content itself.
  virtual Result<std::string> text(const std::string& path) = 0;
  /// The object under this name or path, one for all who ask; empty if there is none.
  /// Errors: kCorrupt (it is made of itself).
  virtual Result<Media> object(const std::string& name) = 0;
  virtual std::vector<std::string> paths() const = 0;
};

}  // namespace runstone::media
