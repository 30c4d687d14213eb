// The configuration of a sweep, YAML that anybody who may log can send.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sweeps/config.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(sweeps::parse_config(text));
  return 0;
}
