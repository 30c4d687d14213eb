#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runstone::ingest {

/// Where a run left another one: `_wandb.branch_point` of a config.
struct BranchPoint {
  std::string run;         ///< the other run's id, in the same project
  std::int64_t step = -1;  ///< its last step that belongs to both
};

/// Of a config's JSON text; nothing if it has none that can be read.
std::optional<BranchPoint> branch_point_of(std::string_view config_json);

}  // namespace runstone::ingest
