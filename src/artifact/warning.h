#pragma once

#include <string>

namespace runstone::artifact {

/// A line for the user, on standard error, unless RUNSTONE_SILENT (WANDB_SILENT) is set. For
/// artifacts that belong to no run, and so have no terminal of one.
void warn(const std::string& line);

}  // namespace runstone::artifact
