#include "runstone/artifact.h"

#include "artifact/draft.h"
#include "artifact/draft_package.h"
#include "artifact/manifest.h"
#include "artifact/rules.h"
#include "base/try.h"

namespace runstone {

Result<Artifact> Artifact::create(const std::string& name, const std::string& type,
                                  const ArtifactOptions& options) {
  RUNSTONE_TRY(artifact::check_name(name));
  RUNSTONE_TRY(artifact::check_type(name, type));
  RUNSTONE_TRY(artifact::digest_kind(options.digest_algorithm));
  ArtifactOptions checked = options;
  RUNSTONE_TRY(checked.metadata, artifact::checked_metadata(options.metadata));
  return Artifact(std::make_shared<artifact::Draft>(name, type, std::move(checked)));
}

Result<ArtifactEntry> Artifact::add_file(const std::string& local_path,
                                         const AddFileOptions& options) {
  return draft_->add_file(local_path, options);
}
Result<void> Artifact::add_dir(const std::string& local_path, const AddDirOptions& options) {
  return draft_->add_dir(local_path, options);
}
Result<ArtifactEntry> Artifact::add_bytes(const std::string& path, std::string_view bytes,
                                          bool overwrite) {
  return draft_->add_bytes(path, bytes, overwrite);
}
Result<ArtifactEntry> Artifact::add(const Media& object, const std::string& name,
                                    const AddObjectOptions& options) {
  artifact::DraftPackage package(draft_,
                                 {options.overwrite, options.refuse_long_tables, options.warn});
  RUNSTONE_TRY(const media::PackedFile file, package.add_object(object.object(), name));
  return *draft_->entry_at(file.path);
}
Result<void> Artifact::add_entry(const ArtifactEntry& entry, bool overwrite) {
  return draft_->add(artifact::stored_entry(entry), overwrite);
}
Result<void> Artifact::remove(const std::string& path) { return draft_->remove(path); }

std::string Artifact::name() const {
  return draft_->with([](const auto& draft) {
    return draft.facts ? draft.facts->collection + ":" + draft.facts->version : draft.name;
  });
}
std::string Artifact::type() const { return draft_->type; }
std::string Artifact::client_id() const { return draft_->client_id; }
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
Result<void> Artifact::set_ttl_secs(std::int64_t seconds) {
  if (seconds == 0 || seconds < kTtlForever) {
    return fail(ErrorCode::kInvalidArgument,
                "Artifact TTL Duration has to be positive, not " + std::to_string(seconds) + " s");
  }
  const std::scoped_lock lock(draft_->mutex());
  if (draft_->facts && draft_->facts->is_link) {
    return fail(ErrorCode::kInvalidArgument,
                "Cannot set TTL for link artifact: set it for the source artifact");
  }
  draft_->ttl_secs = seconds;
  draft_->ttl_changed = true;
  return {};
}
Result<std::int64_t> Artifact::ttl_secs() const {
  return draft_->with([](const auto& draft) -> Result<std::int64_t> {
    if (draft.ttl_secs && *draft.ttl_secs != kTtlInherited) return *draft.ttl_secs;
    return fail(ErrorCode::kFailedPrecondition,
                "what time to live artifact '" + draft.name +
                    "' inherits is known only once it is logged (or saved)");
  });
}
bool Artifact::incremental() const { return draft_->options.incremental; }
std::string Artifact::digest_algorithm() const { return draft_->options.digest_algorithm; }
std::string Artifact::distributed_id() const {
  return draft_->with([](const auto& draft) { return draft.distributed_id; });
}
void Artifact::set_distributed_id(const std::string& id) {
  const std::scoped_lock lock(draft_->mutex());
  draft_->distributed_id = id;
}
std::string Artifact::state() const {
  return draft_->with(
      [](const auto& draft) { return draft.facts ? draft.facts->state : std::string("PENDING"); });
}
Result<std::vector<ArtifactEntry>> Artifact::entries() const {
  RUNSTONE_TRY(draft_->load_entries());
  return draft_->with([](const auto& draft) {
    std::vector<ArtifactEntry> list;
    list.reserve(draft.entries.size());
    for (const auto& [path, entry] : draft.entries) list.push_back(artifact::public_entry(entry));
    return list;
  });
}
Result<std::string> Artifact::manifest_json() const {
  RUNSTONE_TRY(draft_->load_entries());
  return draft_->with([](const auto& draft) { return artifact::manifest_json(draft.manifest()); });
}
std::string Artifact::digest() const {
  return draft_->with(
      [](const auto& draft) { return draft.facts ? draft.facts->digest : draft.digest(); });
}
std::uint64_t Artifact::size_bytes() const {
  return draft_->with([](const auto& draft) {
    if (draft.facts) return draft.facts->size_bytes;
    std::uint64_t sum = 0;
    for (const auto& [path, entry] : draft.entries) {
      sum += static_cast<std::uint64_t>(entry.size_bytes);
    }
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
bool Artifact::is_draft() const {
  return draft_->with([](const auto& draft) { return !draft.facts; });
}
bool Artifact::is_sent() const {
  const auto fate = draft_->fate();
  return fate != artifact::Draft::Fate::kDraft && fate != artifact::Draft::Fate::kOffline;
}

}  // namespace runstone
