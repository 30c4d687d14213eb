#include <array>
#include <string>

#include "store/sweep_store.h"

namespace runstone::store {
namespace {

constexpr std::array<const char*, 5> kNames = {"PENDING", "RUNNING", "PAUSED", "FINISHED",
                                               "CANCELED"};

}  // namespace

const char* to_string(SweepState state) { return kNames[static_cast<std::size_t>(state)]; }

std::optional<SweepState> sweep_state_from(std::string_view text) {
  std::string upper;
  for (const char c : text) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (upper == kNames[i]) return static_cast<SweepState>(i);
  }
  return std::nullopt;
}

}  // namespace runstone::store
