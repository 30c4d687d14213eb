#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/api_context.h"
#include "graphql/engine.h"
#include "store/artifact_store.h"

// Files of artifacts, behind the same type File as those of runs.
namespace runstone::api {

struct ArtifactFileNode {
  std::shared_ptr<const store::Artifact> artifact;
  std::string name;
  std::string digest;  ///< hex MD5 of its bytes
  std::int64_t size_bytes = 0;
  bool to_upload = false;  ///< it is to come, and its bytes are not here
  bool manifest = false;   ///< the list of files, which whoever sees the version may read
  std::string ref{};       ///< the URI of a reference, which is listed like a file; "" for a file
};

/// The field `name` of File.
Result<graphql::Resolved> artifact_file_field(const graphql::FieldCall& call,
                                              const ArtifactFileNode& file,
                                              const std::string& name);

/// Arguments names, first, after: the version's entries by path. References are among them: the
/// client downloads what this list names, each reference from where it points to.
Result<graphql::Resolved> list_artifact_files(const graphql::FieldCall& call,
                                              const store::Artifact& artifact);
/// The file of its final manifest; null before the commit.
Result<graphql::Resolved> current_manifest(const graphql::FieldCall& call,
                                           const store::Artifact& artifact);
graphql::Resolved announced_manifest(std::shared_ptr<const store::Artifact> artifact,
                                     const store::ArtifactManifest& manifest);
void register_artifact_files(graphql::Engine& engine);

}  // namespace runstone::api
