#include "artifacts/artifacts.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <mutex>

#include "artifacts/merge.h"
#include "artifacts/names.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/random_id.h"
#include "base/try.h"

namespace runstone::artifacts {
namespace {

using store::Artifact;
using store::ArtifactId;
using store::ArtifactState;

constexpr std::int64_t kFreePerRound = 1000;

// Things that are done for one digest or one version at a time. Some share a lock, which costs a
// wait and no more.
class Stripes {
 public:
  std::unique_lock<std::mutex> lock(std::string_view key) {
    return std::unique_lock(locks_[std::hash<std::string_view>()(key) % locks_.size()]);
  }

 private:
  std::array<std::mutex, 64> locks_;
};

Result<std::string> hex_of(std::string_view base64, const char* what) {
  const auto bytes = from_base64(base64);
  if (bytes && bytes->size() == 16) return to_hex(*bytes);
  return fail(ErrorCode::kInvalidArgument, std::string(what) + " \"" +
                                               std::string(base64.substr(0, 100)) +
                                               "\" is not the base64 of an MD5");
}

class ArtifactsService final : public Artifacts {
 public:
  ArtifactsService(store::Store& store, objects::ObjectStore& objects, const Clock& clock)
      : store_(store), rows_(store.artifacts()), objects_(objects), clock_(clock) {}

  Result<void> tidy() {
    RUNSTONE_TRY(delete_expired());
    return free_bytes();
  }

  Result<Artifact> create_artifact(const NewArtifact& request) override {
    RUNSTONE_TRY(check(request));
    RUNSTONE_TRY(const auto sequence, sequence_for(request));
    // Two writers of one collection come here one after the other, so that both find the version
    // that the first one made.
    const auto guard = creating_.lock(std::to_string(store::to_number(sequence.id)));
    RUNSTONE_TRY(auto existing, existing_for(request, sequence));
    if (existing) {
      RUNSTONE_TRY(join(request, *existing));
      return rows_.get_artifact(existing->id);
    }
    RUNSTONE_TRY(auto made, rows_.create_artifact(record_of(request, sequence)));
    if (!request.tags.empty()) {
      store::ArtifactUpdate update;
      update.artifact = made.id;
      update.add_tags = request.tags;
      update.now_us = clock_.now_us();
      RUNSTONE_TRY(rows_.update_artifact(update));
    }
    RUNSTONE_TRY(remember(request, made.id));
    return made;
  }

  Result<store::ArtifactManifest> create_manifest(const NewManifest& request) override {
    store::ArtifactManifest manifest;
    manifest.artifact = request.artifact;
    manifest.type = request.type;
    manifest.name = request.name;
    manifest.run = request.run;
    manifest.base = request.base;
    manifest.created_at_us = clock_.now_us();
    if (!request.digest_base64.empty()) {
      RUNSTONE_TRY(manifest.digest, hex_of(request.digest_base64, "the manifest's digest"));
    }
    auto put = rows_.put_manifest(manifest);
    if (put || !is_committed(request.artifact)) return put;
    // Another writer of the same content was faster; this one may go on as if nothing were.
    RUNSTONE_TRY(const auto kept, rows_.manifests(request.artifact));
    if (!kept.empty()) manifest.id = kept.front().id;
    return manifest;
  }

  Result<store::ArtifactManifest> update_manifest(store::ManifestId id, std::string_view digest,
                                                  std::optional<ArtifactId> base) override {
    RUNSTONE_TRY(auto manifest, rows_.get_manifest(id));
    if (digest.empty()) return manifest;
    RUNSTONE_TRY(manifest.digest, hex_of(digest, "the manifest's digest"));
    if (base) manifest.base = base;
    auto updated = rows_.update_manifest(id, manifest.digest, base);
    if (!updated && !is_committed(manifest.artifact)) return fail(updated.error());
    return manifest;
  }

