#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/artifact.h"

namespace runstone::artifact {

/// The types of objects that are entries, <name>.<type>.json.
inline constexpr std::string_view kObjectTypes[] = {"table",      "image-file",    "audio-file",
                                                    "video-file", "object3D-file", "molecule-file",
                                                    "html-file",  "classes",       "joined-table"};
/// The path of an object's entry. A name that ends as one is one.
std::string object_path(const std::string& name, std::string_view type);

/// Where an object is: in the version itself or, of an entry that refers to one, in another.
struct ObjectPlace {
  Artifact version;
  std::string path;
};
/// Nothing if there is none of this name. Errors: kFailedPrecondition for a draft, those of asking.
Result<std::optional<ObjectPlace>> find_object(const Artifact& version, const std::string& name);

/// What Artifact::get() gives.
Result<Media> read_object(const Artifact& version, const std::string& name);

/// The content of an entry that an object is made of, on this machine; of a reference that leads
/// out of all artifacts its address: objects name it, and fetch nothing.
/// Errors: kNotFound, those of download().
Result<std::string> object_file(const Artifact& version, const std::string& path);
/// Brings several of them at once; paths that are no entries are passed over.
Result<void> bring_object_files(const Artifact& version, const std::vector<std::string>& paths);

}  // namespace runstone::artifact
