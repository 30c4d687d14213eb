#include "net/server/http.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "net/server/compress.h"

namespace runstone::http {
namespace {

TEST(Request, TargetGivesPathAndDecodedQuery) {
  Request request;
  ASSERT_TRUE(parse_target("/a/b%2Fc?x=1&name=two+words&e=%C3%A9&flag", request));
  EXPECT_EQ(request.path, "/a/b%2Fc");
  ASSERT_TRUE(request.query("name"));
  EXPECT_EQ(*request.query("name"), "two words");
  EXPECT_EQ(*request.query("e"), "é");
  EXPECT_EQ(*request.query("flag"), "");
  EXPECT_EQ(request.query("absent"), nullptr);
}

TEST(Request, BadTargetsAreRefused) {
  for (const char* target : {"", "a", "*", "/%zz", "/a?x=%z"}) {
    Request request;
    EXPECT_FALSE(parse_target(target, request)) << target;
  }
}

TEST(Request, AbsoluteFormCountsAsItsPath) {
  Request request;
  ASSERT_TRUE(parse_target("http://host:1/a?b=c", request));
  EXPECT_EQ(request.path, "/a");
}

TEST(Request, CookieIsFoundAmongSeveral) {
  Request request;
  request.headers.add("Cookie", "a=1; runstone_session=xyz ;b=2");
  EXPECT_EQ(request.cookie("runstone_session"), "xyz");
  EXPECT_EQ(request.cookie("session"), std::nullopt);
}

TEST(Request, BaseUrlFollowsTheProxy) {
  Request request;
  request.headers.add("Host", "runs.example:8443");
  EXPECT_EQ(request.base_url(), "http://runs.example:8443");
  request.headers.add("X-Forwarded-Proto", "https");
  EXPECT_EQ(request.base_url(), "https://runs.example:8443");
}

TEST(Headers, NamesHaveNoCase) {
  Headers headers;
  headers.add("ETag", "1");
  headers.set("etag", "2");
  EXPECT_EQ(headers.get("ETAG"), "2");
  EXPECT_EQ(headers.items().size(), 1u);
}

TEST(Compress, LongTextIsPackedForThoseWhoTakeIt) {
  const std::string text(10'000, 'a');
  auto response = text_response(200, text);
  compress_response("deflate", response);
  EXPECT_EQ(response.text(), text);
  compress_response("gzip, deflate", response);
  EXPECT_EQ(response.headers.get("content-encoding"), "gzip");
  const auto back = gunzip(response.text(), text.size());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, text);
}

TEST(Compress, GunzipRefusesBombsAndNonsense) {
  const auto bomb = gzip(std::string(1 << 20, '\0'));
  EXPECT_EQ(gunzip(bomb, 1 << 10).error().code, ErrorCode::kResourceExhausted);
  auto damaged = gzip("some text that is packed");
  damaged[12] ^= 1;
  EXPECT_EQ(gunzip(damaged, 1 << 10).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(gunzip("too short", 1 << 10).error().code, ErrorCode::kInvalidArgument);
}

TEST(OnPool, RefusesWith429WhenThePoolIsFull) {
  ThreadPool pool(1, 0);  // takes nothing
  const auto handler = on_pool(pool, [](Request) { return text_response(200, "never"); });
  const auto response = wait_for(handler({}));
  EXPECT_EQ(response.status, 429);
  EXPECT_FALSE(response.headers.get("Retry-After").empty());
}

}  // namespace
}  // namespace runstone::http