  Result<std::vector<PlacedFile>> create_files(const std::vector<WantedFile>& files) override {
    std::vector<PlacedFile> placed;
    std::map<ArtifactId, std::vector<std::string>> digests;
    for (const auto& file : files) {
      RUNSTONE_TRY(auto hex, hex_of(file.digest_base64, "the file's md5"));
      digests[file.artifact].push_back(hex);
      placed.push_back({file.artifact, std::move(hex), false});
    }
    for (const auto& [id, wanted] : digests) {
      // Reserved first: what is found to be here then stays here until the commit.
      auto reserved = rows_.reserve(id, wanted);
      if (!reserved && !is_committed(id)) return fail(reserved.error());
      if (!reserved) {  // another writer of the same content was faster
        for (auto& file : placed) file.is_here = file.is_here || file.artifact == id;
        continue;
      }
      RUNSTONE_TRY(const auto entity, entity_of(id));
      RUNSTONE_TRY(const auto found, rows_.find_blobs(entity, wanted));
      for (auto& file : placed) {
        if (file.artifact != id) continue;
        const auto at = std::lower_bound(found.begin(), found.end(), file.digest,
                                         [](const store::Blob& blob, const std::string& digest) {
                                           return blob.digest < digest;
                                         });
        file.is_here = at != found.end() && at->digest == file.digest;
      }
    }
    return placed;
  }

  Result<void> store_bytes(ArtifactId artifact, std::string_view digest,
                           std::string_view found_digest, const std::string& spooled,
                           std::int64_t size_bytes) override {
    if (digest != found_digest) {
      return fail(ErrorCode::kInvalidArgument,
                  "the bytes have the MD5 " + std::string(found_digest) + ", not " +
                      std::string(digest) + " as announced: upload the file again");
    }
    RUNSTONE_TRY(const auto version, rows_.get_artifact(artifact));
    const auto guard = bytes_.lock(digest);
    auto known = rows_.find_blob(digest);
    if (!known && known.error().code != ErrorCode::kNotFound) return fail(known.error());
    // Another writer of the same content was faster.
    if (version.state == ArtifactState::kCommitted) return {};
    if (version.state == ArtifactState::kDeleted) {
      return fail(ErrorCode::kNotFound, "the artifact was deleted");
    }
    if (!known) RUNSTONE_TRY(objects_.put_file(object_key(digest), spooled));
    RUNSTONE_TRY(const auto entity, entity_of(artifact));
    return rows_.put_blob({std::string(digest), size_bytes, clock_.now_us()}, entity);
  }

  Result<Artifact> commit_artifact(ArtifactId id) override {
    const auto guard = committing_.lock(std::to_string(store::to_number(id)));
    RUNSTONE_TRY(const auto artifact, rows_.get_artifact(id));
    if (artifact.state == ArtifactState::kCommitted) return artifact;
    if (artifact.state == ArtifactState::kDeleted) {
      return fail(ErrorCode::kNotFound, "the artifact was deleted");
    }
    RUNSTONE_TRY(const auto entity, entity_of(id));
    Merger merger(rows_, objects_, clock_, [&](const store::Blob& blob, const auto& file) {
      return keep(blob, entity, file);
    });
    RUNSTONE_TRY(auto commit, merger.merge(artifact, entity));
    RUNSTONE_TRY(auto done, rows_.commit_artifact(commit));
    log_if_failed(free_bytes());
    return done;
  }

  Result<void> delete_artifact(ArtifactId id, bool with_aliases) override {
    const auto guard = committing_.lock(std::to_string(store::to_number(id)));
    RUNSTONE_TRY(rows_.delete_artifact(id, with_aliases, clock_.now_us()));
    return free_bytes();
  }

  Result<void> delete_project(store::ProjectId project) override {
    store::ListCollections all;
    all.projects = {project};
    RUNSTONE_TRY(const auto collections, rows_.list_collections(all));
    for (const auto& collection : collections) {
      RUNSTONE_TRY(rows_.delete_collection(collection.id));
    }
    return free_bytes();
  }

  Result<void> delete_of_run(store::RunId run) override {
    RUNSTONE_TRY(const auto rows, rows_.run_rows(run, store::Lineage::kCreated));
    for (const auto& row : rows) {
      RUNSTONE_TRY(const auto artifact, rows_.get_artifact(row.artifact));
      // One that only had the same content belongs to the run that made it first.
      if (artifact.created_by != run) continue;
      RUNSTONE_TRY(rows_.delete_artifact(artifact.id, true, clock_.now_us()));
    }
    return free_bytes();
  }

  Result<void> delete_expired() override {
    const auto now = clock_.now_us();
    RUNSTONE_TRY(auto over, rows_.list_abandoned(now - kAbandonedAfterUs));
    RUNSTONE_TRY(const auto expired, rows_.list_expired(now));
    over.insert(over.end(), expired.begin(), expired.end());
    if (over.empty()) return {};
    for (const auto id : over) {
      RUNSTONE_TRY(rows_.delete_artifact(id, true, clock_.now_us()));
    }
    return free_bytes();
  }

