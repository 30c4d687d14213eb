#pragma once

#include <string>
#include <string_view>

#include "runstone/result.h"

namespace runstone::auth {

inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;

/// kInvalidArgument if it is too short or too long; length is the only rule.
Result<void> check_new_password(std::string_view password);

/// "$argon2id$v=19$m=19456,t=2,p=1$salt$hash": cost and salt are in it, so old ones stay readable
/// when the cost rises. Takes about 30 ms and 19 MiB; at most two at once, others wait.
/// Errors: kInvalidArgument as above, kResourceExhausted without that memory.
Result<std::string> encode_password(std::string_view password);

/// Takes the same time for an empty `encoded`, to which no password is right.
bool check_password(std::string_view encoded, std::string_view password);

}  // namespace runstone::auth
