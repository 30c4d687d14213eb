// What a picture file says of its size. A user's file is stored as it is: only this is read.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "media/pixels.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = media::read_picture_header({reinterpret_cast<const char*>(data), size});
  if (!header) return 0;
  RUNSTONE_ASSERT(header->height >= 0 && header->width >= 0);
  RUNSTONE_ASSERT(!std::string_view(header->format).empty());
  return 0;
}
