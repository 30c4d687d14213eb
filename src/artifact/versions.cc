#include "artifact/versions.h"

#include <algorithm>

#include "artifact/manifest.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"
#include "protocol/version_documents.h"

namespace runstone::artifact {
namespace {

using protocol::text_at;
using protocol::value_at;

constexpr const char* kRegistryPrefix = "wandb-registry-";
constexpr std::size_t kManifestMaxBytes = std::size_t{1} << 30;
constexpr std::int64_t kManifestTimeoutUs = 600'000'000;
constexpr int kManifestTries = 4;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool is_of_registry(const std::string& project) { return project.rfind(kRegistryPrefix, 0) == 0; }

/// "a", "b/a", "c/b/a" as {c, b, a}, the defaults for what is missing.
Result<std::vector<std::string>> parts_of_path(const std::string& text, const std::string& entity,
                                               const std::string& project, const char* form) {
  std::vector<std::string> parts = split(text, '/');
  const bool has_empty =
      std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  if (parts.size() > 3 || has_empty) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + text + "' is no name of the form " + std::string(form));
  }
  if (parts.size() < 2) parts.insert(parts.begin(), project);
  if (parts.size() < 3) parts.insert(parts.begin(), is_of_registry(parts[0]) ? "" : entity);
  return parts;
}

Dict by_id(const std::string& id) {
  Dict variables;
  variables.set("id", id);
  return variables;
}

List named(const char* key, const std::vector<std::string>& names) {
  List list;
  for (const std::string& name : names) {
    Dict item;
    item.set(key, name);
    list.emplace_back(std::move(item));
  }
  return list;
}

}  // namespace

Result<ArtifactName> parse_artifact_name(const std::string& text, const std::string& entity,
                                         const std::string& project) {
  constexpr const char* kForm = "[[entity/]project/]name[:alias]";
  // An alias has neither : nor /, so what follows the last one is it.
  const std::size_t last = text.rfind('/') == std::string::npos ? 0 : text.rfind('/') + 1;
  const std::size_t colon = text.find(':', last);
  if (text.substr(0, last).find(':') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + text + "' is no name of the form " + std::string(kForm));
  }
  RUNSTONE_TRY(auto parts, parts_of_path(text.substr(0, colon), entity, project, kForm));
  ArtifactName name{std::move(parts[0]), std::move(parts[1]), std::move(parts[2]), "latest"};
  if (colon != std::string::npos) name.alias = text.substr(colon + 1);
  if (name.alias.empty() || name.alias.find(':') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + text + "' is no name of the form " + std::string(kForm));
  }
  return name;
}

bool ArtifactName::is_registry() const { return is_of_registry(project); }
bool LinkTarget::is_registry() const { return is_of_registry(project); }

Result<LinkTarget> parse_link_target(const std::string& text, const std::string& entity,
                                     const std::string& project) {
  if (text.find(':') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument,
                "a link's target is a collection, without an alias: '" + text + "'");
  }
  RUNSTONE_TRY(auto parts, parts_of_path(text, entity, project, "[[entity/]project/]collection"));
  return LinkTarget{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

Result<std::string> entity_of_registries(const Server& server, const std::string& entity,
                                         const std::string& organization) {
  Dict variables;
  variables.set("entity", entity);
  RUNSTONE_TRY(
      const Value data,
      server.ask("FetchOrgInfoFromEntity", protocol::kOrganizationsDocument, std::move(variables)));
  std::vector<const Value*> found;
  if (const Value* own = value_at(data, {"entity", "organization"})) found.push_back(own);
  if (const Value* list = value_at(data, {"entity", "user", "organizations"});
      list != nullptr && list->is_list()) {
    for (const Value& one : *list->if_list()) found.push_back(&one);
  }
  std::vector<std::string> entities;
  for (const Value* one : found) {
    std::string name = text_at(*one, {"orgEntity", "name"});
    const bool is_meant =
        organization.empty() || organization == name || organization == text_at(*one, {"name"});
    const bool is_new = std::find(entities.begin(), entities.end(), name) == entities.end();
    if (is_meant && is_new && !name.empty()) entities.push_back(std::move(name));
  }
  if (entities.size() == 1) return entities.front();
  const std::string who = "entity '" + entity + "'";
  if (!organization.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                who + " belongs to no organization '" + organization + "'");
  }
  return fail(ErrorCode::kInvalidArgument,
              who + (entities.empty() ? " belongs to no organization, and so has no registries"
                                      : " belongs to several organizations: put the one that is "
                                        "meant in front of the registry's name"));
}

