#pragma once

#include "server/server_app.h"

namespace runstone::cli {

/// `runstone server`: serves until SIGTERM, SIGINT or SIGHUP. Exit codes: 0 stopped as asked, 1
/// could not start.
int run_server_command(server::AppOptions options);

}  // namespace runstone::cli
