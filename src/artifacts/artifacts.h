#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "objects/object_store.h"
#include "runstone/result.h"
#include "store/artifact_store.h"
#include "store/store.h"

namespace runstone::artifacts {

/// A pending version that nobody touched for so long is given up.
inline constexpr std::int64_t kAbandonedAfterUs = 7LL * 24 * 3600 * 1'000'000;

struct NewArtifact {
  store::Project project;
  std::optional<store::RunId> run;
  store::UserId user{};
  std::string type;
  std::string collection;
  std::string digest;
  std::string digest_algorithm;
  std::optional<std::string> description, metadata_json;
  std::optional<std::int64_t> ttl_secs;
  std::vector<std::string> aliases, tags;
  bool deduplicate = false;
  std::string distributed_id, client_id, sequence_client_id;  ///< "" for none
  std::optional<std::int64_t> history_step;
};

struct NewManifest {
  store::ArtifactId artifact{};
  store::ManifestType type = store::ManifestType::kFull;
  std::string name;
  std::string digest_base64;  ///< md5 of the file's bytes; "" while it is not known
  std::string run;
  std::optional<store::ArtifactId> base;
};

/// A file of which its writer says what its bytes will hash to.
struct WantedFile {
  store::ArtifactId artifact{};
  std::string digest_base64;
};
struct PlacedFile {
  store::ArtifactId artifact{};
  std::string digest;    ///< hex
  bool is_here = false;  ///< nothing need be sent
};

/// The road of artifact bytes: versions are created, filled, committed, deleted. Bytes are kept
/// once per server, under their MD5, and go when nothing refers to them any more. Who may do it has
/// been asked already. Blocking calls, any thread.
class Artifacts {
 public:
  /// Borrows all of them. Gives up what was abandoned, and removes bytes that became free.
  static Result<std::unique_ptr<Artifacts>> create(store::Store& store,
                                                   objects::ObjectStore& objects,
                                                   const Clock& clock);
  virtual ~Artifacts() = default;

  /// A pending version to be filled, or a committed one with the same content (its aliases have
  /// moved then). Writers of the same content at once share one pending version, and so do those
  /// with one distributed id. kConflict if the collection is of another type, or a portfolio.
  virtual Result<store::Artifact> create_artifact(const NewArtifact& request) = 0;
  virtual Result<store::ArtifactManifest> create_manifest(const NewManifest& request) = 0;
  virtual Result<store::ArtifactManifest> update_manifest(
      store::ManifestId id, std::string_view digest_base64,
      std::optional<store::ArtifactId> base) = 0;
  /// In the order asked.
  virtual Result<std::vector<PlacedFile>> create_files(const std::vector<WantedFile>& files) = 0;
  /// Takes the file at `spooled` over. kInvalidArgument if it does not have that MD5.
  virtual Result<void> store_bytes(store::ArtifactId artifact, std::string_view digest,
                                   std::string_view found_digest, const std::string& spooled,
                                   std::int64_t size_bytes) = 0;
  /// Merges the manifests, checks that all bytes are here and moves version and aliases. Of a
  /// committed version: nothing. A failure leaves it pending. kFailedPrecondition: something was
  /// not uploaded; kInvalidArgument: a manifest cannot be read.
  virtual Result<store::Artifact> commit_artifact(store::ArtifactId id) = 0;
  /// kFailedPrecondition while it has aliases and `with_aliases` is false.
  virtual Result<void> delete_artifact(store::ArtifactId id, bool with_aliases) = 0;
  /// All collections of a project go, and with its sequences their versions, wherever linked.
  virtual Result<void> delete_project(store::ProjectId project) = 0;
  /// What a run created goes, with its aliases; versions that it only used stay.
  virtual Result<void> delete_of_run(store::RunId run) = 0;

  /// Where bytes are in the object store.
  static std::string object_key(std::string_view digest_hex);

  /// Removes the bytes that nothing refers to any more. Called by all that deletes; may be called
  /// by whoever deleted versions through the store.
  virtual Result<void> free_bytes() = 0;
  /// Deletes versions whose time to live is over, and pending ones that were given up.
  virtual Result<void> delete_expired() = 0;
  /// Ends the background work. Idempotent.
  virtual void stop() = 0;
};

}  // namespace runstone::artifacts
