#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "artifact/server.h"
#include "protocol/record.h"
#include "runstone/artifact.h"

namespace runstone::artifact {

/// Where a version is looked for: "[[entity/]project/]name[:alias]".
struct ArtifactName {
  std::string entity, project, name;
  std::string alias;  ///< or version, or digest; "latest" if none was given
  bool is_registry() const;
};
/// What is missing is taken from the defaults; a registry has no default entity. Errors:
/// kInvalidArgument.
Result<ArtifactName> parse_artifact_name(const std::string& text, const std::string& entity,
                                         const std::string& project);

/// Where a link goes: "[[entity/]project/]collection"; a registry has no default entity.
struct LinkTarget {
  std::string entity, project, collection;
  bool is_registry() const;
};
Result<LinkTarget> parse_link_target(const std::string& text, const std::string& entity,
                                     const std::string& project);

/// The entity of registries: that of the organization that `entity` belongs to; of the one that is
/// called so, if `organization` is not empty (its name, or its entity's). Errors: as of the calls,
/// kInvalidArgument if there is no such organization, or several.
Result<std::string> entity_of_registries(const Server& server, const std::string& entity,
                                         const std::string& organization);

// The calls. Errors of all: those of Server::ask(), and kNotFound.
Result<ArtifactFacts> find_version(const Server& server, const ArtifactName& name);
Result<ArtifactFacts> fetch_version(const Server& server, const std::string& id);
/// The type of the collection; nothing if there is no such collection yet. One try.
Result<std::optional<std::string>> type_of_collection(const Server& server, const LinkTarget& where,
                                                      std::int64_t timeout_us);
Result<std::vector<protocol::ManifestEntry>> fetch_entries(const Server& server,
                                                           const std::string& id);

/// Where the bytes of an entry that is no reference are; to be asked for with the key.
std::string file_url(const Server& server, const ArtifactFacts& facts,
                     const protocol::ManifestEntry& entry);

Result<std::vector<ArtifactFacts>> linked_versions(const Server& server,
                                                   const ArtifactFacts& source);
Result<std::vector<std::string>> runs_using(const Server& server, const std::string& id);
Result<std::string> run_that_logged(const Server& server, const std::string& id);

struct VersionChanges {
  std::vector<std::string> aliases_to_add, aliases_to_delete, tags_to_add, tags_to_delete;
  std::string description;
  Dict metadata;
  std::optional<std::int64_t> ttl_secs;  ///< as Artifact::set_ttl_secs(); nothing: as it is
};
Result<void> change_version(const Server& server, const ArtifactFacts& facts,
                            const VersionChanges& changes);
Result<ArtifactFacts> link_version(const Server& server, const std::string& id,
                                   const LinkTarget& target,
                                   const std::vector<std::string>& aliases);
Result<void> unlink_version(const Server& server, const ArtifactFacts& facts);
Result<void> delete_version(const Server& server, const std::string& id, bool delete_aliases);

}  // namespace runstone::artifact
