// References to what another artifact has: found on the server, which only settings know.
#include "artifact/draft.h"
#include "artifact/other_versions.h"
#include "artifact/references.h"
#include "base/try.h"
#include "runstone/artifact.h"
#include "sdk/find_server.h"

namespace runstone {
namespace {

constexpr std::string_view kDraftScheme = "wandb-client-artifact://";

/// The server of the artifact itself (one it was sent to, or made from), else that of init().
Result<std::shared_ptr<const artifact::Server>> server_for(const artifact::Draft& draft) {
  auto own = draft.with([](const artifact::Draft& now) { return now.server; });
  if (own) return own;
  RUNSTONE_TRY(const FoundServer found, find_server({}));
  return server_of(found).transform_error([](Error error) {
    error.code = ErrorCode::kUnavailable;  // it is not the draft that is in the wrong state
    return error;
  });
}

/// The entry at the end of the way, as stock clients write it: a download needs no way to go then.
Result<ArtifactEntry> entry_that_refers(const artifact::Server& server,
                                        const artifact::EntryAddress& address,
                                        const std::string& name) {
  artifact::OtherVersions others(server);
  RUNSTONE_TRY(const auto found, others.follow(address));
  ArtifactEntry entry;
  entry.path = name.empty() ? found.address.path.substr(found.address.path.rfind('/') + 1) : name;
  entry.ref = found.address.text();
  entry.digest = found.entry.digest;
  entry.size_bytes = static_cast<std::uint64_t>(found.entry.size_bytes);
  // How the digest was made must be known where the bytes are checked.
  const ArtifactEntry target = artifact::public_entry(found.entry);
  if (const Value* algorithm = target.extra.find("alg")) entry.extra.set("alg", *algorithm);
  return entry;
}

/// What is not there is the caller's mistake; what the server does not permit is its refusal. (A
/// file that is not there, or may not be read, would be something else.)
Error of_address(Error error) {
  if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kInvalidArgument;
  if (error.code == ErrorCode::kPermissionDenied || error.code == ErrorCode::kUnauthenticated) {
    error.code = ErrorCode::kConflict;
  }
  return error;
}

}  // namespace

Result<std::vector<ArtifactEntry>> Artifact::add_reference(const std::string& uri,
                                                           const std::string& name, bool checksum,
                                                           std::uint64_t max_objects) {
  RUNSTONE_TRY(draft_->check_still_open());
  if (uri.compare(0, kDraftScheme.size(), kDraftScheme) == 0) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + uri +
                    "' names an artifact that is not logged yet: log it, wait() for it, and "
                    "refer to the entry that get_entry() gives");
  }
  std::vector<ArtifactEntry> entries;
  if (artifact::is_entry_address(uri)) {
    RUNSTONE_TRY(const auto address, artifact::parse_entry_address(uri));
    RUNSTONE_TRY(const auto server, server_for(*draft_));
    RUNSTONE_TRY(auto entry, entry_that_refers(*server, address, name).transform_error(of_address));
    entries.push_back(std::move(entry));
  } else {
    RUNSTONE_TRY(entries, artifact::reference_entries(uri, name, checksum, max_objects));
  }
  for (const ArtifactEntry& entry : entries) RUNSTONE_TRY(add_entry(entry));
  return entries;
}

Result<ArtifactEntry> Artifact::add_reference(const Artifact& source, const std::string& path,
                                              const std::string& name) {
  RUNSTONE_TRY(draft_->check_still_open());
  RUNSTONE_TRY(const ArtifactEntry target, source.get_entry(path));
  RUNSTONE_TRY(const std::string url, source.ref_url(target));
  RUNSTONE_TRY(const auto address, artifact::parse_entry_address(url));
  const auto server = source.draft()->with([](const artifact::Draft& now) { return now.server; });
  RUNSTONE_TRY(ArtifactEntry entry,
               entry_that_refers(*server, address, name).transform_error(of_address));
  RUNSTONE_TRY(add_entry(entry));
  return entry;
}

}  // namespace runstone
