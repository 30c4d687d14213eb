#include "api/resolvers/connection.h"

#include "api/resolvers/resolvers.h"
#include "graphql/engine.h"

namespace runstone::api {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;

Result<std::int64_t> page_size(const FieldCall& call) {
  if (call.argument("first") == nullptr) return -1;
  const auto first = call.integer("first", -1);
  if (first >= 0) return first;
  return fail(ErrorCode::kInvalidArgument,
              "first: a page has 0 or more items, not " + std::to_string(first));
}

void register_connection(graphql::Engine& engine, const std::string& type, Paged paged) {
  engine.resolve(type + "Connection.edges", [](const FieldCall& call) -> Result<Resolved> {
    std::vector<Resolved> edges;
    for (const auto& edge : call.parent<Connection>().edges) edges.emplace_back(Node::borrow(edge));
    return Resolved(std::move(edges));
  });
  engine.resolve(type + "Edge.node", [](const FieldCall& call) -> Result<Resolved> {
    return call.parent<Edge>().node;
  });
  if (paged == Paged::kNo) return;
  engine.resolve(type + "Edge.cursor", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<Edge>().cursor);
  });
  engine.resolve(type + "Connection.pageInfo", [](const FieldCall& call) -> Result<Resolved> {
    const auto& connection = call.parent<Connection>();
    Dict page;
    page.set("endCursor",
             connection.edges.empty() ? Value() : Value(connection.edges.back().cursor));
    page.set("hasNextPage", connection.has_next);
    return Resolved(Value(std::move(page)));
  });
}

}  // namespace runstone::api
