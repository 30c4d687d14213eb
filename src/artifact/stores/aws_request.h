#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "artifact/stores/aws_credentials.h"
#include "net/client/http_client.h"

namespace runstone::artifact {

/// A request for an object (or, without a key, its bucket), signed by Signature Version 4. The
/// payload is not part of the signature: these requests have none.
net::ClientRequest aws_request(const AwsAccess& access, const std::string& method,
                               const std::string& bucket, const std::string& key,
                               const std::map<std::string, std::string>& query,
                               std::int64_t now_us);

}  // namespace runstone::artifact
