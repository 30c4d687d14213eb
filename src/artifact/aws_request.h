#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "net/client/http_client.h"

namespace runstone::artifact {

/// The keys of AWS's environment variables and files.
struct AwsAccess {
  std::string access_key, secret_key, session_token;  ///< empty: requests are not signed
  std::string region;                                 ///< us-east-1 if none is named
  std::string endpoint;                               ///< of another store; empty: Amazon's own
};
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, else the profile AWS_PROFILE of
/// ~/.aws/credentials; AWS_REGION; AWS_ENDPOINT_URL_S3, AWS_S3_ENDPOINT_URL, AWS_ENDPOINT_URL.
AwsAccess find_aws_access();

/// A request for an object (or, without a key, its bucket), signed by Signature Version 4. The
/// payload is not part of the signature: these requests have none.
net::ClientRequest aws_request(const AwsAccess& access, const std::string& method,
                               const std::string& bucket, const std::string& key,
                               const std::map<std::string, std::string>& query,
                               std::int64_t now_us);

}  // namespace runstone::artifact
