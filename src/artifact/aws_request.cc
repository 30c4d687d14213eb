#include "artifact/aws_request.h"

#include <openssl/hmac.h>
#include <time.h>

#include <array>
#include <cstdlib>

#include "base/digest.h"
#include "base/encoding.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr const char* kPayload = "UNSIGNED-PAYLOAD";
constexpr std::uint64_t kFileMaxBytes = 1 << 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = environment(name); !value.empty()) return value;
  }
  return "";
}

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

/// The keys of one section of an ini file.
std::map<std::string, std::string> ini_section(const std::string& path, const std::string& name) {
  std::map<std::string, std::string> keys;
  const auto text = fs::read_file(fs::real_file_system(), path, kFileMaxBytes);
  if (!text) return keys;  // most users have none
  bool is_in = false;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string line = trimmed(text->substr(at, end - at));
    at = end + 1;
    if (!line.empty() && line.front() == '[') {
      is_in = line == "[" + name + "]" || line == "[profile " + name + "]";
    } else if (const auto equals = line.find('='); is_in && equals != std::string::npos) {
      keys[trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
    }
  }
  return keys;
}

std::string hmac(const std::string& key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(), &size);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string utc(const char* form, std::int64_t now_us) {
  const time_t seconds = static_cast<time_t>(now_us / 1'000'000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), strftime(text.data(), text.size(), form, &parts)};
}

/// Where the bucket answers: scheme and host, and the path in front of the key.
struct Place {
  std::string scheme = "https", host, path;
};
Place place_of(const AwsAccess& access, const std::string& bucket) {
  Place place;
  if (access.endpoint.empty()) {
    place.host = bucket + ".s3." + access.region + ".amazonaws.com";
    return place;
  }
  std::string rest = access.endpoint;
  if (const auto scheme = rest.find("://"); scheme != std::string::npos) {
    place.scheme = rest.substr(0, scheme);
    rest = rest.substr(scheme + 3);
  }
  while (!rest.empty() && rest.back() == '/') rest.pop_back();
  place.host = rest.substr(0, rest.find('/'));
  place.path = rest.substr(place.host.size()) + "/" + percent_encode(bucket);
  return place;
}

}  // namespace

AwsAccess find_aws_access() {
  AwsAccess access;
  const std::string home = environment("HOME") + "/.aws/";
  std::string profile = first_of({"AWS_PROFILE", "AWS_DEFAULT_PROFILE"});
  if (profile.empty()) profile = "default";
  std::string config_file = environment("AWS_CONFIG_FILE");
  if (config_file.empty()) config_file = home + "config";
  auto config = ini_section(config_file, profile);
  access.access_key = environment("AWS_ACCESS_KEY_ID");
  access.secret_key = environment("AWS_SECRET_ACCESS_KEY");
  access.session_token = environment("AWS_SESSION_TOKEN");
  if (access.access_key.empty()) {
    std::string file = environment("AWS_SHARED_CREDENTIALS_FILE");
    if (file.empty()) file = home + "credentials";
    auto keys = ini_section(file, profile);
    if (keys.empty()) keys = config;
    access.access_key = keys["aws_access_key_id"];
    access.secret_key = keys["aws_secret_access_key"];
    access.session_token = keys["aws_session_token"];
  }
  access.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (access.region.empty()) access.region = config["region"];
  if (access.region.empty()) access.region = "us-east-1";
  access.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL"});
  if (access.endpoint.empty()) access.endpoint = config["endpoint_url"];
  return access;
}

// By "Signature Version 4 signing process" of Amazon's documentation.
net::ClientRequest aws_request(const AwsAccess& access, const std::string& method,
                               const std::string& bucket, const std::string& key,
                               const std::map<std::string, std::string>& query,
                               std::int64_t now_us) {
  const Place place = place_of(access, bucket);
  std::string query_text;
  for (const auto& [name, value] : query) {
    query_text +=
        (query_text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  const std::string path = place.path + "/" + percent_encode(key, "/");
  net::ClientRequest request;
  request.method = method;
  request.url =
      place.scheme + "://" + place.host + path + (query_text.empty() ? "" : "?" + query_text);
  if (access.access_key.empty()) return request;
  const std::string time = utc("%Y%m%dT%H%M%SZ", now_us), day = time.substr(0, 8);
  std::map<std::string, std::string> headers = {
      {"host", place.host}, {"x-amz-content-sha256", kPayload}, {"x-amz-date", time}};
  if (!access.session_token.empty()) headers["x-amz-security-token"] = access.session_token;
  std::string header_lines, header_names;
  for (const auto& [name, value] : headers) {
    header_lines += name + ":" + value + "\n";
    header_names += (header_names.empty() ? "" : ";") + name;
  }
  const std::string canonical = method + "\n" + path + "\n" + query_text + "\n" + header_lines +
                                "\n" + header_names + "\n" + kPayload;
  const std::string scope = day + "/" + access.region + "/s3/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256_hex(canonical);
  std::string signing = hmac("AWS4" + access.secret_key, day);
  for (const std::string& part : {access.region, std::string("s3"), std::string("aws4_request")}) {
    signing = hmac(signing, part);
  }
  headers.erase("host");
  for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
  request.headers.emplace_back("Authorization",
                               "AWS4-HMAC-SHA256 Credential=" + access.access_key + "/" + scope +
                                   ", SignedHeaders=" + header_names +
                                   ", Signature=" + to_hex(hmac(signing, to_sign)));
  return request;
}

}  // namespace runstone::artifact
