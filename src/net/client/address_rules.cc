#include "net/client/address_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace runstone::net {
namespace {

struct Block {
  std::uint32_t base;
  int bits;
};
constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  return a << 24 | b << 16 | c << 8;
}
constexpr Block kNotPublic[] = {
    {ip(0, 0, 0), 8},      {ip(10, 0, 0), 8},     {ip(100, 64, 0), 10}, {ip(127, 0, 0), 8},
    {ip(169, 254, 0), 16}, {ip(172, 16, 0), 12},  {ip(192, 0, 0), 24},  {ip(192, 0, 2), 24},
    {ip(192, 88, 99), 24}, {ip(192, 168, 0), 16}, {ip(198, 18, 0), 15}, {ip(198, 51, 100), 24},
    {ip(203, 0, 113), 24}, {ip(224, 0, 0), 4},    {ip(240, 0, 0), 4},
};

bool is_public_v4(std::uint32_t address) {
  for (const auto& block : kNotPublic) {
    if ((address ^ block.base) >> (32 - block.bits) == 0) return false;
  }
  return true;
}

using V6 = std::array<std::uint8_t, 16>;

bool starts_with(const V6& address, std::initializer_list<std::uint8_t> prefix) {
  return std::memcmp(address.data(), std::data(prefix), prefix.size()) == 0;
}
std::uint32_t v4_at(const V6& address, std::size_t at) {
  return std::uint32_t{address[at]} << 24 | std::uint32_t{address[at + 1]} << 16 |
         std::uint32_t{address[at + 2]} << 8 | address[at + 3];
}

bool is_public_v6(const V6& address) {
  if (starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||     // ::ffff:a.b.c.d
      starts_with(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {  // NAT64
    return is_public_v4(v4_at(address, 12));
  }
  if ((address[0] & 0xe0) != 0x20) return false;  // what is public is in 2000::/3
  if (starts_with(address, {0x20, 0x02})) return is_public_v4(v4_at(address, 2));  // 6to4
  if (starts_with(address, {0x20, 0x01, 0x0d, 0xb8})) return false;                // documentation
  return !(starts_with(address, {0x20, 0x01}) && (address[2] & 0xfe) == 0);        // Teredo, ...
}

}  // namespace

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return is_public_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    V6 bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return is_public_v6(bytes);
  }
  return false;
}

std::optional<bool> is_public_address(std::string_view text) {
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return is_public_v4(ntohl(v4.s_addr));
  V6 v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return is_public_v6(v6);
  return std::nullopt;
}

std::string to_text(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "an address of another kind";
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace runstone::net
