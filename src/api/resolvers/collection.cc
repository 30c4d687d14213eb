#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_collection(graphql::Engine&) {}

}  // namespace runstone::api
