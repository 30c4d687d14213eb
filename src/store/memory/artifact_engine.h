#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "store/artifact_store.h"
#include "store/memory/account_tables.h"

namespace runstone::store::memory {

template <typename Id>
bool contains(std::span<const Id> ids, Id id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// The first `limit` rows; all if it is negative.
template <typename T>
void cut(std::vector<T>& rows, std::int64_t limit) {
  if (limit >= 0 && rows.size() > static_cast<std::size_t>(limit)) {
    rows.erase(rows.begin() + limit, rows.end());
  }
}

/// The model: plain maps, looked through from end to end. Its methods are in
/// artifact_collections.cc, artifact_versions.cc, artifact_members.cc, artifact_bytes.cc and
/// artifact_lineage.cc, as those of the SQLite engine.
class MemoryArtifactStore final : public ArtifactStore {
 public:
  explicit MemoryArtifactStore(AccountTables& tables) : t_(tables) {}
  Result<ArtifactType> ensure_type(ProjectId project, std::string_view name,
                                   std::int64_t now_us) override;
  Result<ArtifactType> find_type(ProjectId project, std::string_view name) const override;
  Result<std::vector<ArtifactType>> list_types(std::span<const ProjectId> projects) const override;
  Result<void> delete_type(ArtifactTypeId type) override;
  Result<Collection> create_collection(const NewCollection& made) override;
  Result<Collection> find_collection(ProjectId project, std::string_view name) const override;
  Result<std::vector<Collection>> get_collections(std::span<const CollectionId> ids) const override;
  Result<std::vector<Collection>> list_collections(const ListCollections& request) const override;
  Result<std::int64_t> count_collections(const ListCollections& request) const override;
  Result<void> update_collection(const CollectionUpdate& update) override;
  Result<void> delete_collection(CollectionId id) override;
  Result<std::vector<std::pair<CollectionId, std::string>>> collection_tags(
      std::span<const CollectionId> ids) const override;
  Result<Artifact> create_artifact(const Artifact& artifact) override;
  Result<std::vector<Artifact>> get_artifacts(std::span<const ArtifactId> ids) const override;
  Result<Artifact> find_by_digest(CollectionId sequence, std::string_view digest,
                                  ArtifactState state) const override;
  Result<Artifact> find_by_distributed_id(CollectionId sequence,
                                          std::string_view distributed_id) const override;
  Result<std::vector<ArtifactId>> list_abandoned(std::int64_t before_us) const override;
  Result<std::vector<ArtifactId>> list_expired(std::int64_t now_us) const override;
  Result<void> update_artifact(const ArtifactUpdate& update) override;
  Result<void> add_pending_aliases(ArtifactId id, std::span<const std::string> aliases) override;
  Result<Artifact> commit_artifact(const CommitArtifact& commit) override;
  Result<void> delete_artifact(ArtifactId id, bool with_aliases, std::int64_t now_us) override;
  Result<std::vector<std::pair<ArtifactId, std::string>>> artifact_tags(
      std::span<const ArtifactId> ids) const override;
  Result<void> put_client_id(std::string_view client_id, ArtifactId artifact) override;
  Result<ArtifactId> find_client_id(std::string_view client_id) const override;
  Result<void> put_sequence_client_id(std::string_view client_id, CollectionId collection) override;
  Result<CollectionId> find_sequence_client_id(std::string_view client_id) const override;
  Result<std::vector<Member>> list_members(const ListMembers& request) const override;
  Result<std::int64_t> count_members(std::span<const CollectionId> ids) const override;
  Result<Member> find_member(CollectionId collection, std::int64_t version_index) const override;
  Result<Member> find_member_by_alias(CollectionId collection,
                                      std::string_view alias) const override;
  Result<Member> find_member_by_digest(CollectionId collection,
                                       std::string_view digest) const override;
  Result<Member> find_member_of(CollectionId collection, ArtifactId artifact) const override;
  Result<std::vector<Member>> latest_members(std::span<const CollectionId> ids) const override;
  Result<std::vector<Membership>> memberships_of(std::span<const ArtifactId> ids) const override;
  Result<std::vector<Membership>> get_memberships(std::span<const MembershipId> ids) const override;
  Result<Membership> link(CollectionId portfolio, ArtifactId artifact,
                          std::span<const std::string> aliases, std::int64_t now_us) override;
  Result<void> unlink(CollectionId portfolio, ArtifactId artifact) override;
  Result<void> put_aliases(std::span<const NewAlias> aliases) override;
  Result<void> remove_aliases(std::span<const NewAlias> aliases) override;
  Result<std::vector<ArtifactAlias>> aliases_of(std::span<const ArtifactId> ids) const override;
  Result<std::vector<ArtifactAlias>> list_aliases(CollectionId collection, AliasId after,
                                                  std::int64_t limit) const override;
  Result<std::int64_t> count_aliases(CollectionId collection) const override;
  Result<ArtifactManifest> put_manifest(const ArtifactManifest& manifest) override;
  Result<ArtifactManifest> get_manifest(ManifestId id) const override;
  Result<void> update_manifest(ManifestId id, std::string_view digest,
                               std::optional<ArtifactId> base) override;
  Result<std::vector<ArtifactManifest>> manifests(ArtifactId artifact) const override;
  Result<void> clear_entries(ArtifactId artifact, std::optional<ArtifactId> copy_of) override;
  Result<void> put_entries(ArtifactId artifact, std::span<const ArtifactEntry> entries) override;
  Result<std::vector<ArtifactEntry>> list_entries(ArtifactId artifact,
                                                  std::optional<std::string_view> after,
                                                  std::int64_t limit) const override;
  Result<std::vector<ArtifactEntry>> find_entries(
      ArtifactId artifact, std::span<const std::string> paths) const override;
  Result<std::int64_t> count_files(ArtifactId artifact) const override;
  Result<ArtifactEntry> find_entry_by_digest(ArtifactId artifact,
                                             std::string_view digest) const override;
  Result<std::vector<ArtifactEntry>> missing_entries(ArtifactId artifact, EntityId entity,
                                                     std::int64_t limit) const override;
  Result<void> put_blob(const Blob& blob, EntityId entity) override;
  Result<Blob> find_blob(std::string_view digest) const override;
  Result<std::vector<Blob>> find_blobs(EntityId entity,
                                       std::span<const std::string> digests) const override;
  Result<void> reserve(ArtifactId artifact, std::span<const std::string> digests) override;
  Result<std::vector<std::string>> list_free(std::int64_t limit) const override;
  Result<bool> take_free(std::string_view digest) override;
  Result<void> forget_free(std::string_view digest) override;
  Result<void> put_run_artifact(const RunArtifact& row) override;
  Result<std::vector<Artifact>> list_run_artifacts(RunId run, Lineage kind, ArtifactId after,
                                                   std::int64_t limit) const override;
  Result<std::int64_t> count_run_artifacts(RunId run, Lineage kind) const override;
  Result<std::vector<RunArtifact>> runs_of(std::span<const ArtifactId> ids,
                                           Lineage kind) const override;
  Result<std::vector<RunArtifact>> run_rows(RunId run, Lineage kind) const override;

 private:
  void remove_contents(const Artifact& artifact);  // all but the row; the lock is held
  const Collection* named(ProjectId project, std::string_view name) const;
  Collection shown(Collection c) const;
  Artifact shown(Artifact a) const;
  std::vector<Collection> passing(const ListCollections& request) const;
  template <typename Id>
  static std::vector<std::pair<Id, std::string>> pick(
      const std::set<std::pair<Id, std::string>>& rows, std::span<const Id> ids) {
    std::vector<std::pair<Id, std::string>> found;
    for (const auto& row : rows) {
      if (contains(ids, row.first)) found.push_back(row);
    }
    return found;
  }
  Result<Artifact> newest(const std::function<bool(const Artifact&)>& passes) const;
  std::vector<Member> members_where(const std::function<bool(const Membership&)>& passes) const;
  Result<Member> last_member(const std::function<bool(const Membership&)>& passes) const;
  const Membership* place_of(CollectionId collection, ArtifactId artifact) const;
  Result<void> alias_locked(const NewAlias& made);
  Result<void> pending(ArtifactId id) const;
  void set_digest(ManifestId id, std::string_view digest);
  std::vector<ArtifactEntry> entries_where(
      ArtifactId artifact, const std::function<bool(const ArtifactEntry&)>& passes) const;
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

}  // namespace runstone::store::memory
