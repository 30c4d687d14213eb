#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runstone/artifact.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::protocol {

// The GraphQL documents by which versions of artifacts are found and changed, and what they answer.
// Each is whole: fragments included.

extern const std::string_view kArtifactByNameDocument;     ///< $entity $project $name
extern const std::string_view kArtifactByIdDocument;       ///< $id
extern const std::string_view kCollectionTypeDocument;     ///< $entity $project $name
extern const std::string_view kArtifactManifestDocument;   ///< $id
extern const std::string_view kLinkedArtifactsDocument;    ///< $id
extern const std::string_view kArtifactUsedByDocument;     ///< $id
extern const std::string_view kArtifactCreatedByDocument;  ///< $id
extern const std::string_view kOrganizationsDocument;      ///< $entity
// Lists, page by page: $cursor $perPage, and
extern const std::string_view kRunOutputArtifactsDocument;  ///< $entity $project $run
extern const std::string_view kRunInputArtifactsDocument;   ///< the same
extern const std::string_view kProjectArtifactsDocument;    ///< $entity $project $type $collection
extern const std::string_view kAddAliasesDocument;          ///< $input, as of all that follow
extern const std::string_view kDeleteAliasesDocument;
extern const std::string_view kUpdateArtifactDocument;
extern const std::string_view kDeleteArtifactDocument;
extern const std::string_view kLinkArtifactDocument;
extern const std::string_view kUnlinkArtifactDocument;

/// A version in the collection where it was asked for. Errors: kNotFound if the answer has none.
Result<ArtifactFacts> parse_membership(const Value& membership);
/// A version in its own collection.
Result<ArtifactFacts> parse_artifact(const Value& artifact);
/// The places of a version that are links: the facts of `source` at each.
std::vector<ArtifactFacts> parse_links(const Value& artifact, const ArtifactFacts& source);
/// "entity/project/run" of a run's node; empty for anything else.
std::string run_path(const Value& run);

/// The value at a path of keys, or null: never fails.
const Value* value_at(const Value& value, std::initializer_list<std::string_view> path);
std::string text_at(const Value& value, std::initializer_list<std::string_view> path);

}  // namespace runstone::protocol
