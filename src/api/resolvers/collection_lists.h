#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/api_context.h"
#include "api/resolvers/record_pages.h"
#include "graphql/engine.h"
#include "store/artifact_store.h"

// Lists of collections and versions: filtered, ordered, in pages, with their number.
namespace runstone::api {

struct CountedEdge {
  graphql::Resolved node;
  std::string cursor;
  std::optional<std::int64_t> version_index;  ///< in lists of a collection's versions
};
/// Behind every ...Connection that has a totalCount.
struct CountedConnection {
  std::vector<CountedEdge> edges;
  bool has_next = false;
  std::int64_t total_count = 0;

  void add(graphql::Resolved node, std::string cursor,
           std::optional<std::int64_t> version_index = std::nullopt) {
    edges.push_back({std::move(node), std::move(cursor), version_index});
  }
};
/// Answers `<type>Connection` and `<type>Edge`.
void register_counted_connection(graphql::Engine& engine, const std::string& type);

/// Arguments first, after, order, filters, and collectionTypes where there is one.
Result<graphql::Resolved> list_collections(const graphql::FieldCall& call,
                                           std::vector<store::ProjectId> projects,
                                           std::optional<store::ArtifactTypeId> type);

enum class ListOf { kVersions, kMemberships };
/// Arguments first, after, order, filters; newest first.
Result<graphql::Resolved> list_collection_members(const graphql::FieldCall& call,
                                                  const store::Collection& collection, ListOf what);
/// The same over many collections: all versions in them.
Result<graphql::Resolved> list_members_of(const graphql::FieldCall& call,
                                          std::vector<store::CollectionId> collections,
                                          ListOf what);

/// The collections that pass, all of them. For lists of what is in them.
Result<std::vector<store::Collection>> filtered_collections(const ApiContext& context,
                                                            const store::ListCollections& request,
                                                            const RecordFilter& filter);

/// A Tag as the properties of its fields.
Value tag_value(const std::string& name);

}  // namespace runstone::api
