#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/artifact_store.h"
#include "store/sqlite/database.h"

namespace runstone::store::sqlite {

/// Of a version everything but its row; bytes that were its alone become free. In a transaction.
Result<void> remove_contents(Connection& writer, ArtifactId id);

/// ArtifactStore over SQLite. collections.cc, artifact_versions.cc, artifact_members.cc and
/// artifact_bytes.cc hold its parts.
class SqliteArtifactStore final : public ArtifactStore {
 public:
  explicit SqliteArtifactStore(Database& db) : db_(db) {}

  Result<ArtifactType> ensure_type(ProjectId, std::string_view, std::int64_t) override;
  Result<ArtifactType> find_type(ProjectId, std::string_view) const override;
  Result<std::vector<ArtifactType>> list_types(std::span<const ProjectId>) const override;
  Result<void> delete_type(ArtifactTypeId) override;
  Result<Collection> create_collection(const NewCollection&) override;
  Result<Collection> find_collection(ProjectId, std::string_view) const override;
  Result<std::vector<Collection>> get_collections(std::span<const CollectionId>) const override;
  Result<std::vector<Collection>> list_collections(const ListCollections&) const override;
  Result<std::int64_t> count_collections(const ListCollections&) const override;
  Result<void> update_collection(const CollectionUpdate&) override;
  Result<void> delete_collection(CollectionId) override;
  Result<std::vector<std::pair<CollectionId, std::string>>> collection_tags(
      std::span<const CollectionId>) const override;

  Result<Artifact> create_artifact(const Artifact&) override;
  Result<std::vector<Artifact>> get_artifacts(std::span<const ArtifactId>) const override;
  Result<Artifact> find_by_digest(CollectionId, std::string_view, ArtifactState) const override;
  Result<Artifact> find_by_distributed_id(CollectionId, std::string_view) const override;
  Result<std::vector<ArtifactId>> list_abandoned(std::int64_t) const override;
  Result<std::vector<ArtifactId>> list_expired(std::int64_t) const override;
  Result<void> update_artifact(const ArtifactUpdate&) override;
  Result<void> add_pending_aliases(ArtifactId, std::span<const std::string>) override;
  Result<Artifact> commit_artifact(const CommitArtifact&) override;
  Result<void> delete_artifact(ArtifactId, bool, std::int64_t) override;
  Result<std::vector<std::pair<ArtifactId, std::string>>> artifact_tags(
      std::span<const ArtifactId>) const override;
  Result<void> put_client_id(std::string_view, ArtifactId) override;
  Result<ArtifactId> find_client_id(std::string_view) const override;
  Result<void> put_sequence_client_id(std::string_view, CollectionId) override;
  Result<CollectionId> find_sequence_client_id(std::string_view) const override;

  Result<std::vector<Member>> list_members(const ListMembers&) const override;
  Result<std::int64_t> count_members(std::span<const CollectionId>) const override;
  Result<Member> find_member(CollectionId, std::int64_t) const override;
  Result<Member> find_member_by_alias(CollectionId, std::string_view) const override;
  Result<Member> find_member_by_digest(CollectionId, std::string_view) const override;
  Result<Member> find_member_of(CollectionId, ArtifactId) const override;
  Result<std::vector<Member>> latest_members(std::span<const CollectionId>) const override;
  Result<std::vector<Membership>> memberships_of(std::span<const ArtifactId>) const override;
  Result<std::vector<Membership>> get_memberships(std::span<const MembershipId>) const override;
  Result<Membership> link(CollectionId, ArtifactId, std::span<const std::string>,
                          std::int64_t) override;
  Result<void> unlink(CollectionId, ArtifactId) override;
  Result<void> put_aliases(std::span<const NewAlias>) override;
  Result<void> remove_aliases(std::span<const NewAlias>) override;
  Result<std::vector<ArtifactAlias>> aliases_of(std::span<const ArtifactId>) const override;
  Result<std::vector<ArtifactAlias>> list_aliases(CollectionId, AliasId,
                                                  std::int64_t) const override;
  Result<std::int64_t> count_aliases(CollectionId) const override;

