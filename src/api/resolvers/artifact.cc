#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_artifact(graphql::Engine&) {}

}  // namespace runstone::api
