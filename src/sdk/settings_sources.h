#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/settings.h"

namespace runstone {

/// Each tag a text of 1 to 64 characters, else kInvalidArgument.
Result<void> check_tags(const List& tags);

/// What the environment set when it was first asked: it is read once in a process, so that two runs
/// of one program do not differ by a variable that changed between them.
struct EnvironmentSettings {
  Settings wandb, runstone;  ///< of WANDB_X and of RUNSTONE_X
  /// Variables that have another value by now; each is named once in a process.
  std::vector<std::string> changed;
};
Result<EnvironmentSettings> environment_settings();

/// What the environment's variables with this prefix ("RUNSTONE_") set.
Result<Settings> settings_from_variables(std::string_view prefix);

}  // namespace runstone
