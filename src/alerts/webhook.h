#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "alerts/message.h"
#include "net/client/http_client.h"

namespace runstone::alerts {

/// The JSON body of a webhook; equal for every attempt. docs/format/alerts.md describes it.
std::string webhook_body(const Message& message);

/// "t=<seconds since 1970>,v1=<hex>": HMAC-SHA256 under `secret` of "<seconds>.<body>". The time is
/// signed too, so that a receiver can refuse a body that someone sends again later.
std::string webhook_signature(std::string_view secret, std::int64_t now_us, std::string_view body);

/// Posts it, once. Redirects are refused, not followed: an answer must not choose who else hears
/// it.
Outcome send_webhook(net::HttpTransport& transport, const store::AlertTarget& target,
                     const Message& message, std::int64_t now_us);

}  // namespace runstone::alerts
