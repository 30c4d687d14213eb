#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_account(graphql::Engine&) {}

}  // namespace runstone::api
