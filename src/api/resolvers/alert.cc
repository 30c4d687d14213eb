#include "api/resolvers/resolvers.h"

namespace runstone::api {

void register_alert(graphql::Engine&) {}

}  // namespace runstone::api
