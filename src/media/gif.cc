#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "media/video.h"

namespace runstone::media {
namespace {

constexpr int kMaxSide = 65535;
constexpr int kColors = 256;

int append_to_string(GifFileType* gif, const GifByteType* bytes, int size) {
  static_cast<std::string*>(gif->UserData)
      ->append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  return size;
}

// The colours of a frame that has at most 256, and each pixel's place among them. The library's own
// quantizer rounds to five bits a channel even where nothing has to be rounded.
class ExactPalette {
 public:
  /// False, and nothing to be used, if there are more colours.
  bool read(const char* rgb, std::size_t pixels, GifByteType* indices, GifColorType* colors) {
    slots_.assign(kSlots, Slot{});
    int count = 0;
    const Slot* slot = nullptr;
    for (std::size_t i = 0; i < pixels; ++i, rgb += 3) {
      const auto [red, green, blue] = std::array<GifByteType, 3>{static_cast<GifByteType>(rgb[0]),
                                                                 static_cast<GifByteType>(rgb[1]),
                                                                 static_cast<GifByteType>(rgb[2])};
      const std::int32_t color = red << 16 | green << 8 | blue;
      if (slot == nullptr || slot->color != color) {  // neighbours are mostly of one colour
        Slot& found = find(color);
        if (found.color < 0) {
          if (count == kColors) return false;
          colors[count] = {red, green, blue};
          found = {color, static_cast<GifByteType>(count++)};
        }
        slot = &found;
      }
      indices[i] = slot->index;
    }
    return true;
  }

 private:
  struct Slot {
    std::int32_t color = -1;
    GifByteType index = 0;
  };
  static constexpr int kSlotBits = 10;
  static constexpr std::size_t kSlots = 1u << kSlotBits;  // never more than a quarter full

  Slot& find(std::int32_t color) {
    std::size_t at = static_cast<std::uint32_t>(color) * 2654435761u >> (32 - kSlotBits);
    while (slots_[at].color >= 0 && slots_[at].color != color) at = (at + 1) % kSlots;
    return slots_[at];
  }
  std::vector<Slot> slots_;
};

class FrameWriter {
 public:
  FrameWriter(GifFileType* gif, const Frames& frames)
      : gif_(gif),
        frames_(frames),
        pixels_(static_cast<std::size_t>(frames.width) * static_cast<std::size_t>(frames.height)),
        indices_(pixels_) {}

  bool write(int frame) {
    const char* from = frames_.rgb.data() + static_cast<std::size_t>(frame) * pixels_ * 3;
    ColorMapObject* colors = GifMakeMapObject(kColors, nullptr);
    if (colors == nullptr) return false;
    const bool done =
        (palette_.read(from, pixels_, indices_.data(), colors->Colors) ||
         quantize(from, colors->Colors)) &&
        write_delay() &&
        EGifPutImageDesc(gif_, 0, 0, frames_.width, frames_.height, false, colors) == GIF_OK &&
        write_lines();
    GifFreeMapObject(colors);
    return done;
  }

 private:
  bool quantize(const char* from, GifColorType* colors) {
    planes_.resize(3 * pixels_);  // the library takes a frame as three planes
    for (std::size_t i = 0; i < pixels_; ++i, from += 3) {
      for (std::size_t plane = 0; plane < 3; ++plane) {
        planes_[plane * pixels_ + i] = static_cast<GifByteType>(from[plane]);
      }
    }
    int count = kColors;
    return GifQuantizeBuffer(static_cast<unsigned>(frames_.width),
                             static_cast<unsigned>(frames_.height), &count, planes_.data(),
                             planes_.data() + pixels_, planes_.data() + 2 * pixels_,
                             indices_.data(), colors) == GIF_OK;
  }
  bool write_delay() {
    GraphicsControlBlock block{};
    block.DelayTime = static_cast<int>(std::lround(std::min(65535.0, 100.0 / frames_.fps)));
    block.TransparentColor = NO_TRANSPARENT_COLOR;
    GifByteType bytes[4];
    const auto size = EGifGCBToExtension(&block, bytes);
    return EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, static_cast<int>(size), bytes) == GIF_OK;
  }
  bool write_lines() {
    for (int y = 0; y < frames_.height; ++y) {
      GifPixelType* line =
          indices_.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(frames_.width);
      if (EGifPutLine(gif_, line, frames_.width) != GIF_OK) return false;
    }
    return true;
  }

  GifFileType* gif_;
  const Frames& frames_;
  std::size_t pixels_;
  ExactPalette palette_;
  std::vector<GifByteType> planes_, indices_;
};

// The extension by which viewers play it again and again.
bool write_loop(GifFileType* gif) {
  const unsigned char forever[] = {1, 0, 0};
  return EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
         EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") == GIF_OK &&
         EGifPutExtensionBlock(gif, sizeof forever, forever) == GIF_OK &&
         EGifPutExtensionTrailer(gif) == GIF_OK;
}

}  // namespace

Result<std::string> encode_gif(const Frames& frames) {
  if (frames.width > kMaxSide || frames.height > kMaxSide) {
    return fail(ErrorCode::kInvalidArgument, "a GIF is at most 65535 pixels wide and high");
  }
  std::string out;
  int error = 0;
  GifFileType* gif = EGifOpen(&out, append_to_string, &error);
  if (gif == nullptr) return fail(ErrorCode::kInternal, "GIF: out of memory");
  EGifSetGifVersion(gif, true);
  FrameWriter writer(gif, frames);
  bool done = EGifPutScreenDesc(gif, frames.width, frames.height, 8, 0, nullptr) == GIF_OK &&
              write_loop(gif);
  for (int frame = 0; done && frame < frames.count; ++frame) done = writer.write(frame);
  const int reason = gif->Error;
  done = EGifCloseFile(gif, &error) == GIF_OK && done;
  if (done) return out;
  const char* text = GifErrorString(reason);
  return fail(ErrorCode::kIo, std::string("GIF: ") + (text == nullptr ? "unknown error" : text));
}

}  // namespace runstone::media
