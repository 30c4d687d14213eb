#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "store/artifact_records.h"
#include "store/ids.h"

namespace runstone::store {

struct NewCollection {
  ProjectId project{};
  ArtifactTypeId type{};
  CollectionKind kind = CollectionKind::kSequence;
  std::string name;
  std::string description;
  std::int64_t now_us = 0;
};

/// What is set replaces, what is not stays.
struct CollectionUpdate {
  CollectionId collection{};
  std::optional<std::string> name, description;
  std::optional<ArtifactTypeId> type;  ///< of the collection and so of its versions
  std::optional<std::optional<std::int64_t>> ttl_secs;
  std::vector<std::string> add_tags, remove_tags;
  std::int64_t now_us = 0;
};

/// A page of collections in the order of their ids; ask on with `after` = the last id seen.
struct ListCollections {
  std::vector<ProjectId> projects;
  std::optional<ArtifactTypeId> type;
  std::optional<CollectionKind> kind;
  bool descending = false;
  std::optional<CollectionId> after;
  std::int64_t limit = -1;
};

struct ArtifactUpdate {
  ArtifactId artifact{};
  std::optional<std::optional<std::string>> description, metadata_json;
  std::optional<std::int64_t> ttl_secs;
  std::vector<std::string> add_tags, remove_tags;
  std::int64_t now_us = 0;
};

/// A version of a collection with its place there.
struct Member {
  Membership membership;
  Artifact artifact;
};

/// A page of a collection's versions in the order of their index there.
struct ListMembers {
  std::vector<CollectionId> collections;  ///< of several: by (collection, index)
  bool descending = true;
  /// The last place seen: (collection, version index).
  std::optional<std::pair<CollectionId, std::int64_t>> after;
  std::int64_t limit = -1;
};

struct NewAlias {
  CollectionId collection{};
  std::string alias;
  ArtifactId artifact{};  ///< must be in the collection
};

/// What a commit writes, all at once.
struct CommitArtifact {
  ArtifactId artifact{};
  std::string digest;
  std::string manifest_digest;
  std::string commit_hash;
  std::int64_t size_bytes = 0;
  std::int64_t file_count = 0;
  std::int64_t now_us = 0;
};

/// SQL of artifact types, collections, versions, aliases, tags, manifests, entries, bytes by digest
/// and who refers to them, links, lineage. Rules are as for Store: calls block, any thread may make
/// them, each write is one transaction, durable on return. Lists of ids give what there is, in the
/// order of the ids, in one statement per some hundred ids.
class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  // Types ---------------------------------------------------------------------------------------
  virtual Result<ArtifactType> ensure_type(ProjectId project, std::string_view name,
                                           std::int64_t now_us) = 0;
  virtual Result<ArtifactType> find_type(ProjectId project, std::string_view name) const = 0;
  virtual Result<std::vector<ArtifactType>> list_types(
      std::span<const ProjectId> projects) const = 0;         ///< by project and name
  virtual Result<void> delete_type(ArtifactTypeId type) = 0;  ///< kFailedPrecondition if in use

  // Collections ---------------------------------------------------------------------------------
  virtual Result<Collection> create_collection(const NewCollection& collection) = 0;
  virtual Result<Collection> find_collection(ProjectId project, std::string_view name) const = 0;
  virtual Result<std::vector<Collection>> get_collections(
      std::span<const CollectionId> ids) const = 0;
  virtual Result<std::vector<Collection>> list_collections(
      const ListCollections& request) const = 0;
  virtual Result<std::int64_t> count_collections(const ListCollections& request) const = 0;
  virtual Result<void> update_collection(const CollectionUpdate& update) = 0;
  /// With its memberships and aliases. A sequence's versions go with it, at once, wherever they are
  /// linked; their bytes may become free.
  virtual Result<void> delete_collection(CollectionId id) = 0;
  /// (collection, tag), by both.
  virtual Result<std::vector<std::pair<CollectionId, std::string>>> collection_tags(
      std::span<const CollectionId> ids) const = 0;

