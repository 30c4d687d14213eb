#pragma once

#include <string_view>

#include "runstone/result.h"

namespace runstone::ingest {

/// Whether a project or a run can be called so: what can stand in a URL's path and in the client's
/// own paths. kInvalidArgument with the rule, `what` in front ("project").
Result<void> check_name(const char* what, std::string_view name);

}  // namespace runstone::ingest
