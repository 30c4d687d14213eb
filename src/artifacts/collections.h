#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "runstone/result.h"
#include "store/artifact_store.h"

namespace runstone::artifacts {

/// The rules of collections: what they may be called and hold, aliases, tags, links. Who may do it
/// has been asked already. Borrows both; blocking calls, any thread.
class Collections {
 public:
  Collections(store::ArtifactStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  struct Change {
    std::optional<std::string> name, description;
    std::optional<std::int64_t> ttl_secs;  ///< 0 or less: its versions live for ever
  };
  Result<store::Collection> update(const store::Collection& collection, const Change& change);
  /// To the type of that name, which is made if there is none. Sequences only.
  Result<store::Collection> move_to_type(const store::Collection& sequence,
                                         const std::string& type);
  /// A sequence goes with all of its versions.
  Result<void> remove(const store::Collection& collection);
  Result<void> change_tags(const store::Collection& collection, std::vector<std::string> add,
                           std::vector<std::string> remove);

  /// All of them or none. kInvalidArgument for a name that is not possible; kNotFound if the
  /// version is not in that collection; kResourceExhausted for more than a collection may have.
  Result<void> add_aliases(const std::vector<store::NewAlias>& aliases);
  /// Those that this version does not have stay as they are.
  Result<void> delete_aliases(const std::vector<store::NewAlias>& aliases);

  struct Update {
    store::ArtifactId artifact{};
    std::optional<std::string> description, metadata_json;
    std::optional<std::int64_t> ttl_secs;  ///< store::kTtlInherit, kTtlNever, or seconds
    std::vector<std::string> add_tags, remove_tags;
  };
  Result<store::Artifact> update_artifact(const Update& update);

  struct Link {
    store::Artifact artifact;
    store::ProjectId project{};
    std::string portfolio;  ///< made if there is none
    std::vector<std::string> aliases;
    /// What may be put there; nothing: anything.
    std::optional<std::vector<std::string>> allowed_types;
  };
  struct Linked {
    store::Membership membership;
    store::Collection portfolio;
  };
  /// Besides the aliases asked for, the newest link is `latest`.
  Result<Linked> link(const Link& link);
  /// kNotFound if it is not linked there; kInvalidArgument for the sequence it was made in.
  Result<void> unlink(const store::Collection& portfolio, store::ArtifactId artifact);
  Result<store::Collection> create_portfolio(store::ProjectId project, const std::string& name,
                                             const std::string& type,
                                             const std::string& description);

 private:
  store::ArtifactStore& store_;
  const Clock& clock_;
};

}  // namespace runstone::artifacts