  // Versions ------------------------------------------------------------------------------------
  /// As given, without id, version, and what comes from its sequence.
  virtual Result<Artifact> create_artifact(const Artifact& artifact) = 0;
  virtual Result<std::vector<Artifact>> get_artifacts(std::span<const ArtifactId> ids) const = 0;
  /// A deleted one, too.
  Result<Artifact> get_artifact(ArtifactId id) const;
  Result<Collection> get_collection(CollectionId id) const;
  /// The newest version of a sequence in that state with that digest.
  virtual Result<Artifact> find_by_digest(CollectionId sequence, std::string_view digest,
                                          ArtifactState state) const = 0;
  virtual Result<Artifact> find_by_distributed_id(CollectionId sequence,
                                                  std::string_view distributed_id) const = 0;
  /// Pending ones last touched before `before_us`.
  virtual Result<std::vector<ArtifactId>> list_abandoned(std::int64_t before_us) const = 0;
  /// Committed ones that have a time to live (their own or their collection's) that is over, but
  /// for those that are linked to a portfolio.
  virtual Result<std::vector<ArtifactId>> list_expired(std::int64_t now_us) const = 0;
  virtual Result<void> update_artifact(const ArtifactUpdate& update) = 0;
  /// Adds to what a pending version will be called.
  virtual Result<void> add_pending_aliases(ArtifactId id, std::span<const std::string> aliases) = 0;
  /// The version index, its place in the sequence and its aliases, at once; reservations end.
  /// kConflict if it is not pending.
  virtual Result<Artifact> commit_artifact(const CommitArtifact& commit) = 0;
  /// Removes everything but the row, which says kDeleted; its bytes may become free. Again:
  /// nothing. kFailedPrecondition if it has aliases (any collection) and `with_aliases` is false.
  virtual Result<void> delete_artifact(ArtifactId id, bool with_aliases, std::int64_t now_us) = 0;
  /// (version, tag), by both.
  virtual Result<std::vector<std::pair<ArtifactId, std::string>>> artifact_tags(
      std::span<const ArtifactId> ids) const = 0;

  // Ids that clients made -----------------------------------------------------------------------
  virtual Result<void> put_client_id(std::string_view client_id, ArtifactId artifact) = 0;
  virtual Result<ArtifactId> find_client_id(std::string_view client_id) const = 0;
  virtual Result<void> put_sequence_client_id(std::string_view client_id,
                                              CollectionId collection) = 0;
  virtual Result<CollectionId> find_sequence_client_id(std::string_view client_id) const = 0;

  // Memberships and aliases ---------------------------------------------------------------------
  virtual Result<std::vector<Member>> list_members(const ListMembers& request) const = 0;
  virtual Result<std::int64_t> count_members(std::span<const CollectionId> ids) const = 0;
  virtual Result<Member> find_member(CollectionId collection, std::int64_t version_index) const = 0;
  virtual Result<Member> find_member_by_alias(CollectionId collection,
                                              std::string_view alias) const = 0;
  virtual Result<Member> find_member_by_digest(CollectionId collection,
                                               std::string_view digest) const = 0;
  virtual Result<Member> find_member_of(CollectionId collection, ArtifactId artifact) const = 0;
  /// The newest version of each collection.
  virtual Result<std::vector<Member>> latest_members(std::span<const CollectionId> ids) const = 0;
  virtual Result<std::vector<Membership>> memberships_of(
      std::span<const ArtifactId> ids) const = 0;  ///< by artifact, then id
  virtual Result<std::vector<Membership>> get_memberships(
      std::span<const MembershipId> ids) const = 0;
  /// A place in a portfolio (the one that it has, if any), and aliases there. kFailedPrecondition
  /// unless committed.
  virtual Result<Membership> link(CollectionId portfolio, ArtifactId artifact,
                                  std::span<const std::string> aliases, std::int64_t now_us) = 0;
  virtual Result<void> unlink(CollectionId portfolio, ArtifactId artifact) = 0;
  /// An alias that another version had moves. kNotFound if the version is not in the collection.
  virtual Result<void> put_aliases(std::span<const NewAlias> aliases) = 0;
  /// Those that point to another version, or are not there, stay as they are.
  virtual Result<void> remove_aliases(std::span<const NewAlias> aliases) = 0;
  virtual Result<std::vector<ArtifactAlias>> aliases_of(
      std::span<const ArtifactId> ids) const = 0;  ///< by artifact, then id
  virtual Result<std::vector<ArtifactAlias>> list_aliases(CollectionId collection, AliasId after,
                                                          std::int64_t limit) const = 0;
  virtual Result<std::int64_t> count_aliases(CollectionId collection) const = 0;

