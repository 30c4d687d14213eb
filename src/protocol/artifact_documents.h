#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/record.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::protocol {

// The GraphQL documents by which the training side sends artifacts, what they take and answer.

extern const std::string_view kCreateArtifactDocument;
extern const std::string_view kCreateArtifactManifestDocument;
extern const std::string_view kUpdateArtifactManifestDocument;
extern const std::string_view kCreateArtifactFilesDocument;
extern const std::string_view kCommitArtifactDocument;
extern const std::string_view kUseArtifactDocument;
extern const std::string_view kClientIdMappingDocument;

struct RunAddress {
  std::string entity, project, run;
};

Value create_artifact_variables(const RunAddress& run, const ArtifactRecord& artifact);
struct CreatedArtifact {
  std::string id;
  bool is_committed = false;  ///< the collection has this content already
  std::string latest_id;      ///< of the collection's newest version; empty if there is none
};
Result<CreatedArtifact> parse_created_artifact(const Value& data);

struct ManifestRequest {
  std::string artifact_id, base_artifact_id;
  std::string name, type;  ///< "wandb_manifest.json", "FULL"
  std::string digest;      ///< base64 MD5 of the manifest's file; empty: no address wanted yet
};
Value create_artifact_manifest_variables(const RunAddress& run, const ManifestRequest& manifest);
Value update_artifact_manifest_variables(const std::string& manifest_id,
                                         const ManifestRequest& manifest);
/// Where bytes go; an empty address: they are there already.
struct UploadSlot {
  std::string id;  ///< of the manifest, or of the version that has the bytes
  std::string url;
  std::vector<std::string> headers;  ///< "Key:Value"
};
Result<UploadSlot> parse_artifact_manifest(const Value& data);

Value create_artifact_files_variables(const std::string& artifact_id,
                                      const std::string& manifest_id,
                                      const std::vector<const ManifestEntry*>& entries);
/// As many as were asked for, in that order. Errors: kInvalidArgument if they are not.
Result<std::vector<UploadSlot>> parse_artifact_files(const Value& data, std::size_t count);

Value use_artifact_variables(const RunAddress& run, const std::string& artifact_id);

}  // namespace runstone::protocol
