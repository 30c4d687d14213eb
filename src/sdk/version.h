#pragma once

namespace runstone {
inline constexpr const char* kVersion = "0.1.0";
}