  // Manifests and entries -----------------------------------------------------------------------
  /// The one of that artifact, type, name and run with type kFull is kept and given its digest; of
  /// other types each call makes one.
  virtual Result<ArtifactManifest> put_manifest(const ArtifactManifest& manifest) = 0;
  virtual Result<ArtifactManifest> get_manifest(ManifestId id) const = 0;
  virtual Result<void> update_manifest(ManifestId id, std::string_view digest,
                                       std::optional<ArtifactId> base) = 0;
  virtual Result<std::vector<ArtifactManifest>> manifests(ArtifactId artifact) const = 0;
  /// Of a pending version: all gone, or gone and made a copy of another version's.
  virtual Result<void> clear_entries(ArtifactId artifact, std::optional<ArtifactId> copy_of) = 0;
  virtual Result<void> put_entries(ArtifactId artifact, std::span<const ArtifactEntry> entries) = 0;
  /// By path (bytes), those greater than `after` if it is set.
  virtual Result<std::vector<ArtifactEntry>> list_entries(ArtifactId artifact,
                                                          std::optional<std::string_view> after,
                                                          std::int64_t limit) const = 0;
  virtual Result<std::vector<ArtifactEntry>> find_entries(
      ArtifactId artifact, std::span<const std::string> paths) const = 0;
  virtual Result<std::int64_t> count_files(ArtifactId artifact) const = 0;  ///< with references
  virtual Result<ArtifactEntry> find_entry_by_digest(ArtifactId artifact,
                                                     std::string_view digest) const = 0;
  /// Entries that are no references and whose bytes are not here for `entity`, or are of another
  /// size, by path.
  virtual Result<std::vector<ArtifactEntry>> missing_entries(ArtifactId artifact, EntityId entity,
                                                             std::int64_t limit) const = 0;

  // Bytes ---------------------------------------------------------------------------------------
  /// These bytes are here, and `entity` has shown that it has them.
  virtual Result<void> put_blob(const Blob& blob, EntityId entity) = 0;
  virtual Result<Blob> find_blob(std::string_view digest) const = 0;
  /// Those of `digests` that the entity has, by digest.
  virtual Result<std::vector<Blob>> find_blobs(EntityId entity,
                                               std::span<const std::string> digests) const = 0;
  /// While a version is pending, bytes with these digests stay.
  virtual Result<void> reserve(ArtifactId artifact, std::span<const std::string> digests) = 0;
  /// Digests that may have lost their last reference.
  virtual Result<std::vector<std::string>> list_free(std::int64_t limit) const = 0;
  /// True if nothing refers to the digest: then it is forgotten, and the bytes may go. Either way
  /// it leaves the list of free ones with forget_free().
  virtual Result<bool> take_free(std::string_view digest) = 0;
  virtual Result<void> forget_free(std::string_view digest) = 0;

  // Lineage -------------------------------------------------------------------------------------
  virtual Result<void> put_run_artifact(const RunArtifact& row) = 0;  ///< again: nothing
  /// Committed versions that a run created or used, by id.
  virtual Result<std::vector<Artifact>> list_run_artifacts(RunId run, Lineage kind,
                                                           ArtifactId after,
                                                           std::int64_t limit) const = 0;
  virtual Result<std::int64_t> count_run_artifacts(RunId run, Lineage kind) const = 0;
  virtual Result<std::vector<RunArtifact>> runs_of(
      std::span<const ArtifactId> ids, Lineage kind) const = 0;  ///< by artifact, time, run
  virtual Result<std::vector<RunArtifact>> run_rows(RunId run, Lineage kind) const = 0;
};

}  // namespace runstone::store
