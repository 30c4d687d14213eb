#pragma once

#include <cstdint>

namespace runstone::store {

// The engines' row numbers, as types: a run's cannot be given where a project's is wanted. 0 is
// none.
enum class UserId : std::int64_t {};
enum class EntityId : std::int64_t {};
enum class OrganizationId : std::int64_t {};
enum class ProjectId : std::int64_t {};
enum class RunId : std::int64_t {};
enum class PartId : std::int64_t {};
enum class ApiKeyId : std::int64_t {};

template <typename Id>
constexpr std::int64_t to_number(Id id) {
  return static_cast<std::int64_t>(id);
}

}  // namespace runstone::store
