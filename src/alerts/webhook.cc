#include "alerts/webhook.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"

namespace runstone::alerts {
namespace {

constexpr std::int64_t kTimeoutUs = 10'000'000;
constexpr std::size_t kAnswerBytesMax = 64 << 10;  // it is not read, but the connection is kept

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &length);
  return std::string(reinterpret_cast<const char*>(digest), length);
}

Outcome judge(int status) {
  if (status >= 200 && status < 300) return Outcome::delivered();
  const std::string said = "it answered status " + std::to_string(status);
  if (status >= 300 && status < 400) {
    return Outcome::refused(said + ", a redirect, which is not followed: set its final address");
  }
  const bool may_pass = status == 408 || status == 425 || status == 429 || status >= 500;
  return may_pass ? Outcome::retry(said) : Outcome::refused(said);
}

}  // namespace

std::string webhook_body(const Message& message) {
  return json::to_text(Dict{
      {"type", "run.alert"},
      {"id", message.key},
      {"title", message.title},
      {"text", message.text},
      {"severity", store::to_string(message.severity)},
      {"created_at", to_rfc3339(message.created_at_us, true)},
      {"entity", message.entity},
      {"project", message.project},
      {"run", Dict{{"name", message.run},
                   {"display_name", message.run_display_name},
                   {"url", message.run_url}}},
  });
}

std::string webhook_signature(std::string_view secret, std::int64_t now_us, std::string_view body) {
  const std::string seconds = std::to_string(now_us / 1'000'000);
  const std::string digest = hmac_sha256(secret, seconds + "." + std::string(body));
  return "t=" + seconds + ",v1=" + to_hex(digest);
}

Outcome send_webhook(net::HttpTransport& transport, const store::AlertTarget& target,
                     const Message& message, std::int64_t now_us) {
  const std::string body = webhook_body(message);
  net::ClientRequest request;
  request.method = "POST";
  request.url = target.url;
  request.headers = {{"Content-Type", "application/json"},
                     {"Idempotency-Key", message.delivery_key},
                     {"X-Runstone-Event", "run.alert"},
                     {"X-Runstone-Signature", webhook_signature(target.secret, now_us, body)}};
  request.body = body;
  request.timeout_us = kTimeoutUs;
  request.response_max_bytes = kAnswerBytesMax;
  const auto answer = transport.send(request);
  if (answer) return judge(answer->status);
  switch (answer.error().code) {
    case ErrorCode::kResourceExhausted:
      return Outcome::retry("its answer is too long");
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kPermissionDenied:
      return Outcome::refused(answer.error().message);
    default:
      return Outcome::retry(answer.error().message);
  }
}

}  // namespace runstone::alerts
