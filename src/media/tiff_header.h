#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "media/pixels.h"
#include "runstone/result.h"

namespace runstone::media {

constexpr std::size_t kTiffDirectoryBytesMax = 2 + 12 * 512;  // of a picture some 20 entries

/// Where the directory of the first picture lies, if the bytes (8 suffice) begin a TIFF file.
std::optional<std::uint32_t> tiff_directory_offset(std::string_view bytes);

/// The size of the picture whose directory these bytes begin with; `head` is the file's beginning,
/// which says in which order bytes are. Errors: kInvalidArgument.
Result<PictureHeader> read_tiff_header(std::string_view head, std::string_view directory);

}  // namespace runstone::media
