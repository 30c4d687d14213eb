#pragma once

#include <string_view>

#include "runstone/result.h"
#include "store/alert_store.h"

namespace runstone::alerts {

inline constexpr std::size_t kTargetNameBytesMax = 128;
inline constexpr std::size_t kTargetUrlBytesMax = 2048;
inline constexpr std::size_t kTargetSecretBytesMax = 1024;
inline constexpr std::size_t kTargetSecretBytesMin = 16;  ///< of a webhook's
inline constexpr std::size_t kRecipientsMax = 50;

/// Says what is wrong with a target that someone wants to set. Names are looked up only when
/// something is sent, and checked again then.
/// Errors: kInvalidArgument; kPermissionDenied for an address that needs `allow_private`.
Result<void> check_target(const store::AlertTarget& target);

/// True for name@domain in ASCII without spaces, quotes or control characters: nothing that could
/// end a header or a command of the mail protocol.
bool is_mail_address(std::string_view text);

}  // namespace runstone::alerts
