#include "artifacts/artifacts.h"

#include <map>

#include "api/artifact_access.h"
#include "api/resolvers/artifact_files.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/try.h"
#include "ingest/name_rules.h"

// The road of a version's bytes: created, its manifests and files announced, committed, deleted.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

constexpr std::size_t kFilesPerCallMax = 10'000;

const Value& input_of(const FieldCall& call) { return *call.argument("input"); }

std::optional<std::string> text_at(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  if (value == nullptr || value->if_string() == nullptr) return std::nullopt;
  return std::string(*value->if_string());
}
std::string word_at(const Value& input, std::string_view name) {
  return text_at(input, name).value_or("");
}
std::optional<std::int64_t> number_at(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  if (value == nullptr || !value->is_int()) return std::nullopt;
  return value->int_or(0);
}
const List& list_at(const Value& input, std::string_view name) {
  static const List kEmpty;
  const auto* value = input.get(name);
  return value == nullptr || value->if_list() == nullptr ? kEmpty : *value->if_list();
}

Result<Resolved> artifact_payload(const FieldCall& call, store::Artifact artifact) {
  return Resolved(
      Node::of(std::make_shared<Node>(artifact_node(context_of(call), std::move(artifact)))));
}

Result<store::Project> project_for(const FieldCall& call, const Value& input) {
  const auto& context = context_of(call);
  // An offline run that named no entity is synced without one.
  auto entity = word_at(input, "entityName");
  if (entity.empty()) entity = context.principal.home;
  auto name = word_at(input, "projectName");
  if (name.empty()) name = "uncategorized";
  RUNSTONE_TRY(require(context, auth::Action::kWrite, {entity, name}));
  auto& store = context.services.store;
  auto found = store.find_project(entity, name);
  if (found || found.error().code != ErrorCode::kNotFound) return found;
  RUNSTONE_TRY(ingest::check_name("project", name));
  RUNSTONE_TRY(const auto owner, store.find_entity(entity));
  auto made = store.create_project(owner.id, name, context.services.clock.now_us());
  if (!made && made.error().code == ErrorCode::kConflict) return store.find_project(entity, name);
  return made;
}

Result<std::string> collection_name(const Value& input) {
  auto name = word_at(input, "artifactCollectionName");
  const auto& names = list_at(input, "artifactCollectionNames");
  if (name.empty() && names.size() == 1) name = names.front().string_or("");
  if (!name.empty()) return name;
  return fail(ErrorCode::kInvalidArgument,
              "createArtifact: name the one collection that the version is for");
}

Result<artifacts::NewArtifact> to_request(const FieldCall& call, const Value& input) {
  const auto& context = context_of(call);
  artifacts::NewArtifact made;
  RUNSTONE_TRY(made.collection, collection_name(input));
  RUNSTONE_TRY(made.project, project_for(call, input));
  if (const auto run = word_at(input, "runName"); !run.empty()) {
    RUNSTONE_TRY(const auto found, run_by_name(context, made.project.entity_name, made.project.name,
                                               run, auth::Action::kWrite));
    made.run = found.id;
  }
  made.user = context.principal.user;
  made.type = word_at(input, "artifactTypeName");
  made.digest = word_at(input, "digest");
  made.digest_algorithm = text_at(input, "digestAlgorithm").value_or("MANIFEST_MD5");
  made.description = text_at(input, "description");
  made.metadata_json = text_at(input, "metadata");
  made.ttl_secs = number_at(input, "ttlDurationSeconds");
  for (const auto& alias : list_at(input, "aliases")) {
    made.aliases.push_back(word_at(alias, "alias"));
  }
  for (const auto& tag : list_at(input, "tags")) made.tags.push_back(word_at(tag, "tagName"));
  const auto* deduplicate = input.get("enableDigestDeduplication");
  made.deduplicate = deduplicate != nullptr && deduplicate->bool_or(false);
  made.distributed_id = word_at(input, "distributedID");
  made.client_id = word_at(input, "clientID");
  made.sequence_client_id = word_at(input, "sequenceClientID");
  made.history_step = number_at(input, "historyStep");
  if (made.digest_algorithm != "MANIFEST_MD5") {
    return fail(ErrorCode::kInvalidArgument,
                "this server takes digests of the kind MANIFEST_MD5, not " + made.digest_algorithm);
  }
  return made;
}

Result<Resolved> create_artifact(const FieldCall& call) {
  RUNSTONE_TRY(const auto request, to_request(call, input_of(call)));
  RUNSTONE_TRY(auto artifact, context_of(call).services.artifacts.create_artifact(request));
  return artifact_payload(call, std::move(artifact));
}

Result<std::optional<store::ArtifactId>> base_of(const FieldCall& call, const Value& input) {
  const auto id = word_at(input, "baseArtifactID");
  if (id.empty()) return std::optional<store::ArtifactId>();
  RUNSTONE_TRY(const auto base, readable_artifact(context_of(call), id));
  if (base.state != store::ArtifactState::kCommitted) {
    return fail(ErrorCode::kFailedPrecondition, "the base of an artifact must be committed");
  }
  return std::optional(base.id);
}

Result<Resolved> manifest_payload(const store::Artifact& artifact,
                                  const store::ArtifactManifest& manifest) {
  auto node = announced_manifest(std::make_shared<const store::Artifact>(artifact), manifest);
  return Resolved(Node::of(std::make_shared<Resolved>(std::move(node))));
}

