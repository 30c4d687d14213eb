#pragma once

#include <string>
#include <vector>

#include "api/api_context.h"
#include "graphql/engine.h"
#include "store/alert_store.h"

namespace runstone::api {

/// A target as one viewer sees it.
struct AdministeredTarget {
  store::AlertTarget target;
  std::string entity_name;    ///< "": of the whole server
  bool administered = false;  ///< else the viewer sees its name only
};

/// Every target of the server. Two statements.
Result<std::vector<AdministeredTarget>> list_alert_targets(const ApiContext& context);

/// Fields and mutations of targets, and the stock client's webhooks ("integrations").
void register_alert_targets(graphql::Engine& engine);

}  // namespace runstone::api
