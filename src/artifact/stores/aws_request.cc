#include "artifact/stores/aws_request.h"

#include <time.h>

#include <array>

#include "artifact/stores/credential_service.h"
#include "base/digest.h"
#include "base/encoding.h"

namespace runstone::artifact {
namespace {

constexpr const char* kPayload = "UNSIGNED-PAYLOAD";

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
    const char* domain =
        access.region.rfind("cn-", 0) == 0 ? ".amazonaws.com.cn" : ".amazonaws.com";
    const std::string host = "s3." + access.region + domain;
    // A certificate for *.s3... is none for a name with dots.
    const bool has_dots = bucket.find('.') != std::string::npos;
    place.host = has_dots ? host : bucket + "." + host;
    if (has_dots) place.path = "/" + bucket;
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
  std::string signing = hmac_sha256("AWS4" + access.secret_key, day);
  for (const std::string& part : {access.region, std::string("s3"), std::string("aws4_request")}) {
    signing = hmac_sha256(signing, part);
  }
  headers.erase("host");
  for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
  request.headers.emplace_back("Authorization",
                               "AWS4-HMAC-SHA256 Credential=" + access.access_key + "/" + scope +
                                   ", SignedHeaders=" + header_names +
                                   ", Signature=" + to_hex(hmac_sha256(signing, to_sign)));
  return request;
}

}  // namespace runstone::artifact