Result<ArtifactFacts> find_version(const Server& server, const ArtifactName& name) {
  Dict variables;
  variables.set("entity", name.entity);
  variables.set("project", name.project);
  variables.set("name", name.name + ":" + name.alias);
  RUNSTONE_TRY(const Value data,
               server.ask("ArtifactMembershipByName", protocol::kArtifactByNameDocument,
                          std::move(variables)));
  const Value* membership = value_at(data, {"project", "artifactCollectionMembership"});
  if (membership == nullptr) {
    return fail(ErrorCode::kNotFound, "artifact '" + name.entity + "/" + name.project + "/" +
                                          name.name + ":" + name.alias + "' not found in " +
                                          server.target().base_url);
  }
  return protocol::parse_membership(*membership);
}

Result<ArtifactFacts> fetch_version(const Server& server, const std::string& id) {
  RUNSTONE_TRY(const Value data,
               server.ask("ArtifactByID", protocol::kArtifactByIdDocument, by_id(id)));
  const Value* artifact = value_at(data, {"artifact"});
  if (artifact == nullptr) {
    return fail(ErrorCode::kNotFound, "no artifact with the id '" + id + "' found");
  }
  return protocol::parse_artifact(*artifact);
}

Result<std::optional<std::string>> type_of_collection(const Server& server, const LinkTarget& where,
                                                      std::int64_t timeout_us) {
  Dict variables;
  variables.set("entity", where.entity);
  variables.set("project", where.project);
  variables.set("name", where.collection + ":latest");
  RUNSTONE_TRY(const Value data, server.ask_once("ArtifactType", protocol::kCollectionTypeDocument,
                                                 std::move(variables), timeout_us));
  const std::string type = text_at(data, {"project", "artifact", "artifactType", "name"});
  return type.empty() ? std::nullopt : std::optional<std::string>(type);
}

Result<std::vector<protocol::ManifestEntry>> fetch_entries(const Server& server,
                                                           const std::string& id) {
  RUNSTONE_TRY(const Value data,
               server.ask("FetchArtifactManifest", protocol::kArtifactManifestDocument, by_id(id)));
  const std::string url = text_at(data, {"artifact", "currentManifest", "file", "directUrl"});
  if (url.empty()) return fail(ErrorCode::kNotFound, "the artifact has no manifest");
  net::ClientRequest request;
  request.url = server.whole_url(url);
  if (server.is_own(request.url)) request.api_key = server.target().api_key;
  request.timeout_us = kManifestTimeoutUs;
  request.response_max_bytes = kManifestMaxBytes;
  const auto connection = server.connect();
  auto answer = send_patiently(*connection, request, kManifestTries);
  if (!answer) return fail(std::move(answer).error().with_context("the artifact's manifest"));
  return parse_manifest(answer->body);
}

std::string file_url(const Server& server, const ArtifactFacts& facts,
                     const protocol::ManifestEntry& entry) {
  return server.whole_url("/artifactsV2/default/") + percent_encode(facts.entity) + "/" +
         percent_encode(facts.project) + "/" + percent_encode(facts.collection) + "/" +
         percent_encode(facts.id) + "/" + to_hex(from_base64(entry.digest).value_or("")) + "/" +
         percent_encode(entry.path.substr(entry.path.rfind('/') + 1));
}

// --- neighbours

Result<std::vector<ArtifactFacts>> linked_versions(const Server& server,
                                                   const ArtifactFacts& source) {
  RUNSTONE_TRY(const Value data, server.ask("FetchLinkedArtifacts",
                                            protocol::kLinkedArtifactsDocument, by_id(source.id)));
  const Value* artifact = value_at(data, {"artifact"});
  if (artifact == nullptr) return fail(ErrorCode::kNotFound, "the server has no such artifact");
  return protocol::parse_links(*artifact, source);
}

