#pragma once

#include <string_view>

namespace runstone::api {

/// SQL's LIKE: % is any text, _ one character, \ takes the next one as it is. In linear time for
/// any pattern of one %, quadratic at worst.
bool matches_like(std::string_view text, std::string_view pattern);

}  // namespace runstone::api
