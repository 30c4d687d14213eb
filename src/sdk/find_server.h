#pragma once

#include <memory>
#include <string>

#include "artifact/server.h"
#include "runstone/result.h"
#include "runstone/settings.h"
#include "sdk/where_to_send.h"

namespace runstone {

/// The server that init() would send to, for what asks it without starting a run.
struct FoundServer {
  Address address;
  Settings settings;  ///< of all sources, the stronger over the weaker
};
/// `code`: what the program itself sets, `setup` what it set for the whole process.
/// Errors: kInvalidArgument (a variable or a settings file with a value that cannot be).
Result<FoundServer> find_server(const Settings& code, const Settings& setup = {});

/// kFailedPrecondition, saying what to set, unless a server and a key for it are known.
Result<void> check_found(const Address& address);

/// For what has no online run: a connection to it. Errors: those of check_found().
Result<std::shared_ptr<const artifact::Server>> server_of(const FoundServer& found);

/// "https://host:port" without a slash at the end. kInvalidArgument for what is no such address.
Result<std::string> server_address(const std::string& text);

}  // namespace runstone
