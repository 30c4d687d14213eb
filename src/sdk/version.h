#pragma once

namespace runstone {
inline constexpr const char* kVersion = RUNSTONE_VERSION;  // of the CMake project
}
