#include "api/artifact_access.h"
#include "api/resolvers/artifact_files.h"
#include "api/resolvers/collection_lists.h"
#include "api/resolvers/resolvers.h"
#include "base/encoding.h"
#include "base/try.h"

// The fields of a version. Where it is found and who used it: collection.cc, lineage.cc.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::Artifact;
using store::to_number;

const Artifact& artifact_of(const FieldCall& call) { return call.parent<Artifact>(); }

Resolved or_null(const std::optional<std::string>& text) {
  return text ? Resolved(*text) : Resolved();
}
Resolved or_null(const std::optional<std::int64_t>& number) {
  return number ? Resolved(*number) : Resolved();
}

// Linked to where the viewer may read it, a version still says what it is called at home.
Result<Resolved> sequence(const FieldCall& call) {
  const auto& artifact = artifact_of(call);
  RUNSTONE_TRY(const auto* found, context_of(call).artifacts.collection(artifact.sequence));
  if (found != nullptr) return Resolved(collection_node(context_of(call), *found));
  store::Collection told;
  told.id = artifact.sequence;
  told.project = artifact.project;
  told.type = artifact.type;
  told.name = artifact.sequence_name;
  told.entity_name = artifact.entity_name;
  told.project_name = artifact.project_name;
  told.type_name = artifact.type_name;
  return Resolved(collection_node(context_of(call), std::move(told)));
}

Result<Resolved> type(const FieldCall& call) {
  const auto& artifact = artifact_of(call);
  store::ArtifactType type;
  type.id = artifact.type;
  type.project = artifact.project;
  type.name = artifact.type_name;
  return Resolved(Node::of(std::move(type)));
}

Result<Resolved> ttl(const FieldCall& call) {
  const auto& artifact = artifact_of(call);
  if (artifact.ttl_secs != store::kTtlInherit) return Resolved(artifact.ttl_secs);
  RUNSTONE_TRY(const auto* found, context_of(call).artifacts.collection(artifact.sequence));
  return Resolved(found != nullptr && found->ttl_secs ? *found->ttl_secs : store::kTtlInherit);
}

Result<Resolved> tags(const FieldCall& call) {
  RUNSTONE_TRY(const auto tags, context_of(call).artifacts.tags(artifact_of(call).id));
  List list;
  for (const auto& tag : tags) list.emplace_back(tag_value(tag));
  return Resolved(Value(std::move(list)));
}

Result<Resolved> aliases(const FieldCall& call) {
  RUNSTONE_TRY(const auto aliases, context_of(call).artifacts.aliases(artifact_of(call).id));
  std::vector<Resolved> list;
  for (const auto* alias : aliases) list.emplace_back(Node::of(*alias));
  return Resolved(std::move(list));
}

Result<Resolved> by_id(const FieldCall& call) {
  RUNSTONE_TRY(auto found, if_found(readable_artifact(context_of(call), call.text("id"))));
  if (!found) return Resolved();
  return Resolved(artifact_node(context_of(call), *std::move(found)));
}

Result<Resolved> client_id_mapping(const FieldCall& call) {
  const auto& context = context_of(call);
  auto found = context.services.store.artifacts().find_client_id(call.text("clientID"));
  RUNSTONE_TRY(const auto id, if_found(std::move(found)));
  if (!id) return Resolved();
  const auto text = make_id("Artifact", to_number(*id));
  RUNSTONE_TRY(const auto artifact, if_found(readable_artifact(context, text)));
  if (!artifact) return Resolved();
  return Resolved(Value(Dict{{"serverID", text}}));
}

void field(graphql::Engine& engine, const char* name, Resolved (*get)(const Artifact&)) {
  engine.resolve(std::string("Artifact.") + name, [get](const FieldCall& call) -> Result<Resolved> {
    return get(artifact_of(call));
  });
}

void register_plain_fields(graphql::Engine& engine) {
  field(engine, "id",
        [](const Artifact& a) { return Resolved(make_id("Artifact", to_number(a.id))); });
  field(engine, "versionIndex", [](const Artifact& a) { return or_null(a.version_index); });
  field(engine, "description", [](const Artifact& a) { return or_null(a.description); });
  field(engine, "metadata", [](const Artifact& a) { return or_null(a.metadata_json); });
  field(engine, "ttlIsInherited",
        [](const Artifact& a) { return Resolved(a.ttl_secs == store::kTtlInherit); });
  field(engine, "historyStep", [](const Artifact& a) { return or_null(a.history_step); });
  field(engine, "state", [](const Artifact& a) { return Resolved(store::to_string(a.state)); });
  field(engine, "size", [](const Artifact& a) { return Resolved(a.size_bytes); });
  field(engine, "digest", [](const Artifact& a) { return Resolved(a.digest); });
  field(engine, "digestAlgorithm",
        [](const Artifact& a) { return Resolved(text_or_null(a.digest_algorithm)); });
  field(engine, "commitHash",
        [](const Artifact& a) { return Resolved(text_or_null(a.commit_hash)); });
  field(engine, "fileCount", [](const Artifact& a) { return Resolved(a.file_count); });
  field(engine, "createdAt",
        [](const Artifact& a) { return Resolved(to_rfc3339(a.created_at_us)); });
  field(engine, "updatedAt",
        [](const Artifact& a) { return Resolved(to_rfc3339(a.updated_at_us)); });
}

}  // namespace

void register_artifact(graphql::Engine& engine) {
  register_plain_fields(engine);
  register_artifact_files(engine);
  engine.resolve("Artifact.artifactSequence", sequence);
  engine.resolve("Artifact.artifactType", type);
  engine.resolve("Artifact.ttlDurationSeconds", ttl);
  engine.resolve("Artifact.tags", tags);
  engine.resolve("Artifact.aliases", aliases);
  engine.resolve("Artifact.currentManifest",
                 [](const FieldCall& call) { return current_manifest(call, artifact_of(call)); });
  engine.resolve("Artifact.files", [](const FieldCall& call) {
    return list_artifact_files(call, artifact_of(call));
  });
  engine.resolve("Artifact.filesByManifestEntries", [](const FieldCall& call) {
    return list_artifact_files(call, artifact_of(call));
  });
  engine.resolve("ArtifactCollectionMembership.files", [](const FieldCall& call) {
    return list_artifact_files(call, call.parent<store::Member>().artifact);
  });
  engine.resolve("ArtifactSequence.digestAlgorithm",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved("MANIFEST_MD5"); });
  engine.resolve("Query.artifact", by_id);
  engine.resolve("Query.clientIDMapping", client_id_mapping);
}

}  // namespace runstone::api
