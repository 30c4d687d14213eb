#include "alerts/webhook.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace runstone::alerts {
namespace {

class ScriptedTransport final : public net::HttpTransport {
 public:
  Result<net::ClientResponse> send(const net::ClientRequest& request) override {
    sent = request;
    body = std::string(request.body);
    if (error) return fail(*error);
    net::ClientResponse response;
    response.status = status;
    return response;
  }
  void cancel() override {}

  int status = 200;
  std::optional<Error> error;
  net::ClientRequest sent;
  std::string body;
};

Message message() {
  Message made;
  made.key = "k";
  made.delivery_key = "k-7";
  made.title = "Loss \"is\" NaN";
  made.text = "at step 3";
  made.severity = store::AlertSeverity::kWarn;
  made.created_at_us = 1'700'000'000'123'456;
  made.entity = "alice";
  made.project = "p1";
  made.run = "r1";
  made.run_display_name = "brisk-otter-1";
  made.run_url = "http://x/alice/p1/runs/r1";
  return made;
}

store::AlertTarget target() {
  store::AlertTarget made;
  made.url = "https://example.org/hook";
  made.secret = "0123456789abcdef";
  return made;
}

TEST(AlertWebhook, SignatureIsThatOfTheTimeAndTheBody) {
  // python: hmac.new(b"0123456789abcdef", b"1700000000.{}", "sha256").hexdigest()
  EXPECT_EQ(webhook_signature("0123456789abcdef", 1'700'000'000'999'999, "{}"),
            "t=1700000000,v1=e4f8e2ecae2295b2ddb2f0b5584c8275e226c0ebe9b3b819e70156bb67122e3e");
}

TEST(AlertWebhook, BodyTellsAllOfTheAlert) {
  const auto body = json::parse(webhook_body(message())).value();
  EXPECT_EQ(body.get("title")->string_or(""), "Loss \"is\" NaN");
  EXPECT_EQ(body.get("severity")->string_or(""), "WARN");
  EXPECT_EQ(body.get("created_at")->string_or(""), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(body.get("run")->get("display_name")->string_or(""), "brisk-otter-1");
  EXPECT_EQ(body.get("run")->get("url")->string_or(""), "http://x/alice/p1/runs/r1");
}

TEST(AlertWebhook, RequestCarriesTheKeyOfTheDeliveryAndASignature) {
  ScriptedTransport transport;
  const auto outcome = send_webhook(transport, target(), message(), 5'000'000);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered);
  EXPECT_EQ(transport.sent.method, "POST");
  const auto header = [&](std::string_view name) {
    for (const auto& [key, value] : transport.sent.headers) {
      if (key == name) return value;
    }
    return std::string();
  };
  EXPECT_EQ(header("Idempotency-Key"), "k-7");
  EXPECT_EQ(header("X-Runstone-Signature"),
            webhook_signature("0123456789abcdef", 5'000'000, transport.body));
}

void check_status(int status, Outcome::Kind want) {
  ScriptedTransport transport;
  transport.status = status;
  EXPECT_EQ(send_webhook(transport, target(), message(), 0).kind, want) << status;
}

TEST(AlertWebhook, OnlyWhatMayPassIsTriedAgain) {
  for (const int status : {200, 201, 202, 204}) check_status(status, Outcome::Kind::kDelivered);
  for (const int status : {408, 425, 429, 500, 502, 503})
    check_status(status, Outcome::Kind::kRetry);
  for (const int status : {301, 302, 307, 308, 400, 401, 403, 404, 410}) {
    check_status(status, Outcome::Kind::kRefused);
  }
}

TEST(AlertWebhook, BrokenConnectionsAreTriedAgainForbiddenAddressesNot) {
  ScriptedTransport transport;
  transport.error = Error{ErrorCode::kUnavailable, "no connection"};
  EXPECT_EQ(send_webhook(transport, target(), message(), 0).kind, Outcome::Kind::kRetry);
  transport.error = Error{ErrorCode::kPermissionDenied, "10.0.0.1 is no public address"};
  const auto refused = send_webhook(transport, target(), message(), 0);
  EXPECT_EQ(refused.kind, Outcome::Kind::kRefused);
  EXPECT_EQ(refused.error, "10.0.0.1 is no public address");
}

}  // namespace
}  // namespace runstone::alerts
