#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/api_context.h"
#include "graphql/node.h"
#include "store/artifact_store.h"

// Look-ups of versions and collections with the check of access. What the viewer may not read looks
// like what is not there.
namespace runstone::api {

/// The objects behind the types are the store's own: store::Artifact, store::Collection (sequences
/// and portfolios), store::Member (memberships), store::ArtifactType, store::ArtifactAlias; a Tag
/// is a Dict (tag_value()). These note what a list holds in the request's cache (artifact_cache.h),
/// so that its aliases, tags and collections are read once for all.
graphql::Node artifact_node(const ApiContext& context, store::Artifact artifact);
graphql::Node collection_node(const ApiContext& context, store::Collection collection);
graphql::Node member_node(const ApiContext& context, store::Member member);

/// Where it is itself, or in one of the collections that it is linked to and that he sees.
Result<bool> may(const ApiContext& context, auth::Action action, const store::Artifact& artifact);
inline Result<bool> may_read(const ApiContext& context, const store::Artifact& artifact) {
  return may(context, auth::Action::kRead, artifact);
}
/// Its files' bytes. Asked once for each version in a request, for lists of its files.
Result<bool> may_download(const ApiContext& context, const store::Artifact& artifact);
/// kNotFound if it is not there or may not be read; kPermissionDenied if it may only be read.
Result<store::Artifact> readable_artifact(const ApiContext& context, std::string_view id);
Result<store::Artifact> writable_artifact(const ApiContext& context, std::string_view id);

Result<store::Collection> collection_by_id(const ApiContext& context, std::string_view id,
                                           auth::Action action);
Result<store::Collection> collection_by_name(const ApiContext& context, std::string_view entity,
                                             std::string_view project, std::string_view name,
                                             auth::Action action);

/// By alias, "v3", or digest. kNotFound if there is none.
Result<store::Member> find_member(const ApiContext& context, store::CollectionId collection,
                                  std::string_view place);
/// "name:alias", "name" for "name:latest".
Result<store::Member> find_member_by_name(const ApiContext& context, store::ProjectId project,
                                          std::string_view name);

}  // namespace runstone::api
