#pragma once

#include <string_view>

#include "runstone/result.h"
#include "runstone/settings.h"

namespace runstone {

/// Each tag a text of 1 to 64 characters, else kInvalidArgument.
Result<void> check_tags(const List& tags);

/// What the environment's variables with this prefix ("RUNSTONE_") set.
Result<Settings> settings_from_variables(std::string_view prefix);

}  // namespace runstone
