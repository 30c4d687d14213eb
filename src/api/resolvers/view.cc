#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_view(graphql::Engine&) {}

}  // namespace runstone::api
