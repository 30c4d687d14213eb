#include "protocol/artifact_documents.h"

#include "base/try.h"

namespace runstone::protocol {
namespace {

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

std::string text_at(const Value* value, const char* key) {
  const Value* found = value == nullptr ? nullptr : value->get(key);
  return found == nullptr ? "" : std::string(found->string_or(""));
}

const Value* at(const Value& value, std::initializer_list<const char*> path) {
  const Value* found = &value;
  for (const char* key : path) {
    found = found->get(key);
    if (found == nullptr) return nullptr;
  }
  return found;
}

Failure incomplete(const char* what) {
  return fail(ErrorCode::kInvalidArgument, std::string("the server's answer has no ") + what);
}

Value with_input(Dict input) {
  Dict variables;
  variables.set("input", std::move(input));
  return Value(std::move(variables));
}

UploadSlot slot_of(const Value& file) {
  UploadSlot slot;
  slot.url = text_at(&file, "uploadUrl");
  const Value* headers = file.get("uploadHeaders");
  if (headers != nullptr && headers->is_list()) {
    for (const Value& header : *headers->if_list()) slot.headers.emplace_back(header.string_or(""));
  }
  return slot;
}

}  // namespace

const std::string_view kCreateArtifactDocument =
    "mutation CreateArtifact($input: CreateArtifactInput!) { createArtifact(input: $input) { "
    "artifact { id state artifactSequence { id latestArtifact { id versionIndex } } } } }";
const std::string_view kCreateArtifactManifestDocument =
    "mutation CreateArtifactManifest($input: CreateArtifactManifestInput!) { "
    "createArtifactManifest(input: $input) { artifactManifest { id file { id uploadUrl "
    "uploadHeaders } } } }";
const std::string_view kUpdateArtifactManifestDocument =
    "mutation UpdateArtifactManifest($input: UpdateArtifactManifestInput!) { "
    "updateArtifactManifest(input: $input) { artifactManifest { id file { id uploadUrl "
    "uploadHeaders } } } }";
const std::string_view kCreateArtifactFilesDocument =
    "mutation CreateArtifactFiles($input: CreateArtifactFilesInput!) { "
    "createArtifactFiles(input: $input) { files { edges { node { id name storagePath uploadUrl "
    "uploadHeaders artifact { id } } } } } }";
const std::string_view kCommitArtifactDocument =
    "mutation CommitArtifact($input: CommitArtifactInput!) { commitArtifact(input: $input) { "
    "artifact { id digest } } }";
const std::string_view kUseArtifactDocument =
    "mutation UseArtifact($input: UseArtifactInput!) { useArtifact(input: $input) { artifact { id "
    "digest description state createdAt metadata } } }";
const std::string_view kClientIdMappingDocument =
    "query ClientIDMapping($clientID: ID!) { clientIDMapping(clientID: $clientID) { serverID } }";

Value create_artifact_variables(const RunAddress& run, const ArtifactRecord& artifact) {
  Dict input;
  input.set("entityName", run.entity);
  input.set("projectName", run.project);
  input.set("runName", text_or_null(artifact.user_created ? "" : run.run));
  input.set("artifactTypeName", artifact.type);
  input.set("artifactCollectionName", artifact.name);
  input.set("digest", artifact.digest);
  input.set("digestAlgorithm",
            artifact.digest_algorithm.empty() ? "MANIFEST_MD5" : artifact.digest_algorithm);
  input.set("description", text_or_null(artifact.description));
  input.set("metadata", text_or_null(artifact.metadata_json));
  if (artifact.ttl_duration_secs != 0) input.set("ttlDurationSeconds", artifact.ttl_duration_secs);
  List aliases, tags;
  for (const std::string& alias : artifact.aliases) {
    Dict item;
    item.set("artifactCollectionName", artifact.name);
    item.set("alias", alias);
    aliases.emplace_back(std::move(item));
  }
  for (const std::string& tag : artifact.tags) {
    Dict item;
    item.set("tagName", tag);
    tags.emplace_back(std::move(item));
  }
  input.set("aliases", std::move(aliases));
  if (!tags.empty()) input.set("tags", std::move(tags));
  input.set("enableDigestDeduplication", true);
  input.set("distributedID", text_or_null(artifact.distributed_id));
  if (artifact.history_step) input.set("historyStep", *artifact.history_step);
  input.set("clientID", text_or_null(artifact.client_id));
  input.set("sequenceClientID", text_or_null(artifact.sequence_client_id));
  return with_input(std::move(input));
}

Result<CreatedArtifact> parse_created_artifact(const Value& data) {
  const Value* artifact = at(data, {"createArtifact", "artifact"});
  if (artifact == nullptr) return incomplete("artifact");
  CreatedArtifact created;
  created.id = text_at(artifact, "id");
  if (created.id.empty()) return incomplete("artifact id");
  created.is_committed = text_at(artifact, "state") == "COMMITTED";
  created.latest_id = text_at(at(*artifact, {"artifactSequence", "latestArtifact"}), "id");
  return created;
}

Value create_artifact_manifest_variables(const RunAddress& run, const ManifestRequest& manifest) {
  Dict input;
  input.set("artifactID", manifest.artifact_id);
  input.set("baseArtifactID", text_or_null(manifest.base_artifact_id));
  input.set("name", manifest.name);
  input.set("digest", manifest.digest);
  input.set("entityName", run.entity);
  input.set("projectName", run.project);
  input.set("runName", text_or_null(run.run));
  input.set("type", manifest.type);
  input.set("includeUpload", !manifest.digest.empty());
  return with_input(std::move(input));
}

Value update_artifact_manifest_variables(const std::string& manifest_id,
                                         const ManifestRequest& manifest) {
  Dict input;
  input.set("artifactManifestID", manifest_id);
  input.set("digest", manifest.digest);
  input.set("baseArtifactID", text_or_null(manifest.base_artifact_id));
  input.set("includeUpload", true);
  return with_input(std::move(input));
}

Result<UploadSlot> parse_artifact_manifest(const Value& data) {
  const Value* manifest = at(data, {"createArtifactManifest", "artifactManifest"});
  if (manifest == nullptr) manifest = at(data, {"updateArtifactManifest", "artifactManifest"});
  if (manifest == nullptr) return incomplete("manifest");
  UploadSlot slot;
  if (const Value* file = manifest->get("file"); file != nullptr) slot = slot_of(*file);
  slot.id = text_at(manifest, "id");
  if (slot.id.empty()) return incomplete("manifest id");
  return slot;
}

Value create_artifact_files_variables(const std::string& artifact_id,
                                      const std::string& manifest_id,
                                      const std::vector<const ManifestEntry*>& entries) {
  List files;
  for (const ManifestEntry* entry : entries) {
    Dict file;
    file.set("artifactID", artifact_id);
    file.set("name", entry->path);
    file.set("md5", entry->digest);
    file.set("mimetype", text_or_null(entry->mimetype));
    file.set("artifactManifestID", manifest_id);
    files.emplace_back(std::move(file));
  }
  Dict input;
  input.set("artifactFiles", std::move(files));
  input.set("storageLayout", "V2");
  return with_input(std::move(input));
}

Result<std::vector<UploadSlot>> parse_artifact_files(const Value& data, std::size_t count) {
  const Value* edges = at(data, {"createArtifactFiles", "files", "edges"});
  if (edges == nullptr || edges->if_list() == nullptr || edges->if_list()->size() != count) {
    return incomplete("address for each file");
  }
  std::vector<UploadSlot> slots;
  for (const Value& edge : *edges->if_list()) {
    const Value* node = edge.get("node");
    if (node == nullptr) return incomplete("file");
    UploadSlot slot = slot_of(*node);
    slot.id = text_at(node->get("artifact"), "id");
    slots.push_back(std::move(slot));
  }
  return slots;
}

Value use_artifact_variables(const RunAddress& run, const std::string& artifact_id) {
  Dict input;
  input.set("artifactID", artifact_id);
  input.set("entityName", run.entity);
  input.set("projectName", run.project);
  input.set("runName", run.run);
  return with_input(std::move(input));
}

}  // namespace runstone::protocol
