#include "api/api_context.h"
#include "api/resolvers/resolvers.h"

namespace runstone::api {

using graphql::FieldCall;
using graphql::Resolved;

constexpr const char* kFeatures[] = {
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "ARTIFACT_REGISTRY_SEARCH",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
};

// No optional feature is announced until the part that it promises is there. The newest client that
// this API was checked with is the one named.
void register_server(graphql::Engine& engine) {
  engine.resolve("Query.serverInfo", [](const FieldCall& call) -> Result<Resolved> {
    const auto& version = context_of(call).services.version;
    Dict info;
    List features;
    for (const char* name : kFeatures) {
      features.emplace_back(Dict{{"name", name}, {"isEnabled", true}});
    }
    info.set("features", std::move(features));
    info.set("cliVersionInfo", Dict{{"max_cli_version", "0.31.0"}});
    info.set("latestLocalVersionInfo", Dict{{"outOfDate", false},
                                            {"latestVersionString", version},
                                            {"versionOnThisInstanceString", version}});
    return Resolved(Value(std::move(info)));
  });
}

}  // namespace runstone::api
