#pragma once

#include <cstddef>
#include <string_view>

#include "runstone/result.h"

// What collections, aliases, tags and types may be called, and how many there may be.
namespace runstone::artifacts {

inline constexpr std::size_t kMaxNameChars = 128;
inline constexpr std::size_t kMaxAliasesPerRequest = 1'000;
inline constexpr std::size_t kMaxAliasesPerCollection = 100'000;
inline constexpr std::size_t kMaxTagsPerRequest = 100;
inline constexpr std::size_t kMaxMetadataBytes = 8 << 20;

/// "v12": how a version is told by its index.
bool is_version_name(std::string_view text);

// kInvalidArgument, saying what is wrong and what would be right.
Result<void> check_alias(std::string_view alias);
Result<void> check_collection_name(std::string_view name);
Result<void> check_type_name(std::string_view name);
Result<void> check_tag(std::string_view tag);

}  // namespace runstone::artifacts
