#pragma once

#include <string>

#include "runstone/result.h"

namespace runstone::artifact {

/// Who asks an account's blob service, and where. At most one of key, sas and token is there.
struct AzureAccess {
  std::string account;
  std::string endpoint;  ///< scheme and host, of an emulator a path, too
  std::string key;       ///< raw bytes of the account's key
  std::string sas;       ///< a shared access signature, as it stands in a query
  std::string token;     ///< of Microsoft Entra
  std::string source;    ///< where they came from; empty: none were found, requests are anonymous
};

/// What may be asked with, for the account of `account_url`: the signature in the address's own
/// query; AZURE_STORAGE_CONNECTION_STRING, if it is of that account; AZURE_STORAGE_KEY or
/// AZURE_STORAGE_SAS_TOKEN, if AZURE_STORAGE_ACCOUNT names it; a token of Microsoft Entra for an
/// application (AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or
/// AZURE_FEDERATED_TOKEN_FILE) or for the machine (managed identity).
/// Errors: kInvalidArgument (what cannot be read), kConflict (Entra gives no token).
Result<AzureAccess> find_azure_access(const std::string& account_url, const std::string& query);

}  // namespace runstone::artifact
