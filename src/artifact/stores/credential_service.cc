#include "artifact/stores/credential_service.h"

#include <openssl/hmac.h>

#include <array>
#include <cstdlib>

#include "base/encoding.h"
#include "base/json.h"

namespace runstone::artifact {
namespace {

constexpr std::int64_t kConnectTimeoutUs = 1'000'000;
constexpr std::int64_t kTimeoutUs = 5'000'000;
constexpr std::size_t kWordsMax = 300;

}  // namespace

Result<net::ClientResponse> ask_machine(net::ClientRequest request) {
  net::ClientOptions options;
  options.direct = true;
  options.connect_timeout_us = kConnectTimeoutUs;
  request.timeout_us = kTimeoutUs;
  return net::make_http_client(options)->send(request);
}

Result<Dict> credentials_answer(Result<net::ClientResponse> answer, const std::string& whose) {
  if (!answer) {
    return fail(ErrorCode::kConflict, whose + " gave no credentials: " + answer.error().message);
  }
  const auto parsed = json::parse(answer->body);
  if (answer->status / 100 == 2 && parsed && parsed->is_dict()) return *parsed->if_dict();
  return fail(ErrorCode::kConflict, whose + " gave no credentials, but status " +
                                        std::to_string(answer->status) + ": " +
                                        readable(answer->body));
}

std::string readable(std::string text) {
  if (text.size() > kWordsMax) {
    text.resize(kWordsMax);
    // Not in the middle of a character.
    for (int bytes = 0; bytes < 3 && !is_valid_utf8(text); ++bytes) text.pop_back();
  }
  const bool is_text = is_valid_utf8(text);
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
    if (byte >= 0x80 && !is_text) c = '?';
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

std::string text_in(const Dict& object, std::string_view key) {
  const Value* value = object.find(key);
  return value == nullptr ? "" : std::string(value->string_or(""));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string without_end_slash(std::string text) {
  while (!text.empty() && text.back() == '/') text.pop_back();
  return text;
}

std::string host_of(const std::string& url) {
  const auto scheme = url.find("://");
  std::string host = scheme == std::string::npos ? url : url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.rfind('[', 0) == 0) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_private_channel(const std::string& url) {
  const std::string host = host_of(url);
  return url.rfind("https://", 0) == 0 || host == "localhost" || host == "127.0.0.1" ||
         host == "[::1]";
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(), &size);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string form_text(std::initializer_list<std::pair<const char*, std::string>> fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += (text.empty() ? "" : "&") + std::string(name) + "=" + percent_encode(value);
  }
  return text;
}

}  // namespace runstone::artifact
