// Journals: the records that can be read out of damaged bytes, and what the records say.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "journal/journal_reader.h"
#include "protocol/record.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Checksums keep nearly all changed bytes from the decoder, so it also gets the input as it is.
  discard(protocol::decode_record(bytes), "only that it comes back counts");
  auto reader = journal::JournalReader::from_bytes(std::string(bytes));
  if (!reader) return 0;
  std::string_view record;
  std::uint64_t before = 0;
  while (true) {
    const auto outcome = reader->next(record);
    if (!outcome || *outcome != journal::ReadOutcome::kRecord) break;
    RUNSTONE_ASSERT(reader->cursor() > before && reader->cursor() <= size);
    before = reader->cursor();
    discard(protocol::decode_record(record), "only that it comes back counts");
  }
  RUNSTONE_ASSERT(reader->torn_tail_bytes() <= size);
  return 0;
}
