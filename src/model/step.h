#pragma once

#include <cstdint>
#include <limits>

namespace runstone {

/// The step of the next row. A user, or a journal that was read, may say anything: there is none
/// behind the last that a number can hold.
inline std::int64_t step_after(std::int64_t step) {
  return step == std::numeric_limits<std::int64_t>::max() ? step : step + 1;
}

}  // namespace runstone
