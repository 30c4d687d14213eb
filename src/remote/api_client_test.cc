#include "remote/api_client.h"

#include <gmock/gmock.h>

#include <mutex>
#include <vector>

#include "base/encoding.h"
#include "net/client/scripted_server.h"

namespace runstone::remote {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kSecondUs = 1'000'000;

/// A server with a handler, and a client that has a key for it.
struct Place {
  explicit Place(net::ScriptedServer::Handler handler) : server(std::move(handler)) {}
  net::ScriptedServer server;
  std::unique_ptr<net::HttpTransport> transport = net::make_http_client();
  ApiClient client{*transport, system_clock(), {.base_url = server.url(), .api_key = "secret"}};
};

TEST(ApiClientGet, GivesTheKeyToTheServersOwnAddressOnly) {
  std::vector<std::string> keys_elsewhere;
  net::ScriptedServer elsewhere([&](const net::ScriptedRequest& request) {
    keys_elsewhere.emplace_back(request.header("authorization"));
    return net::ScriptedAnswer{.body = "bytes"};
  });
  std::vector<std::string> keys_here;
  Place place([&](const net::ScriptedRequest& request) {
    keys_here.emplace_back(request.header("authorization"));
    return net::ScriptedAnswer{.status = 302, .headers = {{"Location", elsewhere.url() + "/f"}}};
  });
  auto got = place.client.get("/files/f", "", kSecondUs);
  ASSERT_TRUE(got) << got.trouble().message;
  EXPECT_EQ(*got, "bytes");
  EXPECT_EQ(keys_here, std::vector<std::string>{"Basic " + to_base64("api:secret")});
  EXPECT_EQ(keys_elsewhere, std::vector<std::string>{""});
}

TEST(ApiClientGet, FollowsRedirectionsToItsEndAndNoFurther) {
  int requests = 0;
  Place place([&](const net::ScriptedRequest&) {
    ++requests;
    return net::ScriptedAnswer{.status = 302, .headers = {{"Location", "/again"}}};
  });
  auto got = place.client.get("/f", "", kSecondUs);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.trouble().status, 302);
  EXPECT_EQ(requests, 6);
}

TEST(ApiClientGet, EndsWhenNothingComesForTheTimeGiven) {
  Place place([](const net::ScriptedRequest&) {
    return net::ScriptedAnswer{.kind = net::ScriptedAnswer::Kind::kHang};
  });
  auto got = place.client.get("/f", "", kSecondUs);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.trouble().kind, TroubleKind::kRetry);
}

TEST(ApiClientGraphql, AnAnswerPastItsBoundSaysSo) {
  Place place([](const net::ScriptedRequest&) {
    return net::ScriptedAnswer{.body = R"({"data":")" + std::string(1000, 'x') + R"("})"};
  });
  auto answer = place.client.graphql_text("Q", "query Q { a }", Value(), kSecondUs, 100);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.trouble().is_too_large);
}

TEST(ApiClientGraphql, APageIsNoAnswerAndErrorsAreARefusal) {
  std::string body = "<html>sign in</html>";
  Place place([&](const net::ScriptedRequest&) { return net::ScriptedAnswer{.body = body}; });
  auto page = place.client.graphql("Q", "query Q { a }", Value(), kSecondUs);
  ASSERT_FALSE(page);
  EXPECT_THAT(page.trouble().message, HasSubstr("no JSON"));
  body = R"({"data":null,"errors":[{"message":"no such field"}]})";
  auto refused = place.client.graphql("Q", "query Q { a }", Value(), kSecondUs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.trouble().kind, TroubleKind::kRefused);
  EXPECT_THAT(refused.trouble().message, HasSubstr("no such field"));
}

}  // namespace
}  // namespace runstone::remote
