#include "artifact/stores/google_credentials.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

#include "artifact/stores/credential_service.h"
#include "artifact/stores/kept_credentials.h"
#include "artifact/stores/oauth_token.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr std::uint64_t kFileMaxBytes = 1 << 20;
constexpr const char* kScope = "https://www.googleapis.com/auth/devstorage.read_only";
constexpr const char* kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr std::int64_t kLifetimeSecs = 3600;

/// RS256 of RFC 7518. Errors: kInvalidArgument, for what is no private key in PEM.
Result<std::string> rsa_sha256(const std::string& private_key, const std::string& text) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
      BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bytes.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (key == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) != 1) {
    return fail(ErrorCode::kInvalidArgument, "private_key is not an RSA key in PEM");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                     text.size()) != 1) {
    return fail(ErrorCode::kInvalidArgument, "private_key cannot sign");
  }
  signature.resize(size);
  return signature;
}

// By RFC 7523 and Google's "Using OAuth 2.0 for Server to Server Applications".
LastingToken token_of_service_account(const Dict& file, const std::string& whose) {
  std::string url = text_in(file, "token_uri");
  if (url.empty()) url = kTokenUrl;
  const std::int64_t now_secs = system_clock().now_us() / 1'000'000;
  Dict header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (const std::string id = text_in(file, "private_key_id"); !id.empty()) header.set("kid", id);
  const Dict claims{{"iss", text_in(file, "client_email")},
                    {"scope", kScope},
                    {"aud", url},
                    {"iat", now_secs},
                    {"exp", now_secs + kLifetimeSecs}};
  const std::string text =
      to_base64url(json::to_text(header)) + "." + to_base64url(json::to_text(claims));
  auto signature = rsa_sha256(text_in(file, "private_key"), text);
  if (!signature) return fail(std::move(signature).error().with_context(whose));
  return ask_for_token(url,
                       form_text({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                  {"assertion", text + "." + to_base64url(*signature)}}),
                       whose);
}

LastingToken token_of_person(const Dict& file, const std::string& whose) {
  std::string url = text_in(file, "token_uri");
  if (url.empty()) url = kTokenUrl;
  auto token = ask_for_token(url,
                             form_text({{"grant_type", "refresh_token"},
                                        {"client_id", text_in(file, "client_id")},
                                        {"client_secret", text_in(file, "client_secret")},
                                        {"refresh_token", text_in(file, "refresh_token")}}),
                             whose);
  if (!token) {
    return fail(ErrorCode::kConflict,
                token.error().message + " (gcloud auth application-default login makes a new one)");
  }
  return token;
}

/// An empty token: this machine is not Google's, or has no account.
LastingToken token_of_machine(const std::string& host) {
  net::ClientRequest request;
  request.url = "http://" + host +
                "/computeMetadata/v1/instance/service-accounts/default/token?scopes=" +
                percent_encode(kScope);
  request.headers = {{"Metadata-Flavor", "Google"}};
  auto answer = ask_machine(request);
  // A proxy or another cloud may answer there, too, but does not say so.
  const bool is_google = answer && answer->header("metadata-flavor") == "Google";
  if (!is_google || answer->status == 404) {
    return no_token();
  }
  return token_in(std::move(answer), "the machine's account (" + host + ")");
}

KeptCredentials<std::string>& kept() {
  static KeptCredentials<std::string> tokens;
  return tokens;
}

Result<void> use_file(const std::string& path, const std::string& named_by, GoogleAccess& access) {
  const auto text = fs::read_file(fs::real_file_system(), path, kFileMaxBytes);
  if (!text) return fail(ErrorCode::kInvalidArgument, named_by + ": " + text.error().message);
  const auto parsed = json::parse(*text);
  if (!parsed || !parsed->is_dict()) {
    return fail(ErrorCode::kInvalidArgument,
                named_by + ": " + path + " is not JSON as Google's key files are");
  }
  const Dict& file = *parsed->if_dict();
  const std::string type = text_in(file, "type");
  if (type != "service_account" && type != "authorized_user") {
    return fail(ErrorCode::kInvalidArgument,
                named_by + ": " + path + " has credentials of the type '" + type +
                    "', which are not supported: use a key of a service account, or gcloud auth "
                    "application-default login");
  }
  const bool is_person = type == "authorized_user";
  access.source = path + (is_person ? "" : " (" + text_in(file, "client_email") + ")");
  access.quota_project = text_in(file, "quota_project_id");
  RUNSTONE_TRY(access.token, kept().get(*text, [&] {
    return is_person ? token_of_person(file, access.source)
                     : token_of_service_account(file, access.source);
  }));
  return {};
}

std::string well_known_file() {
  const std::string folder = environment("CLOUDSDK_CONFIG");
  return (folder.empty() ? environment("HOME") + "/.config/gcloud" : folder) +
         "/application_default_credentials.json";
}

std::string as_origin(std::string address) {
  if (address.find("://") == std::string::npos) address = "http://" + address;
  while (address.back() == '/') address.pop_back();
  return address;
}

}  // namespace

Result<GoogleAccess> find_google_access() {
  GoogleAccess access;
  if (const std::string host = environment("STORAGE_EMULATOR_HOST"); !host.empty()) {
    access.endpoint = as_origin(host);
    return access;
  }
  const std::string other = environment("API_ENDPOINT_OVERRIDE");
  access.endpoint = other.empty() ? "https://storage.googleapis.com" : as_origin(other);
  if (const std::string path = environment("GOOGLE_APPLICATION_CREDENTIALS"); !path.empty()) {
    RUNSTONE_TRY(use_file(path, "GOOGLE_APPLICATION_CREDENTIALS", access));
    return access;
  }
  if (const std::string path = well_known_file(); fs::real_file_system().exists(path)) {
    RUNSTONE_TRY(use_file(path, "gcloud's default credentials", access));
    return access;
  }
  if (environment("NO_GCE_CHECK") == "true") return access;
  std::string host = environment("GCE_METADATA_HOST");
  if (host.empty()) host = "169.254.169.254";
  RUNSTONE_TRY(access.token, kept().get(host, [&] { return token_of_machine(host); }));
  if (!access.token.empty()) access.source = "the machine's account (" + host + ")";
  return access;
}

}  // namespace runstone::artifact
