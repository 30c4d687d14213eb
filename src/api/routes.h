#pragma once

#include "api/services.h"
#include "net/server/router.h"

namespace runstone::api {

// Each adds the routes of one subject; `services` outlives the router. GraphQL's is in
// graphql_route.h. What the routes take and give: docs/format/web-api.md.
void add_file_stream_route(http::Router& router, const Services& services);
void add_file_routes(http::Router& router, const Services& services);
void add_artifact_routes(http::Router& router, const Services& services);
void add_run_routes(http::Router& router, const Services& services);  ///< console, keys
void add_series_route(http::Router& router, const Services& services);
void add_events_route(http::Router& router, const Services& services);
void add_signin_routes(http::Router& router, const Services& services);
void add_health_routes(http::Router& router, const Services& services);  ///< and metrics

}  // namespace runstone::api
