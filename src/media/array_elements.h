#pragma once

#include <cstring>
#include <string_view>

#include "runstone/table.h"

namespace runstone::media {

/// Of a dtype as numpy writes it; 0 of one that is no number or bool in this machine's order.
inline std::size_t bytes_per_element(std::string_view dtype) {
  for (const std::string_view known :
       {"|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8"}) {
    if (dtype == known) return static_cast<std::size_t>(known[2] - '0');
  }
  return 0;
}

inline double half_value(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const double fraction = (bits & 1023) / 1024.0;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? __builtin_inf() : __builtin_nan("");
  } else if (exponent == 0) {
    value = fraction * 0x1p-14;
  } else {
    value = (1 + fraction) * (exponent < 15 ? 1.0 / (1 << (15 - exponent)) : 1 << (exponent - 15));
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

template <typename T>
T element_at(const NumberArray& array, std::size_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

/// One element as a number or a bool.
inline Value element_value(const NumberArray& array, std::size_t index) {
  const char kind = array.dtype[1];
  switch (array.dtype[2]) {
    case '1':
      if (kind == 'b') return element_at<std::uint8_t>(array, index) != 0;
      return kind == 'u' ? Value(element_at<std::uint8_t>(array, index))
                         : Value(element_at<std::int8_t>(array, index));
    case '2':
      if (kind == 'f') return half_value(element_at<std::uint16_t>(array, index));
      return kind == 'u' ? Value(element_at<std::uint16_t>(array, index))
                         : Value(element_at<std::int16_t>(array, index));
    case '4':
      if (kind == 'f') return static_cast<double>(element_at<float>(array, index));
      return kind == 'u' ? Value(element_at<std::uint32_t>(array, index))
                         : Value(element_at<std::int32_t>(array, index));
    default:
      if (kind == 'f') return element_at<double>(array, index);
      return kind == 'u' ? Value(element_at<std::uint64_t>(array, index))
                         : Value(element_at<std::int64_t>(array, index));
  }
}

}  // namespace runstone::media
