#pragma once

#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace runstone::net {

/// False for every address that is not of the public internet: this machine, private and link-local
/// networks (where clouds answer with their credentials), multicast, addresses kept for
/// documentation; also where such an IPv4 address is inside an IPv6 one.
/// Source: IANA's special-purpose address registries.
bool is_public_address(const sockaddr& address);
/// The same for an address as text, "127.0.0.1" or "::1"; nothing if the text is a name.
std::optional<bool> is_public_address(std::string_view text);
std::string to_text(const sockaddr& address);

}  // namespace runstone::net
