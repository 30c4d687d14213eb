#pragma once

#include <string>
#include <string_view>

#include "runstone/result.h"

namespace runstone::store::memory {

inline Failure missing(const char* what) {
  return fail(ErrorCode::kNotFound, std::string("no such ") + what);
}
inline Failure taken(const char* what, std::string_view name) {
  return fail(ErrorCode::kConflict,
              std::string(what) + " " + std::string(name) + " exists already");
}

template <typename Map, typename Key>
auto look_up(const Map& map, const Key& key, const char* what)
    -> Result<typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) return missing(what);
  return found->second;
}

}  // namespace runstone::store::memory
