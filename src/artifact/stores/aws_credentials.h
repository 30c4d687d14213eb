#pragma once

#include <string>

#include "runstone/result.h"

namespace runstone::artifact {

/// Who asks S3, and where.
struct AwsAccess {
  std::string access_key, secret_key, session_token;  ///< empty: requests are not signed
  std::string source;    ///< where the keys came from; empty: none were found
  std::string region;    ///< us-east-1 if none is named
  std::string endpoint;  ///< of another store; empty: Amazon's own
};

/// Keys in the order of Amazon's own clients: AWS_ACCESS_KEY_ID and so on; a web identity
/// (AWS_WEB_IDENTITY_TOKEN_FILE); the profile AWS_PROFILE of ~/.aws/credentials and ~/.aws/config;
/// the container's (AWS_CONTAINER_CREDENTIALS_*); the machine's (instance metadata, version 2).
/// None is no error: public buckets can be read without.
/// Region and endpoint: AWS_REGION, AWS_DEFAULT_REGION; AWS_ENDPOINT_URL_S3, AWS_S3_ENDPOINT_URL,
/// AWS_ENDPOINT_URL; else of the profile.
/// Errors: kInvalidArgument (a profile that is not there or that cannot be used, with what to do),
/// kConflict (a service that should have credentials has none).
Result<AwsAccess> find_aws_access();

}  // namespace runstone::artifact
