#pragma once

#include <cstdint>
#include <string>

#include "alerts/message.h"
#include "net/client/smtp_client.h"

namespace runstone::alerts {

/// The mail with its headers, lines ended by CRLF. What users wrote can stand in the subject and in
/// the body only: the one is a single encoded line, the other base64.
std::string mail_text(const store::AlertTarget& target, const Message& message,
                      std::int64_t now_us);

/// A header's value as ASCII without control characters: RFC 2047 words where it has others.
std::string encode_header(std::string_view text);

/// Sends it, once.
Outcome send_mail(net::MailTransport& transport, const store::AlertTarget& target,
                  const Message& message, std::int64_t now_us);

}  // namespace runstone::alerts
