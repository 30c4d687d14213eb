#include "artifact/stores/oauth_token.h"

#include "artifact/stores/credential_service.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr std::int64_t kTimeoutUs = 30'000'000;

/// Seconds, which Azure's machines write as text.
double seconds_in(const Dict& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr) return 0.0;
  return value->is_string() ? std::strtod(value->if_string()->c_str(), nullptr)
                            : value->number_or(0.0);
}

}  // namespace

LastingToken token_in(Result<net::ClientResponse> answer, const std::string& whose) {
  const std::int64_t now_us = system_clock().now_us();
  RUNSTONE_TRY(const Dict object, credentials_answer(std::move(answer), whose));
  const std::string token = text_in(object, "access_token");
  if (token.empty()) return fail(ErrorCode::kConflict, whose + " gave an answer without a token");
  const double lasts_us = seconds_in(object, "expires_in") * 1e6;
  return Lasting<std::string>{token, now_us + static_cast<std::int64_t>(lasts_us)};
}

LastingToken ask_for_token(const std::string& url, const std::string& form,
                           const std::string& whose) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = form;
  request.timeout_us = kTimeoutUs;
  return token_in(net::make_http_client()->send(request), whose);
}

Lasting<std::string> no_token() { return {"", system_clock().now_us() + kNobodyThereUs}; }

}  // namespace runstone::artifact
