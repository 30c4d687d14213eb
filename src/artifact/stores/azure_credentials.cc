#include "artifact/stores/azure_credentials.h"

#include <algorithm>
#include <map>

#include "artifact/stores/azure_request.h"
#include "artifact/stores/credential_service.h"
#include "artifact/stores/kept_credentials.h"
#include "artifact/stores/oauth_token.h"
#include "artifact/stores/object_store.h"
#include "base/encoding.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr const char* kAudience = "https://storage.azure.com/";
constexpr std::uint64_t kTokenMaxBytes = 1 << 16;
// Of every emulator; Microsoft publishes it.
constexpr const char* kEmulatorAccount = "devstoreaccount1";
constexpr const char* kEmulatorKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
constexpr const char* kEmulatorEndpoint = "http://127.0.0.1:10000/devstoreaccount1";

std::string without_mark(const std::string& sas) {
  return sas.rfind('?', 0) == 0 ? sas.substr(1) : sas;
}

/// Key=value;Key=value. A value may hold = itself.
std::map<std::string, std::string> fields_of(const std::string& text) {
  std::map<std::string, std::string> fields;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    const std::string field = text.substr(at, end - at);
    if (const auto equals = field.find('='); equals != std::string::npos) {
      fields[field.substr(0, equals)] = field.substr(equals + 1);
    }
    at = end + 1;
  }
  return fields;
}

Result<void> take_key(const std::string& text, const std::string& source, AzureAccess& access) {
  const auto key = from_base64(text);
  if (!key || key->empty()) {
    return fail(ErrorCode::kInvalidArgument,
                source + ": the account's key is not base64, as the portal shows it");
  }
  access.key = *key;
  access.source = source;
  return {};
}

/// Does nothing if the connection string is of another account.
Result<void> use_connection_string(const std::string& text, AzureAccess& access) {
  constexpr const char* kSource = "AZURE_STORAGE_CONNECTION_STRING";
  auto fields = fields_of(text);
  if (fields["UseDevelopmentStorage"] == "true") {
    fields = {{"AccountName", kEmulatorAccount},
              {"AccountKey", kEmulatorKey},
              {"BlobEndpoint", kEmulatorEndpoint}};
  }
  std::string account = fields["AccountName"], endpoint = fields["BlobEndpoint"];
  if (account.empty() && !endpoint.empty()) {  // one with a signature names none
    const std::string host = parse_address(endpoint).bucket;
    account = host.substr(0, host.find('.'));
  }
  if (account.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(kSource) + " has neither AccountName nor BlobEndpoint");
  }
  if (account != access.account) return {};
  if (!endpoint.empty()) access.endpoint = without_end_slash(endpoint);
  if (!fields["SharedAccessSignature"].empty()) {
    access.sas = without_mark(fields["SharedAccessSignature"]);
    access.source = kSource;
  } else if (!fields["AccountKey"].empty()) {
    return take_key(fields["AccountKey"], kSource, access);
  }
  return {};
}

// --- Microsoft Entra
// -------------------------------------------------------------------------------

KeptCredentials<std::string>& kept() {
  static KeptCredentials<std::string> tokens;
  return tokens;
}

/// For an application that proves itself by a secret, or by a token of the cluster it runs in.
LastingToken token_of_application(const std::string& token_url, const std::string& token_file) {
  const std::string whose = "AZURE_CLIENT_ID";
  if (token_file.empty()) {
    return ask_for_token(token_url,
                         form_text({{"grant_type", "client_credentials"},
                                    {"client_id", environment("AZURE_CLIENT_ID")},
                                    {"client_secret", environment("AZURE_CLIENT_SECRET")},
                                    {"scope", std::string(kAudience) + ".default"}}),
                         whose);
  }
  const auto assertion = fs::read_file(fs::real_file_system(), token_file, kTokenMaxBytes);
  if (!assertion) {
    return fail(ErrorCode::kInvalidArgument,
                "AZURE_FEDERATED_TOKEN_FILE: " + assertion.error().message);
  }
  return ask_for_token(token_url,
                       form_text({{"grant_type", "client_credentials"},
                                  {"client_id", environment("AZURE_CLIENT_ID")},
                                  {"client_assertion_type",
                                   "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                                  {"client_assertion", *assertion},
                                  {"scope", std::string(kAudience) + ".default"}}),
                       whose);
}

/// An empty token: this machine is not Azure's, or has no identity.
LastingToken token_of_machine(const std::string& host) {
  net::ClientRequest request;
  request.url = host + "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" +
                percent_encode(kAudience);
  if (const std::string id = environment("AZURE_CLIENT_ID"); !id.empty()) {
    request.url += "&client_id=" + percent_encode(id);  // one of several
  }
  request.headers = {{"Metadata", "true"}};
  auto answer = ask_machine(request);
  if (!answer || answer->status / 100 != 2) return no_token();
  return token_in(std::move(answer), "the machine's identity (" + host + ")");
}

Result<void> use_entra(AzureAccess& access) {
  const std::string tenant = environment("AZURE_TENANT_ID");
  const std::string secret = environment("AZURE_CLIENT_SECRET");
  const std::string token_file = environment("AZURE_FEDERATED_TOKEN_FILE");
  if (!tenant.empty() && !environment("AZURE_CLIENT_ID").empty() &&
      (!secret.empty() || !token_file.empty())) {
    std::string login = without_end_slash(environment("AZURE_AUTHORITY_HOST"));
    if (login.empty()) login = "https://login.microsoftonline.com";
    const std::string url = login + "/" + percent_encode(tenant) + "/oauth2/v2.0/token";
    access.source = "AZURE_CLIENT_ID";
    RUNSTONE_TRY(access.token, kept().get(url + " " + environment("AZURE_CLIENT_ID"), [&] {
      return token_of_application(url, secret.empty() ? token_file : "");
    }));
    return {};
  }
  std::string host = without_end_slash(environment("AZURE_POD_IDENTITY_AUTHORITY_HOST"));
  if (host.empty()) host = "http://169.254.169.254";
  RUNSTONE_TRY(access.token, kept().get(host, [&] { return token_of_machine(host); }));
  if (!access.token.empty()) access.source = "the machine's identity";
  return {};
}

}  // namespace

Result<AzureAccess> find_azure_access(const std::string& account_url, const std::string& query) {
  AzureAccess access;
  const std::string host = parse_address(account_url).bucket;
  access.account = host.substr(0, host.find('.'));
  access.endpoint = account_url;
  if (const auto text = environment("AZURE_STORAGE_CONNECTION_STRING"); !text.empty()) {
    RUNSTONE_TRY(use_connection_string(text, access));
  }
  if (decoded_query(query).count("sig") > 0) {
    access.sas = query;
    access.key.clear();
    access.source = "the address's signature";
    return access;
  }
  if (!access.source.empty()) return access;
  if (environment("AZURE_STORAGE_ACCOUNT") == access.account) {
    if (const std::string key = environment("AZURE_STORAGE_KEY"); !key.empty()) {
      RUNSTONE_TRY(take_key(key, "AZURE_STORAGE_KEY", access));
      return access;
    }
    if (const std::string sas = environment("AZURE_STORAGE_SAS_TOKEN"); !sas.empty()) {
      access.sas = without_mark(sas);
      access.source = "AZURE_STORAGE_SAS_TOKEN";
      return access;
    }
  }
  if (is_private_channel(access.endpoint)) RUNSTONE_TRY(use_entra(access));
  return access;
}

}  // namespace runstone::artifact
