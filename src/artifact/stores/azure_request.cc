#include "artifact/stores/azure_request.h"

#include <strings.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "artifact/stores/credential_service.h"
#include "artifact/stores/object_store.h"
#include "base/encoding.h"

namespace runstone::artifact {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kDomain = ".blob.core.windows.net";
constexpr const char* kVersion = "2021-12-02";

/// "Mon, 30 Nov 2026 13:31:25 GMT", in any locale.
std::string http_date(std::int64_t now_us) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = static_cast<time_t>(now_us / 1'000'000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT",
                                 kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                 kMonths[static_cast<std::size_t>(parts.tm_mon)],
                                 parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string header_of(const net::ClientRequest& request, const char* name) {
  for (const auto& [key, value] : request.headers) {
    if (strcasecmp(key.c_str(), name) == 0) return value;
  }
  return "";
}

}  // namespace

bool is_azure_address(const std::string& uri) {
  if (uri.rfind(kScheme, 0) != 0) return false;
  const std::string host = parse_address(uri).bucket;
  return host.size() > kDomain.size() &&
         host.compare(host.size() - kDomain.size(), kDomain.size(), kDomain) == 0;
}

std::map<std::string, std::string> decoded_query(const std::string& query) {
  std::map<std::string, std::string> values;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string field = query.substr(at, end - at);
    const std::size_t equals = std::min(field.find('='), field.size());
    std::string name = field.substr(0, equals);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string value = field.substr(std::min(equals + 1, field.size()));
    values[name] = percent_decode(value).value_or(value);
    at = end + 1;
  }
  return values;
}

net::ClientRequest azure_request(const AzureAccess& access, const std::string& method,
                                 const std::string& path,
                                 const std::map<std::string, std::string>& query) {
  net::ClientRequest request;
  request.method = method;
  request.url = access.endpoint + "/" + percent_encode(path, "/");
  char separator = '?';
  for (const auto& [name, value] : query) {
    request.url += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  if (!access.sas.empty()) request.url += separator + access.sas;
  return request;
}

void authorize_azure(const AzureAccess& access, net::ClientRequest& request, std::int64_t now_us) {
  request.headers.emplace_back("x-ms-date", http_date(now_us));
  request.headers.emplace_back("x-ms-version", kVersion);
  if (!access.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + access.token);
  }
  if (access.key.empty()) return;
  // Of the headers named by the scheme, requests for what is there have none but Range.
  std::string text = request.method + "\n";
  for (const char* name :
       {"Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type",
        "Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"}) {
    text += header_of(request, name) + "\n";
  }
  text += "x-ms-date:" + header_of(request, "x-ms-date") + "\n";
  text += "x-ms-version:" + std::string(kVersion) + "\n";
  const std::string rest = request.url.substr(request.url.find("://") + 3);
  const std::size_t mark = std::min(rest.find('?'), rest.size());
  const std::size_t slash = std::min(rest.find('/'), mark);
  text += "/" + access.account + rest.substr(slash, mark - slash);
  for (const auto& [name, value] : decoded_query(rest.substr(std::min(mark + 1, rest.size())))) {
    text += "\n" + name + ":" + value;
  }
  request.headers.emplace_back("Authorization", "SharedKey " + access.account + ":" +
                                                    to_base64(hmac_sha256(access.key, text)));
}

}  // namespace runstone::artifact
