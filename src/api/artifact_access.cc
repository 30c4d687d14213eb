#include "api/artifact_access.h"

#include <array>
#include <charconv>
#include <utility>

#include "artifacts/names.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using store::Artifact;
using store::Collection;
using store::Member;

store::ArtifactStore& artifacts_of(const ApiContext& context) {
  return context.services.store.artifacts();
}

}  // namespace

graphql::Node artifact_node(const ApiContext& context, Artifact artifact) {
  context.artifacts.note(artifact);
  return graphql::Node::of(std::move(artifact));
}

graphql::Node collection_node(const ApiContext& context, Collection collection) {
  context.artifacts.note(collection);
  const bool sequence = collection.kind == store::CollectionKind::kSequence;
  return graphql::Node::of(std::move(collection),
                           sequence ? "ArtifactSequence" : "ArtifactPortfolio");
}

graphql::Node member_node(const ApiContext& context, Member member) {
  context.artifacts.note(member.artifact);
  context.artifacts.note_collection(member.membership.collection);
  return graphql::Node::of(std::move(member));
}

Result<bool> may(const ApiContext& context, auth::Action action, const Artifact& artifact) {
  if (require(context, action, place_of(artifact))) return true;
  const std::array ids = {artifact.id};
  RUNSTONE_TRY(const auto places, artifacts_of(context).memberships_of(ids));
  for (const auto& place : places) context.artifacts.note_collection(place.collection);
  for (const auto& place : places) {
    RUNSTONE_TRY(const auto* visible, context.artifacts.collection(place.collection));
    if (visible != nullptr && require(context, action, place_of(*visible))) return true;
  }
  return false;
}

Result<bool> may_download(const ApiContext& context, const Artifact& artifact) {
  const auto known = context.downloads.find(artifact.id);
  if (known != context.downloads.end()) return known->second;
  RUNSTONE_TRY(const bool allowed, may(context, auth::Action::kDownload, artifact));
  context.downloads.emplace(artifact.id, allowed);
  return allowed;
}

Result<Artifact> readable_artifact(const ApiContext& context, std::string_view id) {
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound, "no artifact has the id " + std::string(id.substr(0, 80)));
  };
  const auto number = parse_id("Artifact", id);
  if (!number) return missing();
  auto artifact = artifacts_of(context).get_artifact(store::ArtifactId(*number));
  if (!artifact) {
    if (artifact.error().code == ErrorCode::kNotFound) return missing();
    return artifact;
  }
  RUNSTONE_TRY(const bool visible, may_read(context, *artifact));
  if (!visible) return missing();
  return artifact;
}

Result<Artifact> writable_artifact(const ApiContext& context, std::string_view id) {
  RUNSTONE_TRY(auto artifact, readable_artifact(context, id));
  if (artifact.state == store::ArtifactState::kDeleted) {
    return fail(ErrorCode::kNotFound, "this version was deleted");
  }
  RUNSTONE_TRY(require(context, auth::Action::kWrite, place_of(artifact)));
  return artifact;
}

Result<Collection> collection_by_id(const ApiContext& context, std::string_view id,
                                    auth::Action action) {
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound,
                "no artifact collection has the id " + std::string(id.substr(0, 80)));
  };
  const auto number = parse_id("ArtifactCollection", id);
  if (!number) return missing();
  auto collection = artifacts_of(context).get_collection(store::CollectionId(*number));
  if (!collection) {
    if (collection.error().code == ErrorCode::kNotFound) return missing();
    return collection;
  }
  if (!require(context, auth::Action::kRead, place_of(*collection))) return missing();
  RUNSTONE_TRY(require(context, action, place_of(*collection)));
  return collection;
}

Result<Collection> collection_by_name(const ApiContext& context, std::string_view entity,
                                      std::string_view project, std::string_view name,
                                      auth::Action action) {
  RUNSTONE_TRY(const auto found_project, find_project(context, entity, project));
  if (found_project) {
    auto found = artifacts_of(context).find_collection(found_project->id, name);
    if (found) {
      RUNSTONE_TRY(require(context, action, place_of(*found)));
      return found;
    }
    if (found.error().code != ErrorCode::kNotFound) return found;
  }
  return fail(ErrorCode::kNotFound, "there is no artifact collection " +
                                        std::string(name.substr(0, 128)) + " in " +
                                        std::string(entity) + "/" + std::string(project));
}

Result<Member> find_member(const ApiContext& context, store::CollectionId collection,
                           std::string_view place) {
  auto& store = artifacts_of(context);
  if (artifacts::is_version_name(place)) {
    std::int64_t index = -1;
    const auto digits = place.substr(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), index);
    return store.find_member(collection, index);
  }
  auto by_alias = store.find_member_by_alias(collection, place);
  if (by_alias || by_alias.error().code != ErrorCode::kNotFound) return by_alias;
  return store.find_member_by_digest(collection, place);
}

Result<Member> find_member_by_name(const ApiContext& context, store::ProjectId project,
                                   std::string_view name) {
  const auto colon = name.find(':');
  const auto place = colon == std::string_view::npos ? "latest" : name.substr(colon + 1);
  RUNSTONE_TRY(const auto collection,
               artifacts_of(context).find_collection(project, name.substr(0, colon)));
  return find_member(context, collection.id, place);
}

}  // namespace runstone::api
