#include "store/artifact_store.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "base/try.h"
#include "store/memory/account_tables.h"
#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

Failure missing(const char* what) {
  return fail(ErrorCode::kNotFound, std::string("no such ") + what);
}

template <typename Id>
bool contains(std::span<const Id> ids, Id id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

template <typename T>
void cut(std::vector<T>& rows, std::int64_t limit) {
  if (limit >= 0 && rows.size() > static_cast<std::size_t>(limit)) {
    rows.erase(rows.begin() + limit, rows.end());
  }
}

// The model: plain maps, looked through from end to end.
class MemoryArtifactStore final : public ArtifactStore {
 public:
  explicit MemoryArtifactStore(AccountTables& tables) : t_(tables) {}

  Result<ArtifactType> ensure_type(ProjectId project, std::string_view name,
                                   std::int64_t now_us) override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& [id, type] : types_) {
      if (type.project == project && type.name == name) return type;
    }
    const ArtifactTypeId id{++last_};
    return types_[id] = ArtifactType{id, project, std::string(name), "", now_us};
  }
  Result<ArtifactType> find_type(ProjectId project, std::string_view name) const override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& [id, type] : types_) {
      if (type.project == project && type.name == name) return type;
    }
    return missing("artifact type");
  }
  Result<std::vector<ArtifactType>> list_types(std::span<const ProjectId> projects) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ArtifactType> found;
    for (const auto& [id, type] : types_) {
      if (contains(projects, type.project)) found.push_back(type);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return std::tie(a.project, a.name) < std::tie(b.project, b.name);
    });
    return found;
  }
  Result<void> delete_type(ArtifactTypeId type) override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& [id, c] : collections_) {
      if (c.type == type) return fail(ErrorCode::kFailedPrecondition, "the type is in use");
    }
    types_.erase(type);
    return {};
  }

  Result<Collection> create_collection(const NewCollection& made) override {
    const std::scoped_lock lock(t_.mutex);
    if (named(made.project, made.name) != nullptr) {
      return fail(ErrorCode::kConflict, "artifact collection " + made.name + " exists already");
    }
    Collection c;
    c.id = CollectionId{++last_};
    c.project = made.project;
    c.type = made.type;
    c.kind = made.kind;
    c.name = made.name;
    c.description = made.description;
    c.created_at_us = c.updated_at_us = made.now_us;
    collections_[c.id] = c;
    return shown(c);
  }
  Result<Collection> find_collection(ProjectId project, std::string_view name) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto* found = named(project, name);
    if (found == nullptr) return missing("artifact collection");
    return shown(*found);
  }
  Result<std::vector<Collection>> get_collections(
      std::span<const CollectionId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Collection> found;
    for (const auto id : ids) {
      const auto at = collections_.find(id);
      if (at != collections_.end()) found.push_back(shown(at->second));
    }
    return found;
  }
  Result<std::vector<Collection>> list_collections(const ListCollections& request) const override {
    const std::scoped_lock lock(t_.mutex);
    auto found = passing(request);
    if (request.descending) std::reverse(found.begin(), found.end());
    if (request.after) {
      std::erase_if(found, [&](const auto& c) {
        return request.descending ? c.id >= *request.after : c.id <= *request.after;
      });
    }
    cut(found, request.limit);
    return found;
  }
  Result<std::int64_t> count_collections(const ListCollections& request) const override {
    const std::scoped_lock lock(t_.mutex);
    return static_cast<std::int64_t>(passing(request).size());
  }
  Result<void> update_collection(const CollectionUpdate& update) override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = collections_.find(update.collection);
    if (at == collections_.end()) return missing("artifact collection");
    auto& c = at->second;
    if (update.name) {
      const auto* other = named(c.project, *update.name);
      if (other != nullptr && other != &c) {
        return fail(ErrorCode::kConflict,
                    "artifact collection " + *update.name + " exists already");
      }
      c.name = *update.name;
    }
    if (update.description) c.description = *update.description;
    if (update.type) c.type = *update.type;
    if (update.ttl_secs) c.ttl_secs = *update.ttl_secs;
    c.updated_at_us = update.now_us;
    for (const auto& tag : update.add_tags) collection_tags_.emplace(c.id, tag);
    for (const auto& tag : update.remove_tags) collection_tags_.erase({c.id, tag});
    return {};
  }
  Result<void> delete_collection(CollectionId id) override {
    const std::scoped_lock lock(t_.mutex);
    if (collections_.count(id) == 0) return missing("artifact collection");
    for (const auto& [key, a] : artifacts_) {
      if (a.sequence == id && a.state != ArtifactState::kDeleted) {
        return fail(ErrorCode::kFailedPrecondition, "the collection still has versions");
      }
    }
    std::erase_if(aliases_, [&](const auto& row) { return row.second.collection == id; });
    std::erase_if(members_, [&](const auto& row) { return row.second.collection == id; });
    std::erase_if(collection_tags_, [&](const auto& row) { return row.first == id; });
    std::erase_if(sequence_client_ids_, [&](const auto& row) { return row.second == id; });
    std::erase_if(artifacts_, [&](const auto& row) { return row.second.sequence == id; });
    collections_.erase(id);
    return {};
  }
  Result<std::vector<std::pair<CollectionId, std::string>>> collection_tags(
      std::span<const CollectionId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    return pick(collection_tags_, ids);
  }

  Result<Artifact> create_artifact(const Artifact& artifact) override {
    const std::scoped_lock lock(t_.mutex);
    auto made = artifact;
    made.id = ArtifactId{++last_};
    made.state = ArtifactState::kPending;
    made.version_index.reset();
    made.size_bytes = made.file_count = 0;
    made.commit_hash.clear();
    made.manifest_digest.clear();
    artifacts_[made.id] = made;
    return shown(made);
  }
  Result<std::vector<Artifact>> get_artifacts(std::span<const ArtifactId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Artifact> found;
    for (const auto id : ids) {
      const auto at = artifacts_.find(id);
      if (at != artifacts_.end()) found.push_back(shown(at->second));
    }
    return found;
  }
  Result<Artifact> find_by_digest(CollectionId sequence, std::string_view digest,
                                  ArtifactState state) const override {
    return newest([&](const Artifact& a) {
      return a.sequence == sequence && a.digest == digest && a.state == state;
    });
  }
  Result<Artifact> find_by_distributed_id(CollectionId sequence,
                                          std::string_view distributed_id) const override {
    return newest([&](const Artifact& a) {
      return a.sequence == sequence && a.distributed_id == distributed_id &&
             !a.distributed_id.empty() && a.state == ArtifactState::kPending;
    });
  }
  Result<std::vector<Artifact>> list_of_project(ProjectId project, ArtifactId after,
                                                std::int64_t limit) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Artifact> found;
    for (const auto& [id, a] : artifacts_) {
      if (id > after && collections_.at(a.sequence).project == project) found.push_back(shown(a));
    }
    cut(found, limit);
    return found;
  }
  Result<std::vector<ArtifactId>> list_abandoned(std::int64_t before_us) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ArtifactId> found;
    for (const auto& [id, a] : artifacts_) {
      if (a.state == ArtifactState::kPending && a.updated_at_us < before_us) found.push_back(id);
    }
    return found;
  }
  Result<std::vector<ArtifactId>> list_expired(std::int64_t now_us) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ArtifactId> found;
    for (const auto& [id, a] : artifacts_) {
      if (a.state != ArtifactState::kCommitted || a.ttl_secs == kTtlNever) continue;
      auto ttl = collections_.at(a.sequence).ttl_secs;
      if (a.ttl_secs != kTtlInherit) ttl = a.ttl_secs;
      if (ttl && *ttl > 0 && a.created_at_us + *ttl * 1'000'000 <= now_us) found.push_back(id);
    }
    return found;
  }
  Result<void> update_artifact(const ArtifactUpdate& update) override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = artifacts_.find(update.artifact);
    if (at == artifacts_.end() || at->second.state == ArtifactState::kDeleted) {
      return missing("artifact");
    }
    auto& a = at->second;
    if (update.description) a.description = *update.description;
    if (update.metadata_json) a.metadata_json = *update.metadata_json;
    if (update.ttl_secs) a.ttl_secs = *update.ttl_secs;
    a.updated_at_us = update.now_us;
    for (const auto& tag : update.add_tags) artifact_tags_.emplace(a.id, tag);
    for (const auto& tag : update.remove_tags) artifact_tags_.erase({a.id, tag});
    return {};
  }
  Result<void> add_pending_aliases(ArtifactId id, std::span<const std::string> aliases) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(pending(id));
    auto& all = artifacts_[id].pending_aliases;
    for (const auto& alias : aliases) {
      if (std::find(all.begin(), all.end(), alias) == all.end()) all.push_back(alias);
    }
    return {};
  }
  Result<Artifact> commit_artifact(const CommitArtifact& commit) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(pending(commit.artifact));
    auto& a = artifacts_[commit.artifact];
    auto& sequence = collections_.at(a.sequence);
    a.state = ArtifactState::kCommitted;
    a.version_index = sequence.next_version++;
    sequence.updated_at_us = a.updated_at_us = commit.now_us;
    a.digest = commit.digest;
    a.manifest_digest = commit.manifest_digest;
    a.commit_hash = commit.commit_hash;
    a.size_bytes = commit.size_bytes;
    a.file_count = commit.file_count;
    const MembershipId id{++last_};
    members_[id] = {id, a.sequence, a.id, *a.version_index, commit.now_us};
    for (const auto& alias : std::exchange(a.pending_aliases, {})) {
      RUNSTONE_TRY(alias_locked({a.sequence, alias, a.id}));
    }
    for (const auto& digest : reservations_[a.id]) free_.insert(digest);
    reservations_.erase(a.id);
    for (auto& [key, manifest] : manifests_) {
      if (manifest.artifact != a.id || manifest.digest.empty()) continue;
      free_.insert(std::exchange(manifest.digest, ""));
    }
    return shown(a);
  }
  Result<void> delete_artifact(ArtifactId id, bool with_aliases, std::int64_t now_us) override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = artifacts_.find(id);
    if (at == artifacts_.end()) return missing("artifact");
    auto& a = at->second;
    if (a.state == ArtifactState::kDeleted) return {};
    const auto is_its_own = [&](const auto& row) { return row.second.artifact == id; };
    if (!with_aliases && std::any_of(aliases_.begin(), aliases_.end(), is_its_own)) {
      return fail(ErrorCode::kFailedPrecondition, "the artifact version still has an alias");
    }
    for (const auto& [path, entry] : entries_[id]) {
      if (entry.ref.empty()) free_.insert(entry.digest);
    }
    for (const auto& digest : reservations_[id]) free_.insert(digest);
    for (const auto& [key, manifest] : manifests_) {
      if (manifest.artifact == id && !manifest.digest.empty()) free_.insert(manifest.digest);
    }
    if (!a.manifest_digest.empty()) free_.insert(a.manifest_digest);
    entries_.erase(id);
    reservations_.erase(id);
    std::erase_if(manifests_, is_its_own);
    std::erase_if(aliases_, is_its_own);
    std::erase_if(members_, is_its_own);
    std::erase_if(artifact_tags_, [&](const auto& row) { return row.first == id; });
    std::erase_if(client_ids_, [&](const auto& row) { return row.second == id; });
    std::erase_if(lineage_, is_its_own);
    a.state = ArtifactState::kDeleted;
    a.manifest_digest.clear();
    a.pending_aliases.clear();
    a.updated_at_us = now_us;
    return {};
  }
  Result<std::vector<std::pair<ArtifactId, std::string>>> artifact_tags(
      std::span<const ArtifactId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    return pick(artifact_tags_, ids);
  }

  Result<void> put_client_id(std::string_view client_id, ArtifactId artifact) override {
    const std::scoped_lock lock(t_.mutex);
    client_ids_[std::string(client_id)] = artifact;
    return {};
  }
  Result<ArtifactId> find_client_id(std::string_view client_id) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = client_ids_.find(std::string(client_id));
    if (at == client_ids_.end()) return missing("artifact");
    return at->second;
  }
  Result<void> put_sequence_client_id(std::string_view client_id,
                                      CollectionId collection) override {
    const std::scoped_lock lock(t_.mutex);
    sequence_client_ids_[std::string(client_id)] = collection;
    return {};
  }
  Result<CollectionId> find_sequence_client_id(std::string_view client_id) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = sequence_client_ids_.find(std::string(client_id));
    if (at == sequence_client_ids_.end()) return missing("artifact collection");
    return at->second;
  }

  Result<std::vector<Member>> list_members(const ListMembers& request) const override {
    const std::scoped_lock lock(t_.mutex);
    const bool down = request.descending;
    auto found = members_where([&](const Membership& m) {
      if (!contains(std::span<const CollectionId>(request.collections), m.collection)) return false;
      if (!request.after) return true;
      const auto& [collection, index] = *request.after;
      if (m.collection != collection) return m.collection > collection;
      return down ? m.version_index < index : m.version_index > index;
    });
    std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
      const auto &x = a.membership, &y = b.membership;
      if (x.collection != y.collection) return x.collection < y.collection;
      return down ? x.version_index > y.version_index : x.version_index < y.version_index;
    });
    cut(found, request.limit);
    return found;
  }
  Result<std::int64_t> count_members(std::span<const CollectionId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    return std::count_if(members_.begin(), members_.end(),
                         [&](const auto& row) { return contains(ids, row.second.collection); });
  }
  Result<Member> find_member(CollectionId collection, std::int64_t version_index) const override {
    return last_member([&](const Membership& m) {
      return m.collection == collection && m.version_index == version_index;
    });
  }
  Result<Member> find_member_by_alias(CollectionId collection,
                                      std::string_view alias) const override {
    return last_member([&](const Membership& m) {
      return std::any_of(aliases_.begin(), aliases_.end(), [&](const auto& row) {
        return row.second.collection == collection && row.second.alias == alias &&
               row.second.membership == m.id;
      });
    });
  }
  Result<Member> find_member_by_digest(CollectionId collection,
                                       std::string_view digest) const override {
    return last_member([&](const Membership& m) {
      return m.collection == collection && artifacts_.at(m.artifact).digest == digest;
    });
  }
  Result<Member> find_member_of(CollectionId collection, ArtifactId artifact) const override {
    return last_member(
        [&](const Membership& m) { return m.collection == collection && m.artifact == artifact; });
  }
  Result<std::vector<Member>> latest_members(std::span<const CollectionId> ids) const override {
    std::vector<Member> found;
    for (const auto id : ids) {
      auto member = last_member([&](const Membership& m) { return m.collection == id; });
      if (member) found.push_back(*std::move(member));
    }
    return found;
  }
  Result<std::vector<Membership>> memberships_of(std::span<const ArtifactId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Membership> found;
    for (const auto& [id, m] : members_) {
      if (contains(ids, m.artifact)) found.push_back(m);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.artifact < b.artifact; });
    return found;
  }
  Result<std::vector<Membership>> get_memberships(
      std::span<const MembershipId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Membership> found;
    for (const auto id : ids) {
      const auto at = members_.find(id);
      if (at != members_.end()) found.push_back(at->second);
    }
    return found;
  }
  Result<Membership> link(CollectionId portfolio, ArtifactId artifact,
                          std::span<const std::string> aliases, std::int64_t now_us) override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = collections_.find(portfolio);
    if (at == collections_.end()) return missing("artifact collection");
    const auto a = artifacts_.find(artifact);
    if (a == artifacts_.end()) return missing("artifact");
    if (a->second.state != ArtifactState::kCommitted) {
      return fail(ErrorCode::kFailedPrecondition, "only a committed version can be linked");
    }
    const auto* place = place_of(portfolio, artifact);
    if (place == nullptr) {
      const MembershipId id{++last_};
      at->second.updated_at_us = now_us;
      place = &(members_[id] = {id, portfolio, artifact, at->second.next_version++, now_us});
    }
    for (const auto& alias : aliases) RUNSTONE_TRY(alias_locked({portfolio, alias, artifact}));
    return *place;
  }
  Result<void> unlink(CollectionId portfolio, ArtifactId artifact) override {
    const std::scoped_lock lock(t_.mutex);
    const auto here = [&](const auto& row) {
      return row.second.collection == portfolio && row.second.artifact == artifact;
    };
    std::erase_if(aliases_, here);
    if (std::erase_if(members_, here) == 0) return missing("artifact version in this collection");
    return {};
  }
  Result<void> put_aliases(std::span<const NewAlias> aliases) override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& alias : aliases) {
      if (place_of(alias.collection, alias.artifact) == nullptr) {
        return missing("artifact version in this collection");
      }
    }
    for (const auto& alias : aliases) RUNSTONE_TRY(alias_locked(alias));
    return {};
  }
  Result<void> remove_aliases(std::span<const NewAlias> aliases) override {
    const std::scoped_lock lock(t_.mutex);
    for (const auto& gone : aliases) {
      std::erase_if(aliases_, [&](const auto& row) {
        const auto& alias = row.second;
        return alias.collection == gone.collection && alias.alias == gone.alias &&
               alias.artifact == gone.artifact;
      });
    }
    return {};
  }
  Result<std::vector<ArtifactAlias>> aliases_of(std::span<const ArtifactId> ids) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ArtifactAlias> found;
    for (const auto& [id, alias] : aliases_) {
      if (contains(ids, alias.artifact)) found.push_back(alias);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.artifact < b.artifact; });
    return found;
  }
  Result<std::vector<ArtifactAlias>> list_aliases(CollectionId collection, AliasId after,
                                                  std::int64_t limit) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ArtifactAlias> found;
    for (const auto& [id, alias] : aliases_) {
      if (alias.collection == collection && id > after) found.push_back(alias);
    }
    cut(found, limit);
    return found;
  }
  Result<std::int64_t> count_aliases(CollectionId collection) const override {
    const std::scoped_lock lock(t_.mutex);
    return std::count_if(aliases_.begin(), aliases_.end(),
                         [&](const auto& row) { return row.second.collection == collection; });
  }

  Result<ArtifactManifest> put_manifest(const ArtifactManifest& manifest) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(pending(manifest.artifact));
    auto made = manifest;
    if (manifest.type == ManifestType::kFull) {
      for (const auto& [id, other] : manifests_) {
        if (other.artifact == made.artifact && other.type == made.type && other.name == made.name &&
            other.run == made.run) {
          made.id = id;
        }
      }
    }
    if (to_number(made.id) != 0) {
      set_digest(made.id, made.digest);
    } else {
      made.id = ManifestId{++last_};
      manifests_[made.id] = made;
    }
    artifacts_[made.artifact].updated_at_us = manifest.created_at_us;
    return made;
  }
  Result<ArtifactManifest> get_manifest(ManifestId id) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = manifests_.find(id);
    if (at == manifests_.end()) return missing("artifact manifest");
    return at->second;
  }
  Result<void> update_manifest(ManifestId id, std::string_view digest,
                               std::optional<ArtifactId> base) override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = manifests_.find(id);
    if (at == manifests_.end()) return missing("artifact manifest");
    RUNSTONE_TRY(pending(at->second.artifact));
    set_digest(id, digest);
    if (base) at->second.base = base;
    return {};
  }
  Result<std::vector<ArtifactManifest>> manifests(ArtifactId artifact) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ArtifactManifest> found;
    for (const auto& [id, manifest] : manifests_) {
      if (manifest.artifact == artifact) found.push_back(manifest);
    }
    return found;
  }
  Result<void> clear_entries(ArtifactId artifact, std::optional<ArtifactId> copy_of) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(pending(artifact));
    for (const auto& [path, entry] : entries_[artifact]) {
      if (entry.ref.empty()) free_.insert(entry.digest);
    }
    entries_[artifact] = copy_of ? entries_[*copy_of] : std::map<std::string, ArtifactEntry>();
    return {};
  }
  Result<void> put_entries(ArtifactId artifact, std::span<const ArtifactEntry> entries) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(pending(artifact));
    for (const auto& entry : entries) entries_[artifact][entry.path] = entry;
    return {};
  }
  Result<std::vector<ArtifactEntry>> list_entries(ArtifactId artifact,
                                                  std::optional<std::string_view> after,
                                                  std::int64_t limit) const override {
    auto found = entries_where(
        artifact, [&](const ArtifactEntry& entry) { return !after || entry.path > *after; });
    cut(found, limit);
    return found;
  }
  Result<std::vector<ArtifactEntry>> find_entries(
      ArtifactId artifact, std::span<const std::string> paths) const override {
    return entries_where(artifact, [&](const ArtifactEntry& entry) {
      return std::find(paths.begin(), paths.end(), entry.path) != paths.end();
    });
  }
  Result<std::int64_t> count_files(ArtifactId artifact) const override {
    return static_cast<std::int64_t>(entries_where(artifact, [](const ArtifactEntry& entry) {
                                       return entry.ref.empty();
                                     }).size());
  }
  Result<ArtifactEntry> find_entry_by_digest(ArtifactId artifact,
                                             std::string_view digest) const override {
    auto found = entries_where(artifact, [&](const ArtifactEntry& entry) {
      return entry.ref.empty() && entry.digest == digest;
    });
    if (found.empty()) return missing("file of this artifact");
    return found.front();
  }
  Result<std::vector<ArtifactEntry>> missing_entries(ArtifactId artifact, EntityId entity,
                                                     std::int64_t limit) const override {
    auto found = entries_where(artifact, [&](const ArtifactEntry& entry) {
      const auto blob = blobs_.find(entry.digest);
      const bool here = blob != blobs_.end() && blob->second.size_bytes == entry.size_bytes &&
                        owners_.count({entry.digest, entity}) > 0;
      return entry.ref.empty() && !here;
    });
    cut(found, limit);
    return found;
  }

  Result<void> put_blob(const Blob& blob, EntityId entity) override {
    const std::scoped_lock lock(t_.mutex);
    blobs_[blob.digest] = blob;
    owners_.emplace(blob.digest, entity);
    return {};
  }
  Result<Blob> find_blob(std::string_view digest) const override {
    const std::scoped_lock lock(t_.mutex);
    const auto at = blobs_.find(std::string(digest));
    if (at == blobs_.end()) return missing("artifact file");
    return at->second;
  }
  Result<std::vector<Blob>> find_blobs(EntityId entity,
                                       std::span<const std::string> digests) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Blob> found;
    for (const auto& [digest, blob] : blobs_) {
      const bool asked = std::find(digests.begin(), digests.end(), digest) != digests.end();
      if (asked && owners_.count({digest, entity}) > 0) found.push_back(blob);
    }
    return found;
  }
  Result<void> reserve(ArtifactId artifact, std::span<const std::string> digests) override {
    const std::scoped_lock lock(t_.mutex);
    RUNSTONE_TRY(pending(artifact));
    reservations_[artifact].insert(digests.begin(), digests.end());
    return {};
  }
  Result<std::vector<std::string>> list_free(std::int64_t limit) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<std::string> found(free_.begin(), free_.end());
    cut(found, limit);
    return found;
  }
  Result<bool> take_free(std::string_view digest) override {
    const std::scoped_lock lock(t_.mutex);
    const std::string text(digest);
    for (const auto& [id, entries] : entries_) {
      for (const auto& [path, entry] : entries) {
        if (entry.ref.empty() && entry.digest == text) return false;
      }
    }
    for (const auto& [id, reserved] : reservations_) {
      if (reserved.count(text) > 0) return false;
    }
    for (const auto& [id, manifest] : manifests_) {
      if (manifest.digest == text) return false;
    }
    for (const auto& [id, a] : artifacts_) {
      if (a.manifest_digest == text) return false;
    }
    blobs_.erase(text);
    std::erase_if(owners_, [&](const auto& row) { return row.first == text; });
    return true;
  }
  Result<void> forget_free(std::string_view digest) override {
    const std::scoped_lock lock(t_.mutex);
    free_.erase(std::string(digest));
    return {};
  }

  Result<void> put_run_artifact(const RunArtifact& row) override {
    const std::scoped_lock lock(t_.mutex);
    lineage_.emplace(std::tuple(row.run, row.kind, row.artifact), row);
    return {};
  }
  Result<std::vector<Artifact>> list_run_artifacts(RunId run, Lineage kind, ArtifactId after,
                                                   std::int64_t limit) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<Artifact> found;
    for (const auto& [key, row] : lineage_) {
      if (row.run != run || row.kind != kind || row.artifact <= after) continue;
      const auto& a = artifacts_.at(row.artifact);
      if (a.state == ArtifactState::kCommitted) found.push_back(shown(a));
    }
    cut(found, limit);
    return found;
  }
  Result<std::int64_t> count_run_artifacts(RunId run, Lineage kind) const override {
    RUNSTONE_TRY(const auto all, list_run_artifacts(run, kind, ArtifactId{}, -1));
    return static_cast<std::int64_t>(all.size());
  }
  Result<std::vector<RunArtifact>> runs_of(std::span<const ArtifactId> ids,
                                           Lineage kind) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<RunArtifact> found;
    for (const auto& [key, row] : lineage_) {
      if (row.kind == kind && contains(ids, row.artifact)) found.push_back(row);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return std::tie(a.artifact, a.created_at_us, a.run) <
             std::tie(b.artifact, b.created_at_us, b.run);
    });
    return found;
  }
  Result<std::vector<RunArtifact>> run_rows(RunId run, Lineage kind) const override {
    const std::scoped_lock lock(t_.mutex);
    std::vector<RunArtifact> found;
    for (const auto& [key, row] : lineage_) {
      if (row.run == run && row.kind == kind) found.push_back(row);
    }
    return found;
  }

 private:
  const Collection* named(ProjectId project, std::string_view name) const {
    for (const auto& [id, c] : collections_) {
      if (c.project == project && c.name == name) return &c;
    }
    return nullptr;
  }
  Collection shown(Collection c) const {
    const auto project = t_.projects.find(c.project);
    if (project != t_.projects.end()) {
      c.project_name = project->second.name;
      const auto entity = t_.entities.find(project->second.entity);
      if (entity != t_.entities.end()) c.entity_name = entity->second.name;
    }
    const auto type = types_.find(c.type);
    if (type != types_.end()) c.type_name = type->second.name;
    return c;
  }
  Artifact shown(Artifact a) const {
    const auto c = shown(collections_.at(a.sequence));
    a.project = c.project;
    a.entity_name = c.entity_name;
    a.project_name = c.project_name;
    a.sequence_name = c.name;
    a.type = c.type;
    a.type_name = c.type_name;
    return a;
  }
  std::vector<Collection> passing(const ListCollections& request) const {
    std::vector<Collection> found;
    for (const auto& [id, c] : collections_) {
      if (!contains(std::span<const ProjectId>(request.projects), c.project)) continue;
      if (request.type && c.type != *request.type) continue;
      if (request.kind && c.kind != *request.kind) continue;
      found.push_back(shown(c));
    }
    return found;
  }
  template <typename Id>
  static std::vector<std::pair<Id, std::string>> pick(
      const std::set<std::pair<Id, std::string>>& rows, std::span<const Id> ids) {
    std::vector<std::pair<Id, std::string>> found;
    for (const auto& row : rows) {
      if (contains(ids, row.first)) found.push_back(row);
    }
    return found;
  }
  Result<Artifact> newest(const std::function<bool(const Artifact&)>& passes) const {
    const std::scoped_lock lock(t_.mutex);
    for (auto at = artifacts_.rbegin(); at != artifacts_.rend(); ++at) {
      if (passes(at->second)) return shown(at->second);
    }
    return missing("artifact");
  }
  std::vector<Member> members_where(const std::function<bool(const Membership&)>& passes) const {
    std::vector<Member> found;
    for (const auto& [id, m] : members_) {
      if (passes(m)) found.push_back({m, shown(artifacts_.at(m.artifact))});
    }
    return found;
  }
  Result<Member> last_member(const std::function<bool(const Membership&)>& passes) const {
    const std::scoped_lock lock(t_.mutex);
    auto found = members_where(passes);
    if (found.empty()) return missing("artifact version");
    return *std::max_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return a.membership.version_index < b.membership.version_index;
    });
  }
  const Membership* place_of(CollectionId collection, ArtifactId artifact) const {
    for (const auto& [id, m] : members_) {
      if (m.collection == collection && m.artifact == artifact) return &m;
    }
    return nullptr;
  }
  Result<void> alias_locked(const NewAlias& made) {
    const auto* place = place_of(made.collection, made.artifact);
    if (place == nullptr) return missing("artifact version in this collection");
    for (auto& [id, alias] : aliases_) {
      if (alias.collection != made.collection || alias.alias != made.alias) continue;
      alias.artifact = made.artifact;
      alias.membership = place->id;
      return {};
    }
    const AliasId id{++last_};
    aliases_[id] = {id, made.collection, made.artifact, place->id, made.alias};
    return {};
  }
  Result<void> pending(ArtifactId id) const {
    const auto at = artifacts_.find(id);
    if (at == artifacts_.end()) return missing("artifact");
    if (at->second.state == ArtifactState::kPending) return {};
    return fail(ErrorCode::kConflict, "the artifact is not pending");
  }
  void set_digest(ManifestId id, std::string_view digest) {
    auto& manifest = manifests_[id];
    if (!manifest.digest.empty() && manifest.digest != digest) free_.insert(manifest.digest);
    manifest.digest = digest;
  }
  std::vector<ArtifactEntry> entries_where(
      ArtifactId artifact, const std::function<bool(const ArtifactEntry&)>& passes) const {
    const std::scoped_lock lock(t_.mutex);
    std::vector<ArtifactEntry> found;
    const auto at = entries_.find(artifact);
    if (at == entries_.end()) return found;
    for (const auto& [path, entry] : at->second) {
      if (passes(entry)) found.push_back(entry);
    }
    return found;
  }

  AccountTables& t_;
  std::int64_t last_ = 0;
  std::map<ArtifactTypeId, ArtifactType> types_;
  std::map<CollectionId, Collection> collections_;
  std::set<std::pair<CollectionId, std::string>> collection_tags_;
  std::map<ArtifactId, Artifact> artifacts_;
  std::set<std::pair<ArtifactId, std::string>> artifact_tags_;
  std::map<std::string, ArtifactId> client_ids_;
  std::map<std::string, CollectionId> sequence_client_ids_;
  std::map<MembershipId, Membership> members_;
  std::map<AliasId, ArtifactAlias> aliases_;
  std::map<ManifestId, ArtifactManifest> manifests_;
  std::map<ArtifactId, std::map<std::string, ArtifactEntry>> entries_;
  std::map<std::string, Blob> blobs_;
  std::set<std::pair<std::string, EntityId>> owners_;
  std::map<ArtifactId, std::set<std::string>> reservations_;
  std::set<std::string> free_;
  std::map<std::tuple<RunId, Lineage, ArtifactId>, RunArtifact> lineage_;
};

}  // namespace

std::unique_ptr<ArtifactStore> make_artifact_store(AccountTables& tables) {
  return std::make_unique<MemoryArtifactStore>(tables);
}

}  // namespace runstone::store::memory
