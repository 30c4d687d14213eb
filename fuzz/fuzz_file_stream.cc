// Bodies of POST .../file_stream, as far as the lines of each stream.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "protocol/file_stream_body.h"

using namespace runstone;

namespace {

void check(const protocol::StreamLines& lines) {
  std::size_t before = 0;
  for (std::size_t i = 0; i < lines.count(); ++i) {
    RUNSTONE_ASSERT(lines.ends[i] >= before && lines.ends[i] < lines.text.size());
    RUNSTONE_ASSERT(lines.text[lines.ends[i]] == '\n');
    RUNSTONE_ASSERT(lines.line(i).size() <= lines.text.size());
    before = lines.ends[i] + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body =
      protocol::parse_file_stream_body(std::string(reinterpret_cast<const char*>(data), size));
  if (!body) return 0;
  check(body->history);
  check(body->events);
  check(body->console);
  return 0;
}
