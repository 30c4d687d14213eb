#include "media/pixels.h"

namespace runstone::media {
namespace {

void put_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint32_t be(std::string_view bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

std::uint32_t le(std::string_view bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = count; i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

Result<PictureHeader> header(const char* format, std::uint32_t height, std::uint32_t width) {
  constexpr std::uint32_t kSideMax = 0x7fffffff;  // no format of those read here has larger ones
  if (height > kSideMax || width > kSideMax) {
    return fail(ErrorCode::kInvalidArgument, std::string("a damaged ") + format +
                                                 " file: it says " + std::to_string(height) +
                                                 " x " + std::to_string(width) + " pixels");
  }
  return PictureHeader{format, static_cast<int>(height), static_cast<int>(width)};
}

// The size is in the first start-of-frame segment.
Result<PictureHeader> read_jpeg_header(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 9 <= bytes.size() && static_cast<std::uint8_t>(bytes[at]) == 0xff) {
    const auto marker = static_cast<std::uint8_t>(bytes[at + 1]);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    const bool is_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) return header("jpeg", be(bytes, at + 5, 2), be(bytes, at + 7, 2));
    at += 2 + be(bytes, at + 2, 2);
  }
  return fail(ErrorCode::kInvalidArgument, "a JPEG file that ends before its size is given");
}

Result<PictureHeader> read_webp_header(std::string_view bytes) {
  const std::string_view kind = bytes.substr(12, 4);
  if (kind == "VP8X") return header("webp", le(bytes, 27, 3) + 1, le(bytes, 24, 3) + 1);
  if (kind == "VP8 ") return header("webp", le(bytes, 28, 2) & 0x3fff, le(bytes, 26, 2) & 0x3fff);
  const std::uint32_t packed = le(bytes, 21, 4);
  return header("webp", (packed >> 14 & 0x3fff) + 1, (packed & 0x3fff) + 1);
}

}  // namespace

Result<Pixels> copy_pixels(Span<const std::uint8_t> pixels, int height, int width, int channels) {
  if (height <= 0 || width <= 0) {
    return fail(ErrorCode::kInvalidArgument, "an image needs at least one pixel, not " +
                                                 std::to_string(height) + " x " +
                                                 std::to_string(width));
  }
  const std::size_t wanted = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                             static_cast<std::size_t>(channels);
  if (pixels.size() != wanted) {
    return fail(ErrorCode::kInvalidArgument,
                std::to_string(height) + " x " + std::to_string(width) + " x " +
                    std::to_string(channels) + " are " + std::to_string(wanted) +
                    " bytes of pixels, not " + std::to_string(pixels.size()));
  }
  Pixels copy;
  copy.bytes.assign(reinterpret_cast<const char*>(pixels.data()), pixels.size());
  copy.height = height;
  copy.width = width;
  copy.channels = channels;
  return copy;
}

std::string encode_bmp(const Pixels& pixels) {
  const int out_channels = pixels.channels == 4 ? 4 : 3;
  const std::size_t row_bytes =
      (static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(out_channels) + 3) / 4 * 4;
  const std::size_t image_bytes = row_bytes * static_cast<std::size_t>(pixels.height);
  constexpr std::uint32_t kHeaderBytes = 54;
  std::string out = "BM";
  put_le(out, kHeaderBytes + static_cast<std::uint32_t>(image_bytes), 4);
  put_le(out, 0, 4);
  put_le(out, kHeaderBytes, 4);
  put_le(out, 40, 4);
  put_le(out, static_cast<std::uint32_t>(pixels.width), 4);
  put_le(out, static_cast<std::uint32_t>(pixels.height), 4);
  put_le(out, 1, 2);
  put_le(out, static_cast<std::uint32_t>(8 * out_channels), 2);
  put_le(out, 0, 4);
  put_le(out, static_cast<std::uint32_t>(image_bytes), 4);
  for (int i = 0; i < 4; ++i) put_le(out, 0, 4);
  const std::size_t begin = out.size();
  out.resize(begin + image_bytes);
  for (int y = 0; y < pixels.height; ++y) {  // rows from the bottom, blue first
    const std::uint8_t* from = pixels.row(y);
    char* to = out.data() + begin + row_bytes * static_cast<std::size_t>(pixels.height - 1 - y);
    for (int x = 0; x < pixels.width; ++x, from += pixels.channels, to += out_channels) {
      const int last = pixels.channels == 1 ? 0 : 2;
      to[0] = static_cast<char>(from[last]);
      to[1] = static_cast<char>(from[last / 2]);
      to[2] = static_cast<char>(from[0]);
      if (out_channels == 4) to[3] = static_cast<char>(from[3]);
    }
  }
  return out;
}

Result<PictureHeader> read_picture_header(std::string_view bytes) {
  if (bytes.size() >= 24 && bytes.substr(0, 8) == std::string_view("\x89PNG\r\n\x1a\n", 8)) {
    return header("png", be(bytes, 20, 4), be(bytes, 16, 4));
  }
  if (bytes.size() >= 10 && (bytes.substr(0, 6) == "GIF87a" || bytes.substr(0, 6) == "GIF89a")) {
    return header("gif", le(bytes, 8, 2), le(bytes, 6, 2));
  }
  if (bytes.size() >= 26 && bytes.substr(0, 2) == "BM") {
    const std::uint32_t height = le(bytes, 22, 4);  // negative: rows from the top
    return header("bmp", (height >> 31) != 0 ? 0 - height : height, le(bytes, 18, 4));
  }
  if (bytes.size() >= 30 && bytes.substr(0, 4) == "RIFF" && bytes.substr(8, 4) == "WEBP") {
    return read_webp_header(bytes);
  }
  if (bytes.size() >= 4 && bytes.substr(0, 3) == "\xff\xd8\xff") return read_jpeg_header(bytes);
  return fail(ErrorCode::kInvalidArgument, "not a PNG, JPEG, GIF, BMP, TIFF or WebP file");
}

}  // namespace runstone::media
