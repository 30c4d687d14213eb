#include "api/api_context.h"
#include "api/resolvers/resolvers.h"

namespace runstone::api {

using graphql::FieldCall;
using graphql::Resolved;

// No optional feature is announced until the part that it promises is there. The newest client that
// this API was checked with is the one named.
void register_server(graphql::Engine& engine) {
  engine.resolve("Query.serverInfo", [](const FieldCall& call) -> Result<Resolved> {
    const auto& version = context_of(call).services.version;
    Dict info;
    info.set("features", List{});
    info.set("cliVersionInfo", Dict{{"max_cli_version", "0.31.0"}});
    info.set("latestLocalVersionInfo", Dict{{"outOfDate", false},
                                            {"latestVersionString", version},
                                            {"versionOnThisInstanceString", version}});
    return Resolved(Value(std::move(info)));
  });
}

}  // namespace runstone::api
