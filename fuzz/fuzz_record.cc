// Records of journals as other programs may write them: what a reader makes of them, all the way to
// the lines that would be sent. The input is records one after the other, each behind two bytes
// (little endian) that say how long it is: checksums, which keep changed bytes away here, are the
// affair of fuzz_journal.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/encoding.h"
#include "base/json.h"
#include "protocol/record.h"
#include "sdk/child_journals.h"
#include "uplink/replay.h"

using namespace runstone;

namespace {

std::string_view take_record(std::string_view& bytes) {
  const auto low = static_cast<unsigned char>(bytes[0]),
             high = static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(2);
  const std::string_view record =
      bytes.substr(0, std::min<std::size_t>(low | high << 8, bytes.size()));
  bytes.remove_prefix(record.size());
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  uplink::RunReplay replay;
  protocol::FileStreamRequest request;
  while (bytes.size() >= 2) {
    const std::string_view one = take_record(bytes);
    static_cast<void>(find_child_marker(one));
    const auto record = protocol::decode_record(one);
    if (!record) continue;
    // What was understood can be written, and is understood again.
    std::string again;
    protocol::encode_record(again, *record);
    RUNSTONE_ASSERT(protocol::decode_record(again).has_value());
    replay.apply(*record, request);
  }
  replay.console().take_changes(request.console, std::size_t{1} << 20);
  static_cast<void>(replay.summary_json());
  static_cast<void>(json::to_text(Value(replay.full_config())));
  // One byte that is no UTF-8 would make a server refuse all of it.
  RUNSTONE_ASSERT(is_valid_utf8(request.to_body()));
  return 0;
}
