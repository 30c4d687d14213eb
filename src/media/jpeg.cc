// jpeglib.h wants these before it.
#include <csetjmp>
#include <cstdio>
// then:
#include <jpeglib.h>

#include <cstdlib>

#include "media/pixels.h"

namespace runstone::media {
namespace {

// libjpeg reports errors by a call that must not return.
struct ErrorJump {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX] = "";
};

void jump_out(j_common_ptr info) {
  auto* jump = reinterpret_cast<ErrorJump*>(info->err);
  (*info->err->format_message)(info, jump->message);
  std::longjmp(jump->back, 1);
}

}  // namespace

Result<std::string> encode_jpeg(const Pixels& pixels) {
  jpeg_compress_struct info;
  ErrorJump jump;
  info.err = jpeg_std_error(&jump.manager);
  jump.manager.error_exit = jump_out;
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  if (setjmp(jump.back) != 0) {
    jpeg_destroy_compress(&info);
    std::free(buffer);
    return fail(ErrorCode::kInvalidArgument, std::string("JPEG: ") + jump.message);
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(pixels.width);
  info.image_height = static_cast<JDIMENSION>(pixels.height);
  info.input_components = pixels.channels;
  info.in_color_space = pixels.channels == 1   ? JCS_GRAYSCALE
                        : pixels.channels == 3 ? JCS_RGB
                                               : JCS_EXT_RGBX;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 75, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(pixels.row(static_cast<int>(info.next_scanline)));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::string out(reinterpret_cast<char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return out;
}

}  // namespace runstone::media
