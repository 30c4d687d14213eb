#pragma once

#include <string>
#include <string_view>

#include "runstone/value.h"

namespace runstone::protocol {

/// EnvironmentRecord's bytes to the names of wandb-metadata.json and back. Throws
/// protozero::exception for bytes that are no message; record.cc catches it.
Dict decode_environment(std::string_view bytes);
std::string encode_environment(const Dict& metadata);

/// RFC 3339 UTC text ("2026-11-23T13:29:27.123456Z") to microseconds since 1970; 0 if it is none.
std::int64_t parse_rfc3339(std::string_view text);

}  // namespace runstone::protocol
