#include <gif_lib.h>
#include <gmock/gmock.h>
#include <libdeflate.h>

#include <random>

#include "media/pixels.h"
#include "media/tiff_header.h"
#include "media/video.h"

namespace runstone::media {
namespace {

Pixels picture(int height, int width, int channels, bool noise) {
  Pixels pixels;
  pixels.height = height;
  pixels.width = width;
  pixels.channels = channels;
  std::mt19937 random(7);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * channels; ++x) {
      pixels.bytes.push_back(
          static_cast<char>(noise ? random() : static_cast<unsigned>(x + 2 * y)));
    }
  }
  return pixels;
}

std::uint32_t u32(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

// A reader of its own: inflates and undoes the filters, and checks every checksum.
std::string decode_png(const std::string& png, const Pixels& original) {
  std::string data;
  for (std::size_t at = 8; at < png.size();) {
    const std::uint32_t size = u32(png, at);
    EXPECT_EQ(u32(png, at + 8 + size), libdeflate_crc32(0, png.data() + at + 4, size + 4));
    if (png.compare(at + 4, 4, "IDAT") == 0) data = png.substr(at + 8, size);
    at += size + 12;
  }
  const std::size_t row = original.row_bytes(), step = static_cast<std::size_t>(original.channels);
  std::string raw((row + 1) * static_cast<std::size_t>(original.height), '\0');
  libdeflate_decompressor* inflater = libdeflate_alloc_decompressor();
  std::size_t size = 0;
  EXPECT_EQ(
      libdeflate_zlib_decompress(inflater, data.data(), data.size(), raw.data(), raw.size(), &size),
      LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(inflater);
  EXPECT_EQ(size, raw.size());
  std::string out;
  for (int y = 0; y < original.height; ++y) {
    const char* line = raw.data() + (row + 1) * static_cast<std::size_t>(y);
    for (std::size_t i = 0; i < row; ++i) {
      char before = 0;
      if (line[0] == 1 && i >= step) before = out[out.size() - step];
      if (line[0] == 2 && y > 0) before = out[out.size() - row];
      out.push_back(static_cast<char>(line[i + 1] + before));
    }
  }
  return out;
}

TEST(Png, HoldsEveryPixelOfPicturesOfEveryKind) {
  for (const int channels : {1, 3, 4}) {
    for (const bool noise : {false, true}) {
      for (const auto& [height, width] : {std::pair{1, 1}, {3, 5}, {64, 900}}) {
        const Pixels pixels = picture(height, width, channels, noise);
        EXPECT_EQ(decode_png(encode_png(pixels), pixels), pixels.bytes)
            << channels << " channels, " << height << " x " << width << ", noise " << noise;
      }
    }
  }
}

TEST(Png, ASmoothPictureIsMuchSmallerThanItsPixelsAndNoiseHardlyLarger) {
  const Pixels smooth = picture(256, 1024, 3, false), noise = picture(256, 1024, 3, true);
  EXPECT_LT(encode_png(smooth).size(), smooth.bytes.size() / 20);
  EXPECT_LT(encode_png(noise).size(), noise.bytes.size() + noise.bytes.size() / 500);
}

TEST(PictureHeader, KnowsTheSizeOfWhatIsEncodedHere) {
  const Pixels pixels = picture(3, 70, 3, false);
  const std::pair<std::string, std::string> files[] = {
      {"png", encode_png(pixels)}, {"jpeg", *encode_jpeg(pixels)}, {"bmp", encode_bmp(pixels)}};
  for (const auto& [format, bytes] : files) {
    const auto header = read_picture_header(bytes);
    ASSERT_TRUE(header) << format;
    EXPECT_EQ(header->format, format);
    EXPECT_EQ(header->height, 3) << format;
    EXPECT_EQ(header->width, 70) << format;
  }
}

TEST(PictureHeader, ASideThatNoPictureCanHaveIsDamage) {
  std::string png = encode_png(picture(3, 70, 3, false));
  png.replace(16, 4, "\xff\xff\xff\xff");
  const auto header = read_picture_header(png);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, ErrorCode::kInvalidArgument);
  std::string bmp = encode_bmp(picture(3, 70, 3, false));
  bmp.replace(22, 4, std::string("\x00\x00\x00\x80", 4));  // the lowest height there is
  EXPECT_FALSE(read_picture_header(bmp));
  bmp.replace(22, 4, "\xfd\xff\xff\xff");  // -3: rows from the top
  EXPECT_EQ(read_picture_header(bmp)->height, 3);
}

TEST(PictureHeader, RefusesWhatIsNoPictureAndWhatIsCutOff) {
  const std::string jpeg = *encode_jpeg(picture(3, 70, 3, false));
  for (const std::string& bytes :
       {std::string("text"), std::string(), jpeg.substr(0, 20), std::string("\xff\xd8\xff")}) {
    EXPECT_EQ(read_picture_header(bytes).error().code, ErrorCode::kInvalidArgument);
  }
}

/// A TIFF directory of a picture of 3 rows of 70 pixels, the height as a short, the width as a
/// long.
std::string tiff_directory(bool is_little) {
  std::string out;
  const auto put = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      out.push_back(static_cast<char>(value >> (8 * (is_little ? i : bytes - 1 - i)) & 0xff));
    }
  };
  put(2, 2);
  for (const std::uint32_t number : {256U, 4U}) put(number, 2);
  put(1, 4);
  put(70, 4);
  for (const std::uint32_t number : {257U, 3U}) put(number, 2);
  put(1, 4);
  put(3, 2);
  put(0xffff, 2);  // what is behind a short is anything
  return out;
}

