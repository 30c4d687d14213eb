#include "ingest/branch_point.h"

#include "base/json.h"

namespace runstone::ingest {

std::optional<BranchPoint> branch_point_of(std::string_view config_json) {
  // Nearly no config has one: it is looked for before anything is parsed.
  if (config_json.find("\"branch_point\"") == std::string_view::npos) return std::nullopt;
  const auto config = json::parse(config_json);
  if (!config) return std::nullopt;
  const Value* at = &*config;
  for (const char* name : {"_wandb", "value", "branch_point"}) {
    at = at->get(name);
    if (at == nullptr) return std::nullopt;
  }
  const auto* run = at->get("run_id");
  const auto* step = at->get("step");
  if (run == nullptr || step == nullptr || run->if_string() == nullptr) return std::nullopt;
  const double number = step->number_or(-1);  // clients write 5 as 5 or as 5.0
  if (!(number >= 0 && number < 9.0e15)) return std::nullopt;
  return BranchPoint{*run->if_string(), static_cast<std::int64_t>(number)};
}

}  // namespace runstone::ingest
