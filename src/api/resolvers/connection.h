#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graphql/engine.h"
#include "graphql/node.h"

namespace runstone::api {

/// A page of a list, in Relay's form. Behind every ...Connection and ...Edge type.
struct Edge {
  graphql::Resolved node;
  std::string cursor;
};
struct Connection {
  std::vector<Edge> edges;
  bool has_next = false;

  void add(graphql::Resolved node, std::string cursor) {
    edges.push_back({std::move(node), std::move(cursor)});
  }
};

/// The `first` of a list: -1 if it was left out, which asks for all. kInvalidArgument if negative.
Result<std::int64_t> page_size(const graphql::FieldCall& call);

enum class Paged { kYes, kNo };
/// Answers `<type>Connection` and `<type>Edge`; without cursor and pageInfo if not paged.
void register_connection(graphql::Engine& engine, const std::string& type,
                         Paged paged = Paged::kYes);

}  // namespace runstone::api
