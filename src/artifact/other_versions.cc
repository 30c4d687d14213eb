#include "artifact/other_versions.h"

#include <algorithm>

#include "artifact/versions.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr std::string_view kScheme = "wandb-artifact://";
constexpr int kMaxSteps = 100;  // versions do not change, so only a faulty server has a circle

}  // namespace

std::string EntryAddress::text() const {
  return std::string(kScheme) + to_hex(from_base64(version_id).value_or("")) + "/" + path;
}

bool is_entry_address(std::string_view ref) { return ref.substr(0, kScheme.size()) == kScheme; }

Result<EntryAddress> parse_entry_address(const std::string& ref) {
  const std::string rest = is_entry_address(ref) ? ref.substr(kScheme.size()) : "";
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto id = from_hex(rest.substr(0, slash));
  if (!id || id->empty() || slash + 1 >= rest.size()) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + ref + "' names no entry of an artifact: such an address is " +
                    std::string(kScheme) + "<hex digits of the version's id>/<path of the entry>");
  }
  return EntryAddress{to_base64(*id), rest.substr(slash + 1)};
}

Result<std::shared_ptr<const OtherVersions::Version>> OtherVersions::version(
    const std::string& id) {
  const std::scoped_lock lock(mutex_);
  auto& known = versions_[id];
  if (known) return known;
  Version asked;
  RUNSTONE_TRY(asked.facts, fetch_version(server_, id));
  RUNSTONE_TRY(asked.entries, fetch_entries(server_, id));
  known = std::make_shared<const Version>(std::move(asked));
  return known;
}

Result<OtherVersions::Found> OtherVersions::follow(const EntryAddress& from) {
  EntryAddress at = from;
  for (int step = 0; step < kMaxSteps; ++step) {
    RUNSTONE_TRY(const auto there, version(at.version_id).transform_error([&](Error error) {
      return std::move(error).with_context("'" + at.text() + "'");
    }));
    const auto entry =
        std::lower_bound(there->entries.begin(), there->entries.end(), at.path,
                         [](const auto& one, const std::string& path) { return one.path < path; });
    if (entry == there->entries.end() || entry->path != at.path) {
      return fail(ErrorCode::kNotFound, "'" + at.text() + "': there is no '" + at.path +
                                            "' in artifact " + there->facts.source_collection +
                                            ":" + there->facts.source_version);
    }
    if (!is_entry_address(entry->ref)) return Found{at, there->facts, *entry};
    RUNSTONE_TRY(at, parse_entry_address(entry->ref).transform_error([](Error error) {
      error.code = ErrorCode::kCorrupt;
      return error;
    }));
  }
  return fail(ErrorCode::kCorrupt, "'" + from.text() + "' leads from artifact to artifact, " +
                                       std::to_string(kMaxSteps) + " times and further");
}

}  // namespace runstone::artifact
