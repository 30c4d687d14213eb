#pragma once

#include <string_view>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

inline constexpr std::size_t kMaxYamlBytes = 1 << 20;
inline constexpr int kMaxYamlDepth = 32;
/// With every alias counted where it is used, so that a few lines cannot become a gigabyte.
inline constexpr std::size_t kMaxYamlValues = 50'000;

/// One YAML document as a value, with the types that YAML 1.1 gives to plain scalars, and numbers
/// like 1e-3, too. Keys become text. JSON is YAML.
/// Errors   kInvalidArgument for what is no UTF-8 or no YAML (with its line), a key given twice,
/// and past the
///          bounds above.
Result<Value> parse_yaml(std::string_view text);

}  // namespace runstone
