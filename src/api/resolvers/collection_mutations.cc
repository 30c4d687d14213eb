#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_collection_mutations(graphql::Engine&) {}

}  // namespace runstone::api
