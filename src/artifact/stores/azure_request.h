#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "artifact/stores/azure_credentials.h"
#include "net/client/http_client.h"

namespace runstone::artifact {

/// Whether the address is one of a blob: https://<account>.blob.core.windows.net/...
bool is_azure_address(const std::string& uri);

/// The values of a query, decoded, by name in lower case.
std::map<std::string, std::string> decoded_query(const std::string& query);

/// A request for `path` (container or container/blob), without what lets it in.
net::ClientRequest azure_request(const AzureAccess& access, const std::string& method,
                                 const std::string& path,
                                 const std::map<std::string, std::string>& query);
/// Adds to a request that is complete otherwise what lets it in. Keys by "Authorize with
/// Shared Key" of Microsoft's documentation.
void authorize_azure(const AzureAccess& access, net::ClientRequest& request, std::int64_t now_us);

}  // namespace runstone::artifact
