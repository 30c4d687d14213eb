#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_sweep(graphql::Engine&) {}

}  // namespace runstone::api
