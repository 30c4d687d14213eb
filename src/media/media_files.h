#pragma once

#include <string>
#include <string_view>

#include "media/object.h"

namespace runstone::media {

/// A key as a part of a file's path: no leading slash, and nothing that leads out of the folder.
std::string file_part_of_key(std::string_view key);

/// Writes media/<folder>/<key>_<step>_<first 20 hex of SHA-256><extension> below `files_directory`.
/// A file of that name has that content already and is left alone.
/// Errors: kResourceExhausted (disk full), kIo, kPermissionDenied.
Result<StoredFile> store_media(const std::string& files_directory, std::string_view folder,
                               std::string_view extension, const Place& place,
                               Span<const std::string_view> bytes);
/// The same with a copy of the file at `path`; kNotFound if it has gone.
Result<StoredFile> store_media_file(const std::string& files_directory, std::string_view folder,
                                    std::string_view extension, const Place& place,
                                    const std::string& path);

/// The same with a symbolic link to that file, or, where there can be none or `may_symlink` is
/// false, a hard link, or a copy. What the file holds later is then what the run holds.
Result<StoredFile> link_media_file(const std::string& files_directory, std::string_view folder,
                                   std::string_view extension, const Place& place,
                                   const std::string& path, bool may_symlink);

}  // namespace runstone::media