  Result<void> free_bytes() override {
    const std::scoped_lock one_at_a_time(freeing_);
    while (true) {
      RUNSTONE_TRY(const auto digests, rows_.list_free(kFreePerRound));
      if (digests.empty()) return {};
      for (const auto& digest : digests) {
        // Nobody stores these bytes anew between the row's end and the file's.
        const auto guard = bytes_.lock(digest);
        RUNSTONE_TRY(const bool is_free, rows_.take_free(digest));
        if (is_free) RUNSTONE_TRY(objects_.remove(object_key(digest)));
        RUNSTONE_TRY(rows_.forget_free(digest));
      }
    }
  }

  void stop() override {}

 private:
  bool is_committed(ArtifactId id) const {
    const auto artifact = rows_.get_artifact(id);
    return artifact && artifact->state == ArtifactState::kCommitted;
  }

  // Under the digest's lock nobody frees these bytes between the file's arrival and its row's.
  Result<void> keep(const store::Blob& blob, store::EntityId entity,
                    const std::filesystem::path& file) {
    const auto guard = bytes_.lock(blob.digest);
    RUNSTONE_TRY(objects_.put_file(object_key(blob.digest), file));
    return rows_.put_blob(blob, entity);
  }

  static void log_if_failed(const Result<void>& done) {
    if (!done) log_warning("artifact bytes stay until the next start: " + done.error().message);
  }

  static Result<void> check(const NewArtifact& request) {
    RUNSTONE_TRY(check_type_name(request.type));
    RUNSTONE_TRY(check_collection_name(request.collection));
    if (request.aliases.size() > kMaxAliasesPerRequest) {
      return fail(ErrorCode::kInvalidArgument,
                  "an artifact version takes at most " + std::to_string(kMaxAliasesPerRequest) +
                      " aliases at once, not " + std::to_string(request.aliases.size()));
    }
    for (const auto& alias : request.aliases) RUNSTONE_TRY(check_alias(alias));
    if (request.tags.size() > kMaxTagsPerRequest) {
      return fail(ErrorCode::kInvalidArgument, "too many tags for one artifact version");
    }
    for (const auto& tag : request.tags) RUNSTONE_TRY(check_tag(tag));
    if (request.digest.empty() || request.digest.size() > 128) {
      return fail(ErrorCode::kInvalidArgument, "the artifact needs a digest");
    }
    if (request.client_id.size() > 256 || request.sequence_client_id.size() > 256 ||
        request.distributed_id.size() > 1024) {
      return fail(ErrorCode::kInvalidArgument, "an id of the client is too long");
    }
    return {};
  }

  Result<store::Collection> sequence_for(const NewArtifact& request) {
    auto found = rows_.find_collection(request.project.id, request.collection);
    if (!found && found.error().code == ErrorCode::kNotFound) {
      RUNSTONE_TRY(const auto type,
                   rows_.ensure_type(request.project.id, request.type, clock_.now_us()));
      store::NewCollection made;
      made.project = request.project.id;
      made.type = type.id;
      made.name = request.collection;
      made.now_us = clock_.now_us();
      found = rows_.create_collection(made);
      if (!found && found.error().code == ErrorCode::kConflict) {
        found = rows_.find_collection(request.project.id, request.collection);
      }
    }
    if (!found) return fail(found.error());
    if (found->kind != store::CollectionKind::kSequence) {
      return fail(ErrorCode::kConflict, "\"" + request.collection +
                                            "\" is a portfolio: versions are linked to it, not "
                                            "logged");
    }
    if (found->type_name != request.type) {
      return fail(ErrorCode::kConflict,
                  "artifact \"" + request.collection + "\" already exists with type \"" +
                      found->type_name + "\"; it cannot take one of type \"" + request.type + "\"");
    }
    if (!request.sequence_client_id.empty()) {
      RUNSTONE_TRY(rows_.put_sequence_client_id(request.sequence_client_id, found->id));
    }
    return found;
  }

