#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_registry(graphql::Engine&) {}

}  // namespace runstone::api