TEST(TiffHeader, KnowsTheSizeInEitherOrderOfBytes) {
  EXPECT_EQ(tiff_directory_offset(std::string_view("II*\0\x08\x01\0\0", 8)), 0x108U);
  EXPECT_EQ(tiff_directory_offset(std::string_view("MM\0*\0\0\x01\x08", 8)), 0x108U);
  for (const bool is_little : {true, false}) {
    const std::string head = is_little ? "II" : "MM", directory = tiff_directory(is_little);
    const auto header = read_tiff_header(head, directory);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->height, 3);
    EXPECT_EQ(header->width, 70);
    for (std::size_t size = 0; size < directory.size(); ++size) {
      EXPECT_FALSE(read_tiff_header(head, std::string_view(directory).substr(0, size)));
    }
  }
  for (const std::string_view no : {"", "II", "IIxx\0\0\0\0", "PK*\0\x08\0\0\0"}) {
    EXPECT_FALSE(tiff_directory_offset(no));
  }
}

TEST(Gif, HasEveryFrameItsDelayAndAnEndlessLoop) {
  Frames frames;
  frames.count = 3;
  frames.height = 4;
  frames.width = 6;
  frames.fps = 20;
  for (int i = 0; i < 3 * 4 * 6 * 3; ++i) frames.rgb.push_back(static_cast<char>(i * 7));
  const auto gif = encode_gif(frames);
  ASSERT_TRUE(gif) << gif.error().message;
  EXPECT_EQ(gif->substr(0, 6), "GIF89a");
  EXPECT_NE(gif->find("NETSCAPE2.0"), std::string::npos);
  const std::string control("\x21\xf9\x04\x00\x05\x00", 6);  // 5 hundredths of a second
  std::size_t count = 0;
  for (std::size_t at = gif->find(control); at != std::string::npos;
       at = gif->find(control, at + 1))
    ++count;
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(read_picture_header(*gif)->width, 6);
}

// The last frame's colours, by the library's own reader.
std::vector<std::uint8_t> decode_gif(const std::string& bytes, std::size_t pixels) {
  struct Source {
    const std::string& bytes;
    std::size_t at = 0;
  } source{bytes};
  int error = 0;
  GifFileType* gif = DGifOpen(
      &source,
      [](GifFileType* file, GifByteType* to, int wanted) {
        auto& from = *static_cast<Source*>(file->UserData);
        const auto size =
            from.bytes.copy(reinterpret_cast<char*>(to), static_cast<std::size_t>(wanted), from.at);
        from.at += size;
        return static_cast<int>(size);
      },
      &error);
  EXPECT_EQ(DGifSlurp(gif), GIF_OK);
  const SavedImage& last = gif->SavedImages[gif->ImageCount - 1];
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < pixels; ++i) {
    const GifColorType& color = last.ImageDesc.ColorMap->Colors[last.RasterBits[i]];
    rgb.insert(rgb.end(), {color.Red, color.Green, color.Blue});
  }
  DGifCloseFile(gif, &error);
  return rgb;
}

TEST(Gif, AFrameOfAtMost256ColoursKeepsThemAll) {
  Frames frames;
  frames.count = 1;
  frames.height = 16;
  frames.width = 17;
  frames.fps = 4;
  std::vector<std::uint8_t> original;
  for (int i = 0; i < 16 * 17; ++i) {
    const int color = i % 256;  // the last is white
    for (const int channel : {color, 255 - (255 - color) / 3, color}) {
      original.push_back(static_cast<std::uint8_t>(channel));
    }
  }
  frames.rgb.assign(original.begin(), original.end());
  EXPECT_EQ(decode_gif(*encode_gif(frames), 16 * 17), original);
}

TEST(Gif, AFrameOfMoreColoursIsClose) {
  Frames frames;
  frames.count = 1;
  frames.height = 32;
  frames.width = 32;
  frames.fps = 4;
  std::vector<std::uint8_t> original;
  for (int i = 0; i < 32 * 32; ++i) {
    for (const int channel : {i % 32 * 8, i / 32 * 8, 128}) {
      original.push_back(static_cast<std::uint8_t>(channel));
    }
  }
  frames.rgb.assign(original.begin(), original.end());
  const auto decoded = decode_gif(*encode_gif(frames), 32 * 32);
  for (std::size_t i = 0; i < original.size(); ++i) EXPECT_NEAR(decoded[i], original[i], 32);
}

}  // namespace
}  // namespace runstone::media
