#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace runstone {

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);
/// Standard alphabet, padded.
std::string to_base64(std::string_view bytes);
/// URL alphabet, without padding.
std::string to_base64url(std::string_view bytes);
/// Takes both alphabets, with or without padding; nothing for any other character.
std::optional<std::string> from_base64(std::string_view text);

/// Percent-encodes everything but [A-Za-z0-9-._~] and the characters of `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = "");
/// Nothing if a % is not followed by two hex digits. A + stays a +.
std::optional<std::string> percent_decode(std::string_view text);

bool is_valid_utf8(std::string_view text);

}  // namespace runstone
