#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/ids.h"

namespace runstone::store {

enum class ArtifactTypeId : std::int64_t {};
enum class CollectionId : std::int64_t {};
enum class ArtifactId : std::int64_t {};
enum class MembershipId : std::int64_t {};
enum class AliasId : std::int64_t {};
enum class ManifestId : std::int64_t {};

struct ArtifactType {
  ArtifactTypeId id{};
  ProjectId project{};
  std::string name;  ///< unique in the project
  std::string description;
  std::int64_t created_at_us = 0;
};

enum class CollectionKind : std::uint8_t {
  kSequence = 0,   ///< versions are born here
  kPortfolio = 1,  ///< versions are linked here
};

struct Collection {
  CollectionId id{};
  ProjectId project{};
  ArtifactTypeId type{};
  CollectionKind kind = CollectionKind::kSequence;
  std::string name;  ///< unique in the project, whatever the kind
  std::string description;
  std::string entity_name;
  std::string project_name;
  std::string type_name;
  std::int64_t next_version = 0;  ///< index of the version that comes next; never falls
  /// Seconds that its versions live, where they say nothing themselves; none: for ever.
  std::optional<std::int64_t> ttl_secs;
  std::int64_t created_at_us = 0;
  std::int64_t updated_at_us = 0;
};

enum class ArtifactState : std::uint8_t { kPending = 0, kCommitted = 1, kDeleted = 2 };
/// "PENDING", "COMMITTED", "DELETED".
const char* to_string(ArtifactState state);

/// How long a version lives: as its collection says, for ever, or so many seconds.
inline constexpr std::int64_t kTtlInherit = -1;
inline constexpr std::int64_t kTtlNever = -2;

struct Artifact {
  ArtifactId id{};
  CollectionId sequence{};
  // Of its sequence, so that a list needs no second read:
  ProjectId project{};
  std::string entity_name;
  std::string project_name;
  std::string sequence_name;
  ArtifactTypeId type{};
  std::string type_name;

  ArtifactState state = ArtifactState::kPending;
  std::optional<std::int64_t> version_index;  ///< given at commit
  std::string digest;                         ///< of the manifest, hex
  std::string digest_algorithm;
  std::optional<std::string> description;
  std::optional<std::string> metadata_json;
  std::int64_t size_bytes = 0;
  std::int64_t file_count = 0;
  std::int64_t ttl_secs = kTtlInherit;
  std::optional<std::int64_t> history_step;
  std::string commit_hash;  ///< "" until committed
  std::optional<RunId> created_by;
  std::optional<UserId> user;
  std::string distributed_id;  ///< "" for one of a single writer
  std::optional<ArtifactId> base;
  bool deduplicate = false;
  std::string manifest_digest;  ///< of the bytes of the final manifest, hex; "" until committed
  std::vector<std::string> pending_aliases;  ///< they move at commit
  std::int64_t created_at_us = 0;
  std::int64_t updated_at_us = 0;
};

/// A version in a collection: in its sequence since its commit, in portfolios since it was linked.
struct Membership {
  MembershipId id{};
  CollectionId collection{};
  ArtifactId artifact{};
  std::int64_t version_index = 0;  ///< in this collection
  std::int64_t created_at_us = 0;
};

struct ArtifactAlias {
  AliasId id{};
  CollectionId collection{};
  ArtifactId artifact{};
  MembershipId membership{};
  std::string alias;
};

enum class ManifestType : std::uint8_t { kFull = 0, kPatch = 1, kIncremental = 2 };
const char* to_string(ManifestType type);

/// A manifest as a writer announced it; what is handed out after the commit is made of these.
struct ArtifactManifest {
  ManifestId id{};
  ArtifactId artifact{};
  ManifestType type = ManifestType::kFull;
  std::string name;
  std::string digest;  ///< of the file's bytes, hex md5; "" until the writer knows it
  std::string run;     ///< its writer, "" if no run
  std::optional<ArtifactId> base;
  std::int64_t created_at_us = 0;
};

/// One file or reference of a version.
struct ArtifactEntry {
  std::string path;    ///< as in the manifest
  std::string digest;  ///< hex md5 of the bytes; of a reference the text that the manifest has
  std::string ref;     ///< the URI of a reference; "" for a file whose bytes are here
  std::int64_t size_bytes = 0;
  std::string birth_artifact;  ///< the opaque id that the manifest has
  std::string rest_json;       ///< what else the entry has (extra, skip_cache): an object, or ""
};

/// Bytes that are here, under their digest.
struct Blob {
  std::string digest;  ///< hex md5
  std::int64_t size_bytes = 0;
  std::int64_t created_at_us = 0;
};

enum class Lineage : std::uint8_t { kCreated = 0, kUsed = 1 };

/// A run that logged a version (also one that only logged the same content again), or used it.
struct RunArtifact {
  RunId run{};
  ArtifactId artifact{};
  Lineage kind = Lineage::kCreated;
  std::string used_as;
  std::int64_t created_at_us = 0;
};

}  // namespace runstone::store
