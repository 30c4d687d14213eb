#include "store/records.h"

#include <array>
#include <string_view>
#include <utility>

#include "store/account_store.h"

namespace runstone::store {
namespace {

constexpr std::array<std::pair<RunState, const char*>, 8> kStateNames = {{
    {RunState::kPending, "pending"},
    {RunState::kRunning, "running"},
    {RunState::kFinished, "finished"},
    {RunState::kFailed, "failed"},
    {RunState::kKilled, "killed"},
    {RunState::kCrashed, "crashed"},
    {RunState::kPreempting, "preempting"},
    {RunState::kPreempted, "preempted"},
}};

}  // namespace

const char* to_string(RunState state) {
  for (const auto& [value, name] : kStateNames) {
    if (value == state) return name;
  }
  return "unknown";
}

std::optional<RunState> run_state_from(std::string_view text) {
  for (const auto& [value, name] : kStateNames) {
    if (text == name) return value;
  }
  return std::nullopt;
}

const char* to_string(EntityKind kind) {
  switch (kind) {
    case EntityKind::kUser:
      return "user";
    case EntityKind::kTeam:
      return "team";
    case EntityKind::kOrganization:
      return "organization";
  }
  return "unknown";
}

const char* to_string(Role role) {
  switch (role) {
    case Role::kRestrictedViewer:
      return "restricted_viewer";
    case Role::kViewer:
      return "viewer";
    case Role::kMember:
      return "member";
    case Role::kAdmin:
      return "admin";
  }
  return "unknown";
}

std::optional<Role> role_from(std::string_view text) {
  for (const auto role : {Role::kViewer, Role::kMember, Role::kAdmin}) {
    if (text == to_string(role)) return role;
  }
  return std::nullopt;
}

bool is_live(RunState state) {
  return state == RunState::kPending || state == RunState::kRunning ||
         state == RunState::kPreempting;
}

const char* KeyInfo::type_name() const {
  const std::int64_t all = count();
  if (all == 0) return "other";
  if (numbers == all) return "number";
  if (strings == all) return "string";
  if (bools == all) return "bool";
  if (media == all) return "media";
  if (others == all) return "other";
  return "mixed";
}

}  // namespace runstone::store
