#pragma once

#include <map>
#include <string>

#include "runstone/result.h"

namespace runstone::artifact {

/// The profile of Amazon's two files: ~/.aws/credentials (AWS_SHARED_CREDENTIALS_FILE) has its
/// keys,
/// ~/.aws/config (AWS_CONFIG_FILE) the rest. Named by AWS_PROFILE, AWS_DEFAULT_PROFILE, or default.
struct AwsProfile {
  std::string name;
  std::map<std::string, std::string> credentials, config;

  /// A value of either file; empty: in none of them.
  std::string value(const std::string& key) const;
  bool has_keys() const { return !value("aws_access_key_id").empty(); }
  /// The endpoint of S3: of its section of services, or of the profile.
  std::string s3_endpoint;
};

/// Errors: kInvalidArgument (a profile was named and is in neither file).
Result<AwsProfile> read_aws_profile();

}  // namespace runstone::artifact