Result<Resolved> create_manifest(const FieldCall& call) {
  const auto& input = input_of(call);
  RUNSTONE_TRY(const auto artifact,
               writable_artifact(context_of(call), word_at(input, "artifactID")));
  artifacts::NewManifest request;
  request.artifact = artifact.id;
  request.name = word_at(input, "name");
  request.digest_base64 = word_at(input, "digest");
  request.run = word_at(input, "runName");
  const auto type = word_at(input, "type");
  request.type = type == "PATCH"         ? store::ManifestType::kPatch
                 : type == "INCREMENTAL" ? store::ManifestType::kIncremental
                                         : store::ManifestType::kFull;
  RUNSTONE_TRY(request.base, base_of(call, input));
  RUNSTONE_TRY(const auto manifest, context_of(call).services.artifacts.create_manifest(request));
  return manifest_payload(artifact, manifest);
}

Result<Resolved> update_manifest(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  const auto text = word_at(input, "artifactManifestID");
  const auto id = parse_id("ArtifactManifest", text);
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound, "no artifact manifest has the id " + text);
  };
  if (!id) return missing();
  const auto known = context.services.store.artifacts().get_manifest(store::ManifestId(*id));
  if (!known && known.error().code != ErrorCode::kNotFound) return fail(known.error());
  if (!known) return missing();
  const auto& found = *known;
  const auto artifact_id = make_id("Artifact", to_number(found.artifact));
  // Which version it belongs to is for those to know who may read it.
  if (!readable_artifact(context, artifact_id)) return missing();
  RUNSTONE_TRY(const auto artifact, writable_artifact(context, artifact_id));
  RUNSTONE_TRY(const auto base, base_of(call, input));
  RUNSTONE_TRY(const auto manifest, context.services.artifacts.update_manifest(
                                        found.id, word_at(input, "digest"), base));
  return manifest_payload(artifact, manifest);
}

Result<Resolved> create_files(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& specs = list_at(input_of(call), "artifactFiles");
  if (specs.size() > kFilesPerCallMax) {
    return fail(ErrorCode::kInvalidArgument, "createArtifactFiles takes at most 10000 files");
  }
  std::map<std::string, std::shared_ptr<const store::Artifact>> artifacts;
  std::vector<artifacts::WantedFile> wanted;
  for (const auto& spec : specs) {
    const auto id = word_at(spec, "artifactID");
    auto& artifact = artifacts[id];
    if (!artifact) {
      RUNSTONE_TRY(auto found, writable_artifact(context, id));
      artifact = std::make_shared<const store::Artifact>(std::move(found));
    }
    wanted.push_back({artifact->id, word_at(spec, "md5")});
  }
  RUNSTONE_TRY(const auto placed, context.services.artifacts.create_files(wanted));
  auto connection = std::make_shared<Connection>();
  for (std::size_t i = 0; i < placed.size(); ++i) {
    ArtifactFileNode file;
    file.artifact = artifacts[word_at(specs[i], "artifactID")];
    file.name = word_at(specs[i], "name");
    file.digest = placed[i].digest;
    file.to_upload = !placed[i].is_here;
    connection->add(Node::of(std::move(file)), std::to_string(i));
  }
  return Resolved(Node::of(std::shared_ptr<const Connection>(std::move(connection))));
}

Result<Resolved> commit(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto artifact,
               writable_artifact(context, word_at(input_of(call), "artifactID")));
  RUNSTONE_TRY(auto done, context.services.artifacts.commit_artifact(artifact.id));
  return artifact_payload(call, std::move(done));
}

Result<Resolved> delete_artifact(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  RUNSTONE_TRY(auto artifact, writable_artifact(context, word_at(input, "artifactID")));
  const auto* aliases = input.get("deleteAliases");
  RUNSTONE_TRY(context.services.artifacts.delete_artifact(
      artifact.id, aliases != nullptr && aliases->bool_or(false)));
  artifact.state = store::ArtifactState::kDeleted;
  return artifact_payload(call, std::move(artifact));
}

Result<Resolved> complete_multipart(const FieldCall&) {
  return fail(ErrorCode::kFailedPrecondition,
              "this server gave no upload in parts: send the whole file with one PUT");
}

}  // namespace

void register_artifact_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation.createArtifact", create_artifact);
  engine.resolve("Mutation.createArtifactManifest", create_manifest);
  engine.resolve("Mutation.updateArtifactManifest", update_manifest);
  engine.resolve("Mutation.createArtifactFiles", create_files);
  engine.resolve("Mutation.commitArtifact", commit);
  engine.resolve("Mutation.deleteArtifact", delete_artifact);
  engine.resolve("Mutation.completeMultipartUploadArtifact", complete_multipart);
  for (const char* type : {"CreateArtifact", "CommitArtifact", "DeleteArtifact"}) {
    engine.resolve(std::string(type) + "Payload.artifact",
                   [](const FieldCall& call) -> Result<Resolved> {
                     return Resolved(*call.parent<std::shared_ptr<Node>>());
                   });
    engine.resolve(std::string(type) + "Payload.clientMutationId",
                   [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  }
  for (const char* type : {"CreateArtifactManifest", "UpdateArtifactManifest"}) {
    engine.resolve(std::string(type) + "Payload.artifactManifest",
                   [](const FieldCall& call) -> Result<Resolved> {
                     return Resolved(*call.parent<std::shared_ptr<Resolved>>());
                   });
    engine.resolve(std::string(type) + "Payload.clientMutationId",
                   [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  }
  engine.resolve("CreateArtifactFilesPayload.files", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node(call.parent<std::shared_ptr<const Connection>>()));
  });
  engine.resolve("CreateArtifactFilesPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
}

}  // namespace runstone::api
