#pragma once

#include <filesystem>
#include <string>

#include "runstone/result.h"

namespace runstone::server {

/// `client.json` in the data folder: where the server is and the local user's key. The server
/// writes it at start; the SDK and the command line of the same account read it.
struct ClientFile {
  std::string base_url;
  std::string api_key;
};

/// Errors: kNotFound; kCorrupt if it is not what write_client_file() writes.
Result<ClientFile> read_client_file(const std::filesystem::path& path);
/// In one step, and readable by its owner only (mode 0600).
Result<void> write_client_file(const std::filesystem::path& path, const ClientFile& file);

}  // namespace runstone::server
