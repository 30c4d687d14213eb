#include "artifact/stores/aws_credentials.h"

#include <algorithm>
#include <optional>

#include "artifact/stores/aws_profile.h"
#include "artifact/stores/credential_service.h"
#include "artifact/stores/kept_credentials.h"
#include "artifact/stores/xml.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "protocol/record_environment.h"

namespace runstone::artifact {
namespace {

constexpr std::uint64_t kTokenMaxBytes = 1 << 16;
constexpr std::int64_t kForeverUs = std::int64_t{1} << 60;

struct Keys {
  std::string access, secret, session;
  std::string source;
};
using LastingKeys = Result<Lasting<Keys>>;

std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = environment(name); !value.empty()) return value;
  }
  return "";
}

std::int64_t until_us(const std::string& expiration) {
  return expiration.empty() ? kForeverUs : protocol::parse_rfc3339(expiration);
}

/// As containers and instances hand keys out.
LastingKeys keys_in(Result<net::ClientResponse> answer, const std::string& whose) {
  RUNSTONE_TRY(const Dict object, credentials_answer(std::move(answer), whose));
  Keys keys{text_in(object, "AccessKeyId"), text_in(object, "SecretAccessKey"),
            text_in(object, "Token"), whose};
  if (keys.access.empty() || keys.secret.empty()) {
    return fail(ErrorCode::kConflict,
                whose + " gave no credentials, but: " +
                    readable(text_in(object, "Code") + " " + text_in(object, "Message")));
  }
  return Lasting<Keys>{std::move(keys), until_us(text_in(object, "Expiration"))};
}

// --- a web identity
// --------------------------------------------------------------------------------

LastingKeys keys_of_web_identity(const std::string& token_file, const std::string& role,
                                 std::string session, const AwsAccess& access) {
  const std::string whose = "the web identity in " + token_file;
  const auto token = fs::read_file(fs::real_file_system(), token_file, kTokenMaxBytes);
  if (!token) {
    return fail(ErrorCode::kInvalidArgument,
                "AWS_WEB_IDENTITY_TOKEN_FILE: " + token.error().message);
  }
  if (session.empty()) session = "runstone";
  std::string endpoint = first_of({"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"});
  if (endpoint.empty()) endpoint = "https://sts." + access.region + ".amazonaws.com";
  const std::string form = form_text({{"Action", "AssumeRoleWithWebIdentity"},
                                      {"Version", "2011-06-15"},
                                      {"RoleArn", role},
                                      {"RoleSessionName", session},
                                      {"WebIdentityToken", *token}});
  net::ClientRequest request;
  request.method = "POST";
  request.url = without_end_slash(endpoint) + "/";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = form;
  request.timeout_us = 30'000'000;
  const auto answer = net::make_http_client()->send(request);
  if (!answer) return fail(ErrorCode::kConflict, whose + ": " + answer.error().message);
  const auto found = xml_elements(answer->body, "Credentials");
  if (answer->status / 100 != 2 || found.empty()) {
    return fail(ErrorCode::kConflict, whose + " gave no credentials for " + role + ", but status " +
                                          std::to_string(answer->status) + ": " +
                                          readable(xml_text(answer->body, "Message")));
  }
  Keys keys{xml_text(found[0], "AccessKeyId"), xml_text(found[0], "SecretAccessKey"),
            xml_text(found[0], "SessionToken"), whose};
  return Lasting<Keys>{std::move(keys), until_us(xml_text(found[0], "Expiration"))};
}

// --- a container
// -----------------------------------------------------------------------------------

/// The container's token goes to this machine, to https, and to two addresses of containers.
bool may_be_told(const std::string& url) {
  const std::string host = host_of(url);
  return is_private_channel(url) || host == "169.254.170.2" || host == "169.254.170.23" ||
         host == "[fd00:ec2::23]";
}

LastingKeys keys_of_container(const std::string& url) {
  const std::string whose = "the container (" + url + ")";
  if (!may_be_told(url)) {
    return fail(ErrorCode::kInvalidArgument,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI: " + url +
                    " is neither https nor an address of this machine or of a container's service");
  }
  net::ClientRequest request;
  request.url = url;
  request.headers = {{"Accept", "application/json"}};
  std::string authorization = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const auto file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    const auto token = fs::read_file(fs::real_file_system(), file, kTokenMaxBytes);
    if (!token) {
      return fail(ErrorCode::kInvalidArgument,
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: " + token.error().message);
    }
    authorization = token->substr(0, token->find_first_of("\r\n"));
  }
  if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
  return keys_in(ask_machine(request), whose);
}

