#pragma once

#include <filesystem>

namespace runstone::cli {

/// `runstone key`: the local user's key on one line, for scripts. Returns the exit code.
int run_key_command(const std::filesystem::path& data_folder);
/// `runstone signin`: asks the running server for a fresh one-use link and prints it.
int run_signin_command(const std::filesystem::path& data_folder);

}  // namespace runstone::cli