  Result<std::optional<Artifact>> existing_for(const NewArtifact& request,
                                               const store::Collection& sequence) {
    const auto or_none = [](Result<Artifact> found) -> Result<std::optional<Artifact>> {
      if (found) return std::optional(*std::move(found));
      if (found.error().code == ErrorCode::kNotFound) return std::optional<Artifact>();
      return fail(found.error());
    };
    // A request that was sent again.
    if (!request.client_id.empty()) {
      const auto id = rows_.find_client_id(request.client_id);
      if (id) {
        RUNSTONE_TRY(auto found, or_none(rows_.get_artifact(*id)));
        if (found && found->sequence == sequence.id && found->state != ArtifactState::kDeleted) {
          return found;
        }
      }
    }
    if (!request.distributed_id.empty()) {
      return or_none(rows_.find_by_distributed_id(sequence.id, request.distributed_id));
    }
    if (!request.deduplicate) return std::optional<Artifact>();
    RUNSTONE_TRY(auto committed, or_none(rows_.find_by_digest(sequence.id, request.digest,
                                                              ArtifactState::kCommitted)));
    if (committed) return committed;
    RUNSTONE_TRY(auto pending, or_none(rows_.find_by_digest(sequence.id, request.digest,
                                                            ArtifactState::kPending)));
    // A distributed one has writers of its own, and only they say when it is whole.
    if (pending && !pending->distributed_id.empty()) return std::optional<Artifact>();
    return pending;
  }

  // The version is there already: this writer's aliases, tags and ids come to it.
  Result<void> join(const NewArtifact& request, const Artifact& existing) {
    if (existing.state == ArtifactState::kCommitted) {
      std::vector<store::NewAlias> aliases;
      for (const auto& alias : request.aliases) {
        aliases.push_back({existing.sequence, alias, existing.id});
      }
      RUNSTONE_TRY(rows_.put_aliases(aliases));
    } else {
      RUNSTONE_TRY(rows_.add_pending_aliases(existing.id, request.aliases));
    }
    if (!request.tags.empty()) {
      store::ArtifactUpdate update;
      update.artifact = existing.id;
      update.add_tags = request.tags;
      update.now_us = clock_.now_us();
      RUNSTONE_TRY(rows_.update_artifact(update));
    }
    return remember(request, existing.id);
  }

  Result<void> remember(const NewArtifact& request, ArtifactId id) {
    if (!request.client_id.empty()) RUNSTONE_TRY(rows_.put_client_id(request.client_id, id));
    if (!request.run) return {};
    store::RunArtifact row;
    row.run = *request.run;
    row.artifact = id;
    row.kind = store::Lineage::kCreated;
    row.created_at_us = clock_.now_us();
    return rows_.put_run_artifact(row);
  }

  Artifact record_of(const NewArtifact& request, const store::Collection& sequence) const {
    Artifact made;
    made.sequence = sequence.id;
    made.digest = request.digest;
    made.digest_algorithm = request.digest_algorithm;
    made.description = request.description;
    made.metadata_json = request.metadata_json;
    made.ttl_secs = request.ttl_secs.value_or(store::kTtlInherit);
    if (made.ttl_secs == 0) made.ttl_secs = store::kTtlInherit;
    made.history_step = request.history_step;
    made.created_by = request.run;
    made.user = request.user;
    made.distributed_id = request.distributed_id;
    made.deduplicate = request.deduplicate;
    made.pending_aliases = request.aliases;
    made.created_at_us = made.updated_at_us = clock_.now_us();
    return made;
  }

  Result<store::EntityId> entity_of(ArtifactId id) {
    RUNSTONE_TRY(const auto artifact, rows_.get_artifact(id));
    RUNSTONE_TRY(const auto entity, store_.find_entity(artifact.entity_name));
    return entity.id;
  }

  store::Store& store_;
  store::ArtifactStore& rows_;
  objects::ObjectStore& objects_;
  const Clock& clock_;
  Stripes creating_, committing_, bytes_;
  std::mutex freeing_;
};

}  // namespace

std::string Artifacts::object_key(std::string_view digest_hex) {
  return "artifacts/" + std::string(digest_hex.substr(0, 2)) + "/" + std::string(digest_hex);
}

Result<std::unique_ptr<Artifacts>> Artifacts::create(store::Store& store,
                                                     objects::ObjectStore& objects,
                                                     const Clock& clock) {
  auto service = std::make_unique<ArtifactsService>(store, objects, clock);
  RUNSTONE_TRY(service->tidy());
  return std::unique_ptr<Artifacts>(std::move(service));
}

}  // namespace runstone::artifacts