// --- an instance
// -----------------------------------------------------------------------------------

/// No keys in the value: this machine is no instance, or has no role.
LastingKeys keys_of_instance(const std::string& endpoint) {
  const std::string whose = "the instance's role (" + endpoint + ")";
  net::ClientRequest request;
  request.method = "PUT";
  request.url = endpoint + "/latest/api/token";
  request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  const auto token = ask_machine(request);
  const Lasting<Keys> none{{}, system_clock().now_us() + kNobodyThereUs};
  if (!token || token->status / 100 != 2) return none;
  const std::string roles = endpoint + "/latest/meta-data/iam/security-credentials/";
  net::ClientRequest ask_role;
  ask_role.url = roles;
  ask_role.headers = {{"X-aws-ec2-metadata-token", token->body}};
  const auto role = ask_machine(ask_role);
  if (!role || role->status / 100 != 2) return none;  // an instance without a role
  net::ClientRequest ask_keys = ask_role;
  ask_keys.url = roles + role->body.substr(0, role->body.find_first_of("\r\n"));
  return keys_in(ask_machine(ask_keys), whose);
}

bool is_instance_forbidden() {
  std::string text = environment("AWS_EC2_METADATA_DISABLED");
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text == "true";
}

// --- in their order
// --------------------------------------------------------------------------------

KeptCredentials<Keys>& kept() {
  static KeptCredentials<Keys> keys;
  return keys;
}

/// What a profile may say instead of keys, that only Amazon's own tool can use.
Result<void> refuse_others(const AwsProfile& profile) {
  for (const char* key : {"role_arn", "sso_session", "sso_start_url", "credential_process"}) {
    if (profile.value(key).empty()) continue;
    return fail(
        ErrorCode::kInvalidArgument,
        "the AWS profile '" + profile.name + "' has its credentials by " + key +
            ", which is not supported. Put them into the environment: eval \"$(aws configure "
            "export-credentials --profile " +
            profile.name + " --format env)\"");
  }
  return {};
}

Result<Keys> find_keys(const AwsProfile& profile, const AwsAccess& access) {
  if (const std::string key = environment("AWS_ACCESS_KEY_ID"); !key.empty()) {
    return Keys{key, environment("AWS_SECRET_ACCESS_KEY"), environment("AWS_SESSION_TOKEN"),
                "AWS_ACCESS_KEY_ID"};
  }
  std::string token_file = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  std::string role = environment("AWS_ROLE_ARN");
  if (token_file.empty()) {
    token_file = profile.value("web_identity_token_file");
    role = profile.value("role_arn");
  }
  if (!token_file.empty()) {
    if (role.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  "AWS_WEB_IDENTITY_TOKEN_FILE is set, but no role: set AWS_ROLE_ARN");
    }
    return kept().get(token_file + " " + role, [&] {
      return keys_of_web_identity(token_file, role, environment("AWS_ROLE_SESSION_NAME"), access);
    });
  }
  if (profile.has_keys()) {
    return Keys{profile.value("aws_access_key_id"), profile.value("aws_secret_access_key"),
                profile.value("aws_session_token"), "the AWS profile '" + profile.name + "'"};
  }
  RUNSTONE_TRY(refuse_others(profile));
  std::string container = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  container = container.empty() ? environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                : "http://169.254.170.2" + container;
  if (!container.empty()) {
    return kept().get(container, [&] { return keys_of_container(container); });
  }
  if (is_instance_forbidden()) return Keys{};
  std::string instance = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  instance = instance.empty() ? "http://169.254.169.254" : without_end_slash(instance);
  return kept().get(instance, [&] { return keys_of_instance(instance); });
}

}  // namespace

Result<AwsAccess> find_aws_access() {
  RUNSTONE_TRY(const AwsProfile profile, read_aws_profile());
  AwsAccess access;
  access.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (access.region.empty()) access.region = profile.value("region");
  if (access.region.empty()) access.region = "us-east-1";
  access.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL"});
  if (access.endpoint.empty()) access.endpoint = profile.s3_endpoint;
  RUNSTONE_TRY(Keys keys, find_keys(profile, access));
  access.access_key = std::move(keys.access);
  access.secret_key = std::move(keys.secret);
  access.session_token = std::move(keys.session);
  access.source = std::move(keys.source);
  return access;
}

}  // namespace runstone::artifact