  Result<ArtifactManifest> put_manifest(const ArtifactManifest&) override;
  Result<ArtifactManifest> get_manifest(ManifestId) const override;
  Result<void> update_manifest(ManifestId, std::string_view, std::optional<ArtifactId>) override;
  Result<std::vector<ArtifactManifest>> manifests(ArtifactId) const override;
  Result<void> clear_entries(ArtifactId, std::optional<ArtifactId>) override;
  Result<void> put_entries(ArtifactId, std::span<const ArtifactEntry>) override;
  Result<std::vector<ArtifactEntry>> list_entries(ArtifactId, std::optional<std::string_view>,
                                                  std::int64_t) const override;
  Result<std::vector<ArtifactEntry>> find_entries(ArtifactId,
                                                  std::span<const std::string>) const override;
  Result<std::int64_t> count_files(ArtifactId) const override;
  Result<ArtifactEntry> find_entry_by_digest(ArtifactId, std::string_view) const override;
  Result<std::vector<ArtifactEntry>> missing_entries(ArtifactId, EntityId,
                                                     std::int64_t) const override;
  Result<void> put_blob(const store::Blob&, EntityId) override;
  Result<store::Blob> find_blob(std::string_view) const override;
  Result<std::vector<store::Blob>> find_blobs(EntityId,
                                              std::span<const std::string>) const override;
  Result<void> reserve(ArtifactId, std::span<const std::string>) override;
  Result<std::vector<std::string>> list_free(std::int64_t) const override;
  Result<bool> take_free(std::string_view) override;
  Result<void> forget_free(std::string_view) override;

  Result<void> put_run_artifact(const RunArtifact&) override;
  Result<std::vector<Artifact>> list_run_artifacts(RunId, Lineage, ArtifactId,
                                                   std::int64_t) const override;
  Result<std::int64_t> count_run_artifacts(RunId, Lineage) const override;
  Result<std::vector<RunArtifact>> runs_of(std::span<const ArtifactId>, Lineage) const override;
  Result<std::vector<RunArtifact>> run_rows(RunId, Lineage) const override;

 private:
  Result<void> insert_alias(const NewAlias& alias);  ///< within the caller's transaction

  Database& db_;
};

// Any number of ids as one argument: `... IN (SELECT value FROM json_each(?))`.
template <typename Id>
std::string id_list(std::span<const Id> ids) {
  std::string text = "[";
  for (const auto id : ids) {
    if (text.size() > 1) text += ',';
    text += std::to_string(to_number(id));
  }
  return text + "]";
}
std::string text_list(std::span<const std::string> texts);
std::vector<std::string> texts_of(std::string_view json);

#define RUNSTONE_ARTIFACT_FIELDS                                                              \
  "a.id,a.sequence_id,c.project_id,e.name,p.name,c.name,c.type_id,t.name,a.state,"            \
  "a.version_index,a.digest,a.digest_algorithm,a.description,a.metadata_json,a.size_bytes,"   \
  "a.file_count,a.ttl_secs,a.history_step,a.commit_hash,a.run_id,a.user_id,a.distributed_id," \
  "a.base_id,a.deduplicate,a.manifest_digest,a.pending_aliases,a.created_at_us,a.updated_at_us "
#define RUNSTONE_ARTIFACT_JOINS                                                 \
  "JOIN artifact_collections c ON c.id=a.sequence_id JOIN artifact_types t ON " \
  "t.id=c.type_id JOIN projects p ON p.id=c.project_id JOIN entities e ON e.id=p.entity_id "
inline constexpr int kArtifactColumnCount = 28;
Artifact read_artifact(const Query& row, int at);
#define RUNSTONE_MEMBERSHIP_FIELDS \
  "m.id,m.collection_id,m.artifact_id,m.version_index,m.created_at_us"
Membership read_membership(const Query& row, int at);

}  // namespace runstone::store::sqlite
