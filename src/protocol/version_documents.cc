#include "protocol/version_documents.h"

#include <algorithm>

#include "base/json.h"

namespace runstone::protocol {

#define PLACE "name project { name entity { name } }"
#define VERSION                                                                                   \
  "id artifactSequence { " PLACE                                                                  \
  " } versionIndex artifactType { name } description metadata ttlDurationSeconds ttlIsInherited " \
  "tags { name } historyStep state size digest digestAlgorithm commitHash fileCount createdAt "   \
  "updatedAt aliases { alias artifactCollection { " PLACE " } }"
#define MEMBERSHIP                                                                     \
  "versionIndex createdAt aliases { alias } artifactCollection { __typename id " PLACE \
  " } "                                                                                \
  "artifact { " VERSION " }"

const std::string_view kArtifactByNameDocument =
    "query ArtifactMembershipByName($entity: String!, $project: String!, $name: String!) { "
    "project(name: $project, entityName: $entity) { artifactCollectionMembership(name: $name) "
    "{ " MEMBERSHIP " } } }";
const std::string_view kArtifactByIdDocument =
    "query ArtifactByID($id: ID!) { artifact(id: $id) { " VERSION " } }";
const std::string_view kCollectionTypeDocument =
    "query ArtifactType($entity: String!, $project: String!, $name: String!) { "
    "project(name: $project, entityName: $entity) { artifact(name: $name) { artifactType { name } "
    "} } }";
const std::string_view kArtifactManifestDocument =
    "query FetchArtifactManifest($id: ID!) { artifact(id: $id) { currentManifest { file { "
    "directUrl } } } }";
const std::string_view kLinkedArtifactsDocument =
    "query FetchLinkedArtifacts($id: ID!) { artifact(id: $id) { artifactMemberships { edges { node "
    "{ versionIndex createdAt aliases { alias } artifactCollection { __typename id " PLACE
    " } } } } } }";
const std::string_view kArtifactUsedByDocument =
    "query ArtifactUsedBy($id: ID!) { artifact(id: $id) { usedBy { edges { node { name project { "
    "name entity { name } } } } } } }";
const std::string_view kArtifactCreatedByDocument =
    "query ArtifactCreatedBy($id: ID!) { artifact(id: $id) { createdBy { __typename ... on Run { "
    "name project { name entity { name } } } } } }";
const std::string_view kOrganizationsDocument =
    "query FetchOrgInfoFromEntity($entity: String!) { entity(name: $entity) { organization { name "
    "orgEntity { name } } user { organizations { name orgEntity { name } } } } }";
#define VERSIONS "totalCount pageInfo { endCursor hasNextPage } edges { node { " VERSION " } }"
#define OF_RUN                                                                              \
  "($entity: String!, $project: String!, $run: String!, $cursor: String, $perPage: Int) { " \
  "project(entityName: $entity, name: $project) { run(name: $run) { artifacts: "
const std::string_view kRunOutputArtifactsDocument =
    "query RunOutputArtifacts" OF_RUN "outputArtifacts(after: $cursor, first: $perPage) { " VERSIONS
    " } } } }";
const std::string_view kRunInputArtifactsDocument =
    "query RunInputArtifacts" OF_RUN "inputArtifacts(after: $cursor, first: $perPage) { " VERSIONS
    " } } } }";
const std::string_view kProjectArtifactsDocument =
    "query ProjectArtifacts($entity: String!, $project: String!, $type: String!, "
    "$collection: String!, $cursor: String, $perPage: Int = 50) { "
    "project(entityName: $entity, name: $project) { artifactType(name: $type) { "
    "artifactCollection(name: $collection) { artifacts(after: $cursor, first: $perPage) { " VERSIONS
    " } } } } }";
const std::string_view kAddAliasesDocument =
    "mutation AddAliases($input: AddAliasesInput!) { addAliases(input: $input) { success } }";
const std::string_view kDeleteAliasesDocument =
    "mutation DeleteAliases($input: DeleteAliasesInput!) { deleteAliases(input: $input) { success "
    "} }";
const std::string_view kUpdateArtifactDocument =
    "mutation UpdateArtifact($input: UpdateArtifactInput!) { updateArtifact(input: $input) { "
    "artifact { " VERSION " } } }";
const std::string_view kDeleteArtifactDocument =
    "mutation DeleteArtifact($input: DeleteArtifactInput!) { deleteArtifact(input: $input) { "
    "artifact { id } } }";
const std::string_view kLinkArtifactDocument =
    "mutation LinkArtifact($input: LinkArtifactInput!) { linkArtifact(input: $input) { "
    "artifactMembership { " MEMBERSHIP " } } }";
const std::string_view kUnlinkArtifactDocument =
    "mutation UnlinkArtifact($input: UnlinkArtifactInput!) { unlinkArtifact(input: $input) { "
    "success } }";

const Value* value_at(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* found = &value;
  for (const std::string_view key : path) {
    found = found->get(key);
    if (found == nullptr || found->is_null()) return nullptr;
  }
  return found;
}

std::string text_at(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* found = value_at(value, path);
  return found == nullptr ? "" : std::string(found->string_or(""));
}

namespace {

std::int64_t int_at(const Value& value, std::string_view key, std::int64_t fallback) {
  const Value* found = value.get(key);
  return found == nullptr ? fallback : found->int_or(fallback);
}

template <typename Visit>
void for_each_of(const Value& value, std::initializer_list<std::string_view> path, Visit visit) {
  const Value* list = value_at(value, path);
  if (list == nullptr || !list->is_list()) return;
  for (const Value& item : *list->if_list()) visit(item);
}

bool is_version(const std::string& alias) {
  return alias.size() > 1 && alias[0] == 'v' &&
         std::all_of(alias.begin() + 1, alias.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string version_text(const Value& node) {
  const std::int64_t index = int_at(node, "versionIndex", -1);
  return index < 0 ? "" : "v" + std::to_string(index);
}

/// Which collection in which project, whatever node has it.
void read_place(const Value& collection, ArtifactFacts& facts) {
  facts.entity = text_at(collection, {"project", "entity", "name"});
  facts.project = text_at(collection, {"project", "name"});
  facts.collection = text_at(collection, {"name"});
}

bool is_at_place(const Value& collection, const ArtifactFacts& facts) {
  ArtifactFacts other;
  read_place(collection, other);
  return other.entity == facts.entity && other.project == facts.project &&
         other.collection == facts.collection;
}

void read_links_own(const Value& membership, ArtifactFacts& facts) {
  const Value* collection = value_at(membership, {"artifactCollection"});
  if (collection == nullptr) return;
  read_place(*collection, facts);
  facts.collection_id = text_at(*collection, {"id"});
  facts.version = version_text(membership);
  facts.is_link = facts.entity != facts.source_entity || facts.project != facts.source_project ||
                  facts.collection != facts.source_collection;
  facts.linked_at = facts.is_link ? text_at(membership, {"createdAt"}) : "";
  facts.aliases.clear();
  for_each_of(membership, {"aliases"}, [&](const Value& alias) {
    std::string name = text_at(alias, {"alias"});
    if (!is_version(name)) facts.aliases.push_back(std::move(name));
  });
}

}  // namespace

Result<ArtifactFacts> parse_artifact(const Value& artifact) {
  ArtifactFacts facts;
  facts.id = text_at(artifact, {"id"});
  if (facts.id.empty()) return fail(ErrorCode::kNotFound, "the server has no such artifact");
  if (const Value* sequence = value_at(artifact, {"artifactSequence"})) {
    read_place(*sequence, facts);
  }
  facts.version = version_text(artifact);
  facts.source_entity = facts.entity;
  facts.source_project = facts.project;
  facts.source_collection = facts.collection;
  facts.source_version = facts.version;
  facts.type = text_at(artifact, {"artifactType", "name"});
  facts.description = text_at(artifact, {"description"});
  if (auto metadata = json::parse(text_at(artifact, {"metadata"}));
      metadata && metadata->is_dict()) {
    facts.metadata = *metadata->if_dict();
  }
  facts.ttl_secs = int_at(artifact, "ttlDurationSeconds", 0);
  if (facts.ttl_secs <= 0) facts.ttl_secs = Artifact::kTtlForever;
  const Value* inherited = artifact.get("ttlIsInherited");
  facts.ttl_is_inherited = inherited == nullptr || inherited->bool_or(true);
  for_each_of(artifact, {"tags"},
              [&](const Value& tag) { facts.tags.push_back(text_at(tag, {"name"})); });
  for_each_of(artifact, {"aliases"}, [&](const Value& alias) {
    const Value* collection = value_at(alias, {"artifactCollection"});
    std::string name = text_at(alias, {"alias"});
    if (collection != nullptr && is_at_place(*collection, facts) && !is_version(name)) {
      facts.aliases.push_back(std::move(name));
    }
  });
  if (const Value* step = artifact.get("historyStep"); step != nullptr && step->is_int()) {
    facts.history_step = std::max<std::int64_t>(0, *step->if_int() - 1);  // it counts from 1
  }
  facts.state = text_at(artifact, {"state"});
  facts.size_bytes = static_cast<std::uint64_t>(int_at(artifact, "size", 0));
  facts.digest = text_at(artifact, {"digest"});
  facts.digest_algorithm =
      text_at(artifact, {"digestAlgorithm"}) == "MANIFEST_XXH128" ? "XXH128" : "MD5";
  facts.commit_hash = text_at(artifact, {"commitHash"});
  facts.file_count = static_cast<std::uint64_t>(int_at(artifact, "fileCount", 0));
  facts.created_at = text_at(artifact, {"createdAt"});
  facts.updated_at = text_at(artifact, {"updatedAt"});
  if (facts.updated_at.empty()) facts.updated_at = facts.created_at;
  return facts;
}

Result<ArtifactFacts> parse_membership(const Value& membership) {
  const Value* artifact = value_at(membership, {"artifact"});
  if (artifact == nullptr) return fail(ErrorCode::kNotFound, "the server has no such artifact");
  auto facts = parse_artifact(*artifact);
  if (facts) read_links_own(membership, *facts);
  return facts;
}

std::vector<ArtifactFacts> parse_links(const Value& artifact, const ArtifactFacts& source) {
  std::vector<ArtifactFacts> links;
  for_each_of(artifact, {"artifactMemberships", "edges"}, [&](const Value& edge) {
    const Value* node = value_at(edge, {"node"});
    if (node == nullptr) return;
    ArtifactFacts facts = source;
    read_links_own(*node, facts);
    if (facts.is_link) links.push_back(std::move(facts));
  });
  return links;
}

std::string run_path(const Value& run) {
  const std::string name = text_at(run, {"name"});
  const std::string project = text_at(run, {"project", "name"});
  const std::string entity = text_at(run, {"project", "entity", "name"});
  if (name.empty() || project.empty() || entity.empty()) return "";
  return entity + "/" + project + "/" + name;
}

}  // namespace runstone::protocol
