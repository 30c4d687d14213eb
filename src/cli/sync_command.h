#pragma once

#include <string>
#include <vector>

namespace runstone::cli {

/// `runstone sync [PATHS...]`; args are what follows the word "sync". Returns the exit code: 0 only
/// if everything that was to be sent is on the server.
int run_sync_command(const std::vector<std::string>& args);

}  // namespace runstone::cli
