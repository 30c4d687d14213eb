#pragma once

#include <string_view>

#include "runstone/result.h"

namespace runstone::objects {

/// kInvalidArgument unless the key is made of '/'-separated parts of safe characters; so no key can
/// lead out of an engine's folder.
Result<void> check_key(std::string_view key);

}  // namespace runstone::objects
