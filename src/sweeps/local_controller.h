#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/value.h"

namespace runstone::sweeps {

/// What a client's own process has written into a sweep's `controller`: the run that it wants next
/// and those to be stopped. {"schedule": [{"id": .., "data": {"args": {..} or null}}],
/// "earlystop": [run, ..]}
struct ControllerWishes {
  struct Wanted {
    std::string id;
    std::optional<Value> args;  ///< none: it wants no more runs
  };
  std::vector<Wanted> schedule;
  std::set<std::string> stop;
};
ControllerWishes read_wishes(std::string_view controller_json);

/// Ids of the wishes that became runs, of a `scheduler`: {"scheduled": [{"id": .., "runid": ..}]}
std::set<std::string> scheduled_ids(std::string_view scheduler_json);
/// The same text with one more in it.
std::string with_scheduled(std::string_view scheduler_json, const std::string& id,
                           const std::string& run);

}  // namespace runstone::sweeps
