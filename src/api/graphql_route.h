#pragma once

#include <memory>
#include <string_view>

#include "api/services.h"
#include "graphql/engine.h"
#include "net/server/http.h"
#include "net/server/router.h"

namespace runstone::api {

/// The schema of schemas/*.graphql with its resolvers.
class GraphqlApi {
 public:
  /// `services` outlives it. A schema that does not parse is a bug that every test finds: asserts.
  explicit GraphqlApi(const Services& services);

  /// POST /graphql {query, variables?, operationName?}. Blocks: for a thread of the pool.
  /// 401 without a valid key; 400 for a body that is no such JSON; 503 or 429 where nothing was
  /// answered and asking again may help; else 200, with the errors inside.
  http::Response answer(const http::Request& request) const;

  const graphql::Engine& engine() const { return engine_; }

 private:
  const Services& services_;
  graphql::Engine engine_;
};

/// The engine with every resolver; they find Services in the ApiContext of each request.
graphql::Engine make_graphql_engine();

/// POST /graphql. `services` outlives the router.
void add_graphql_route(http::Router& router, const Services& services);

/// The text of schemas/*.graphql, as it was when this was built.
std::string_view schema_text();

}  // namespace runstone::api
