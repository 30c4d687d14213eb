#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_lineage(graphql::Engine&) {}

}  // namespace runstone::api
