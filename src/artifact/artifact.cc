#include "runstone/artifact.h"

#include <algorithm>
#include <filesystem>

#include "artifact/draft.h"
#include "artifact/manifest.h"
#include "artifact/references.h"
#include "base/try.h"

namespace runstone {
namespace {

constexpr std::size_t kMaxNameChars = 128;

bool is_name(const std::string& name) {
  const auto is_allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxNameChars &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

bool begins(const std::string& text, const char* front) { return text.rfind(front, 0) == 0; }

bool is_reserved(const std::string& name, const std::string& type) {
  return type == "job" || begins(type, "wandb-") || (type == "run_table" && begins(name, "run-")) ||
         (type == "code" && begins(name, "source-"));
}

}  // namespace

Result<Artifact> Artifact::create(const std::string& name, const std::string& type,
                                  const ArtifactOptions& options) {
  if (!is_name(name)) {
    return fail(ErrorCode::kInvalidArgument,
                "Artifact names may only contain alphanumeric characters, dashes, underscores, and "
                "dots, 1 to 128 of them. Invalid name: '" +
                    name + "'");
  }
  if (is_reserved(name, type)) {
    return fail(ErrorCode::kInvalidArgument,
                "Artifact type '" + type + "' is reserved for internal use (with this name)");
  }
  ArtifactOptions checked = options;
  RUNSTONE_TRY(checked.metadata, artifact::checked_metadata(options.metadata));
  return Artifact(std::make_shared<artifact::Draft>(name, type, std::move(checked)));
}

Result<ArtifactEntry> Artifact::add_file(const std::string& local_path,
                                         const AddFileOptions& options) {
  return draft_->add_file(local_path, options);
}
Result<void> Artifact::add_dir(const std::string& local_path, const std::string& name,
                               const std::string& policy) {
  return draft_->add_dir(local_path, name, policy);
}
Result<ArtifactEntry> Artifact::add_bytes(const std::string& path, std::string_view bytes,
                                          bool overwrite) {
  return draft_->add_bytes(path, bytes, overwrite);
}
Result<std::vector<ArtifactEntry>> Artifact::add_reference(const std::string& uri,
                                                           const std::string& name, bool checksum,
                                                           std::uint64_t max_objects) {
  RUNSTONE_TRY(auto entries, artifact::reference_entries(uri, name, checksum, max_objects));
  for (const ArtifactEntry& entry : entries) RUNSTONE_TRY(add_entry(entry));
  return entries;
}
Result<void> Artifact::add_entry(const ArtifactEntry& entry, bool overwrite) {
  protocol::ManifestEntry stored;
  stored.path = entry.path;
  stored.digest = entry.digest;
  stored.ref = entry.ref;
  stored.size_bytes = static_cast<std::int64_t>(entry.size_bytes);
  stored.local_path = entry.local_path;
  return draft_->add(std::move(stored), overwrite);
}
Result<void> Artifact::remove(const std::string& path) { return draft_->remove(path); }

std::string Artifact::name() const { return draft_->name; }
std::string Artifact::type() const { return draft_->type; }
std::string Artifact::description() const {
  return draft_->with([](const auto& draft) { return draft.options.description; });
}
Dict Artifact::metadata() const {
  return draft_->with([](const auto& draft) { return draft.options.metadata; });
}
void Artifact::set_description(const std::string& text) {
  const std::scoped_lock lock(draft_->mutex());
  draft_->options.description = text;
}
Result<void> Artifact::set_metadata(const Dict& metadata) {
  RUNSTONE_TRY(auto checked, artifact::checked_metadata(metadata));
  const std::scoped_lock lock(draft_->mutex());
  draft_->options.metadata = std::move(checked);
  return {};
}
void Artifact::set_ttl_secs(std::int64_t seconds) {
  const std::scoped_lock lock(draft_->mutex());
  draft_->ttl_secs = seconds;
}
std::optional<std::int64_t> Artifact::ttl_secs() const {
  return draft_->with([](const auto& draft) { return draft.ttl_secs; });
}
bool Artifact::incremental() const { return draft_->options.incremental; }
std::vector<ArtifactEntry> Artifact::entries() const {
  return draft_->with([](const auto& draft) {
    std::vector<ArtifactEntry> list;
    for (const auto& [path, entry] : draft.entries) {
      list.push_back({path, entry.digest, entry.ref, static_cast<std::uint64_t>(entry.size_bytes),
                      entry.local_path});
    }
    return list;
  });
}
std::string Artifact::digest() const {
  return draft_->with(
      [](const auto& draft) { return artifact::artifact_digest(draft.manifest().contents); });
}
std::uint64_t Artifact::size_bytes() const {
  return draft_->with([](const auto& draft) {
    std::uint64_t sum = 0;
    for (const auto& [path, entry] : draft.entries)
      sum += static_cast<std::uint64_t>(entry.size_bytes);
    return sum;
  });
}
void Artifact::finalize() {
  const std::scoped_lock lock(draft_->mutex());
  draft_->is_final = true;
}
bool Artifact::is_final() const {
  return draft_->with([](const auto& draft) { return draft.is_final; });
}
bool Artifact::is_sent() const {
  const auto fate = draft_->fate();
  return fate != artifact::Draft::Fate::kDraft && fate != artifact::Draft::Fate::kOffline;
}
Result<void> Artifact::wait(double timeout_secs) const { return draft_->wait(timeout_secs); }
std::string Artifact::id() const {
  return draft_->with([](const auto& draft) { return draft.server_id; });
}

}  // namespace runstone
