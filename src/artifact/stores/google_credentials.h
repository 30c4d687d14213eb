#pragma once

#include <string>

#include "runstone/result.h"

namespace runstone::artifact {

/// Who asks Google Cloud Storage, and where.
struct GoogleAccess {
  std::string token;          ///< of OAuth 2; empty: none, requests are anonymous
  std::string quota_project;  ///< who pays for a person's requests; may be empty
  std::string source;         ///< where the token came from; empty: no credentials were found
  std::string endpoint;       ///< scheme and host
};

/// Application default credentials in Google's own order: a key file of a service account or of a
/// person at GOOGLE_APPLICATION_CREDENTIALS; the one that `gcloud auth application-default login`
/// wrote; the machine's account (metadata server). None is no error: public buckets can be read
/// without. STORAGE_EMULATOR_HOST is asked without any; API_ENDPOINT_OVERRIDE names another
/// address. Errors: kInvalidArgument (a file that is not there, or of a kind that is not read, with
/// what to do), kConflict (Google gives no token for it).
Result<GoogleAccess> find_google_access();

}  // namespace runstone::artifact
