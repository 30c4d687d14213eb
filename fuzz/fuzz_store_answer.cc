// What object stores and their services of credentials answer: XML, taken apart as listings and
// refusals are.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "artifact/stores/asking.h"
#include "artifact/stores/credential_service.h"
#include "artifact/stores/xml.h"
#include "base/assert.h"
#include "base/encoding.h"

using namespace runstone;
using namespace runstone::artifact;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t taken = 0;
  for (const char* tag : {"Contents", "Blob", "Credentials"}) {
    std::size_t end = 0;
    for (const std::string_view item : xml_elements(text, tag)) {
      const auto begin = static_cast<std::size_t>(item.data() - text.data());
      RUNSTONE_ASSERT(begin >= end && begin + item.size() <= text.size());
      end = begin + item.size();
      for (const char* field : {"Key", "Name", "ETag", "Size"})
        taken += xml_text(item, field).size();
    }
  }
  // Each of the twelve is a part of the text, and no character is longer than its entity.
  RUNSTONE_ASSERT(taken <= 12 * text.size());
  net::ClientResponse answer;
  answer.status = 403;
  answer.body = std::string(text);
  const Error refused = store_refusal("https://host/key", answer, {"Store", "", "do this"});
  RUNSTONE_ASSERT(is_valid_utf8(refused.message) && refused.message.size() < 1000);
  RUNSTONE_ASSERT(is_valid_utf8(readable(answer.body)));
  return 0;
}