Result<std::vector<std::string>> runs_using(const Server& server, const std::string& id) {
  RUNSTONE_TRY(const Value data,
               server.ask("ArtifactUsedBy", protocol::kArtifactUsedByDocument, by_id(id)));
  std::vector<std::string> runs;
  const Value* edges = value_at(data, {"artifact", "usedBy", "edges"});
  if (edges == nullptr || !edges->is_list()) return runs;
  for (const Value& edge : *edges->if_list()) {
    const Value* node = value_at(edge, {"node"});
    std::string path = node == nullptr ? "" : protocol::run_path(*node);
    if (!path.empty()) runs.push_back(std::move(path));
  }
  return runs;
}

Result<std::string> run_that_logged(const Server& server, const std::string& id) {
  RUNSTONE_TRY(const Value data,
               server.ask("ArtifactCreatedBy", protocol::kArtifactCreatedByDocument, by_id(id)));
  const Value* creator = value_at(data, {"artifact", "createdBy"});
  return creator == nullptr ? std::string() : protocol::run_path(*creator);
}

// --- changes

Result<void> change_version(const Server& server, const ArtifactFacts& facts,
                            const VersionChanges& changes) {
  const auto change_aliases = [&](const char* name, std::string_view document,
                                  const std::vector<std::string>& aliases) -> Result<void> {
    if (aliases.empty()) return {};
    List places;
    for (const std::string& alias : aliases) {
      Dict place;
      place.set("entityName", facts.entity);
      place.set("projectName", facts.project);
      place.set("artifactCollectionName", facts.collection);
      place.set("alias", alias);
      places.emplace_back(std::move(place));
    }
    Dict input;
    input.set("artifactID", facts.id);
    input.set("aliases", std::move(places));
    RUNSTONE_TRY(server.ask_with_input(name, document, std::move(input)));
    return {};
  };
  RUNSTONE_TRY(change_aliases("AddAliases", protocol::kAddAliasesDocument, changes.aliases_to_add));
  RUNSTONE_TRY(
      change_aliases("DeleteAliases", protocol::kDeleteAliasesDocument, changes.aliases_to_delete));
  Dict input;
  input.set("artifactID", facts.id);
  input.set("description", changes.description);
  input.set("metadata", json::to_text(Value(changes.metadata)));
  if (changes.ttl_secs) input.set("ttlDurationSeconds", *changes.ttl_secs);
  input.set("tagsToAdd", named("tagName", changes.tags_to_add));
  input.set("tagsToDelete", named("tagName", changes.tags_to_delete));
  RUNSTONE_TRY(
      server.ask_with_input("UpdateArtifact", protocol::kUpdateArtifactDocument, std::move(input)));
  return {};
}

Result<ArtifactFacts> link_version(const Server& server, const std::string& id,
                                   const LinkTarget& target,
                                   const std::vector<std::string>& aliases) {
  List named_aliases;
  for (const std::string& alias : aliases) {
    Dict item;
    item.set("artifactCollectionName", target.collection);
    item.set("alias", alias);
    named_aliases.emplace_back(std::move(item));
  }
  Dict input;
  input.set("artifactID", id);
  input.set("artifactPortfolioName", target.collection);
  input.set("entityName", target.entity);
  input.set("projectName", target.project);
  input.set("aliases", std::move(named_aliases));
  RUNSTONE_TRY(
      const Value data,
      server.ask_with_input("LinkArtifact", protocol::kLinkArtifactDocument, std::move(input)));
  const Value* membership = value_at(data, {"linkArtifact", "artifactMembership"});
  if (membership == nullptr) {
    return fail(ErrorCode::kConflict, "the server did not say where the artifact was linked");
  }
  return protocol::parse_membership(*membership);
}

Result<void> unlink_version(const Server& server, const ArtifactFacts& facts) {
  Dict input;
  input.set("artifactID", facts.id);
  input.set("artifactPortfolioID", facts.collection_id);
  RUNSTONE_TRY(
      server.ask_with_input("UnlinkArtifact", protocol::kUnlinkArtifactDocument, std::move(input)));
  return {};
}

Result<void> delete_version(const Server& server, const std::string& id, bool delete_aliases) {
  Dict input;
  input.set("artifactID", id);
  input.set("deleteAliases", delete_aliases);
  RUNSTONE_TRY(
      server.ask_with_input("DeleteArtifact", protocol::kDeleteArtifactDocument, std::move(input)));
  return {};
}

}  // namespace runstone::artifact
