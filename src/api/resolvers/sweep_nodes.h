#pragma once

#include <cstdint>

#include "graphql/engine.h"
#include "store/sweep_store.h"
#include "sweeps/sweeps.h"

// The objects behind the sweep types, shared by the two files that resolve them.
namespace runstone::api {

struct SweepNode {
  store::Sweep sweep;
  std::int64_t run_count = 0;
};
struct AgentNode {
  store::SweepAgent agent;
  store::ProjectId project{};  ///< of its sweep
};

void register_sweep_mutations(graphql::Engine& engine);

}  // namespace runstone::api
