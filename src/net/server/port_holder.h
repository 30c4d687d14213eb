#pragma once

#include <cstdint>
#include <string>

namespace runstone::http {

/// "process 4711 (python3)" for whoever listens on this TCP port of this machine; "" if the system
/// does not tell (another user's process, not Linux).
std::string port_holder(std::uint16_t port);

}  // namespace runstone::http
