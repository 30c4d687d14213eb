#pragma once

#include "runstone/media.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::conformance {

/// The media object that `{"$media": kind, ...}` of the scenario describes. Patterns of pixels and
/// samples are those of scenario_media.py, byte by byte.
Result<Media> make_media(const Dict& spec);

}  // namespace runstone::conformance
