#pragma once

#include <string_view>

#include "media/object.h"

namespace runstone::media {

/// {"_type", "path", "sha256", "size"}: what every value backed by a file begins with.
inline Dict fields_of_file(std::string_view type, const StoredFile& file) {
  Dict fields;
  fields.set("_type", type);
  fields.set("path", file.path);
  fields.set("sha256", file.sha256);
  fields.set("size", file.size_bytes);
  return fields;
}

}  // namespace runstone::media
