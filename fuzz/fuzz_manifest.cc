// Manifests of artifact versions: read, and written again as they were understood.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "artifacts/manifest.h"
#include "base/assert.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string again;
  std::int64_t count = 0;
  const auto head = artifacts::read_manifest(text, [&](store::ArtifactEntry entry) -> Result<void> {
    again += again.empty() ? "" : ",";
    artifacts::append_entry(again, entry);
    ++count;
    return artifacts::check_entry_path(entry.path);
  });
  if (!head) return 0;
  RUNSTONE_ASSERT(head->entry_count == count);
  // What was accepted once is accepted again, entry for entry.
  std::int64_t count_again = 0;
  const auto whole = artifacts::manifest_begin(head->storage_policy_config_json) + again +
                     std::string(artifacts::kManifestEnd);
  const auto head_again = artifacts::read_manifest(whole, [&](store::ArtifactEntry) {
    ++count_again;
    return Result<void>();
  });
  RUNSTONE_ASSERT(head_again.has_value() && count_again == count);
  return 0;
}
