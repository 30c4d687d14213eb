// TensorBoard's event files, which a training's own library writes: one event, behind its checksum.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "runstone/media.h"
#include "sdk/tfevents.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto event = parse_tf_event({reinterpret_cast<const char*>(data), size});
  if (!event) return 0;
  for (const TfValue& value : event->values) {
    RUNSTONE_ASSERT(!value.tag.empty());
    if (value.kind != TfValue::Kind::kHistogram) continue;
    RUNSTONE_ASSERT(value.edges.size() == value.counts.size() + 1);
    RUNSTONE_ASSERT(value.counts.size() <= Histogram::kMaxBins);
    discard(Histogram::from_counts(value.counts, value.edges), "edges may not ascend");
  }
  return 0;
}
