#pragma once

#include <string_view>

#include "media/json_text.h"
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

/// The text that describes a media in an artifact: {"_type", "path", "sha256"} and `more`.
inline std::string artifact_text_of(std::string_view type, const PackedFile& file, Dict more) {
  more.set("_type", type);
  more.set("path", file.path);
  more.set("sha256", file.sha256);
  JsonText text(JsonText::Form::kArtifact);
  text.add_value(Value(std::move(more)));
  return std::move(text).take();
}

inline Dict caption_field(const std::string& caption) {
  Dict fields;
  if (!caption.empty()) fields.set("caption", caption);
  return fields;
}

}  // namespace runstone::media
