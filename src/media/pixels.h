#pragma once

#include <cstdint>
#include <string>

#include "runstone/result.h"
#include "runstone/span.h"

namespace runstone::media {

/// A picture in memory: rows from the top, 1 (gray), 3 (RGB) or 4 (RGBA) bytes a pixel.
struct Pixels {
  std::string bytes;
  int height = 0, width = 0, channels = 0;

  const std::uint8_t* row(int y) const {
    return reinterpret_cast<const std::uint8_t*>(bytes.data()) +
           row_bytes() * static_cast<std::size_t>(y);
  }
  std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
};

/// Copies `pixels`, if they are as many as the sizes say. Errors: kInvalidArgument.
Result<Pixels> copy_pixels(Span<const std::uint8_t> pixels, int height, int width, int channels);

/// PNG (ISO/IEC 15948), 8 bits, filtered and compressed for speed: noise is stored as it is, since
/// compressing it would cost ten times as much and save nothing.
std::string encode_png(const Pixels& pixels);
/// JPEG of quality 75, by libjpeg-turbo; alpha is left out.
Result<std::string> encode_jpeg(const Pixels& pixels);
/// Windows bitmap, 24 bits (32 with alpha).
std::string encode_bmp(const Pixels& pixels);

/// What a picture file says of itself.
struct PictureHeader {
  const char* format = "";  ///< png, jpeg, gif, bmp, tiff, webp
  int height = 0, width = 0;
};
/// Errors: kInvalidArgument if the bytes begin no PNG, JPEG, GIF, BMP or WebP file; of a TIFF file
/// tiff_header.h knows.
Result<PictureHeader> read_picture_header(std::string_view bytes);

}  // namespace runstone::media
