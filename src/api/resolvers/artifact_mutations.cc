#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_artifact_mutations(graphql::Engine&) {}

}  // namespace runstone::api
