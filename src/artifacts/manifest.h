#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "runstone/result.h"
#include "store/artifact_records.h"

namespace runstone::artifacts {

// Bounds of a manifest, so that nobody's file takes the server's memory. The text itself may be
// mapped; what is held of it at once is one entry.
inline constexpr std::size_t kMaxManifestBytes = std::size_t{2} << 30;
inline constexpr std::size_t kMaxEntryBytes = 64 << 10;
inline constexpr std::size_t kMaxPathBytes = 4096;
inline constexpr std::int64_t kMaxEntries = 10'000'000;

/// What a manifest says besides its entries.
struct ManifestHead {
  std::string storage_policy_config_json = "{}";
  std::int64_t entry_count = 0;
};

using TakeEntry = std::function<Result<void>(store::ArtifactEntry entry)>;

/// Reads a manifest of the stock client, {"version":1,...,"contents":{path:entry}}, handing each
/// entry to `take` in the order of the text. Time is linear in the text, memory bounded by one
/// entry. Errors: kInvalidArgument that names what is wrong; those of `take`.
Result<ManifestHead> read_manifest(std::string_view text, const TakeEntry& take);

/// kInvalidArgument unless `path` stays inside the folder that a version is downloaded to:
/// relative, with no empty part, "." or "..", no backslash drive tricks, valid UTF-8, no control
/// characters.
Result<void> check_entry_path(std::string_view path);

/// One entry as a member of "contents": "path":{...}.
void append_entry(std::string& out, const store::ArtifactEntry& entry);
inline constexpr std::string_view kManifestEnd = "}}";
std::string manifest_begin(std::string_view storage_policy_config_json);

}  // namespace runstone::artifacts
