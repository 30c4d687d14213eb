#include "api/pages.h"

#include <gmock/gmock.h>

#include "net/server/compress.h"

namespace runstone::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class PagesTest : public testing::Test {
 protected:
  void add(std::span<const EmbeddedFile> files, std::vector<std::string> notebooks = {}) {
    add_pages(router_, files, std::move(notebooks));
  }
  http::Response get(std::string_view target, bool takes_gzip = true, std::string host = "") {
    http::Request request;
    if (!host.empty()) request.headers.add("Host", std::move(host));
    EXPECT_TRUE(http::parse_target(target, request));
    if (takes_gzip) request.headers.add("Accept-Encoding", "gzip, br");
    return wait_for(router_.fallback()(std::move(request)));
  }
  static std::string_view header(const http::Response& response, std::string_view name) {
    return response.headers.get(name);
  }

  http::Router router_;
  std::string index_ = http::gzip("<title>index</title>");
  std::string script_ = http::gzip("run()");
  EmbeddedFile files_[2] = {{"index.html", index_, "\"a\""},
                            {"assets/app-1f.js", script_, "\"b\""}};
};

TEST_F(PagesTest, EveryPageAddressIsTheIndex) {
  add(files_);
  for (const char* path :
       {"/", "/home", "/authorize", "/alice/digits", "/alice/digits/runs/ab12"}) {
    const auto response = get(path, false);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.text(), "<title>index</title>") << path;
    EXPECT_EQ(header(response, "cache-control"), "no-cache");
    EXPECT_THAT(std::string(header(response, "content-security-policy")),
                AllOf(HasSubstr("script-src 'self'"), HasSubstr("frame-ancestors 'none'"),
                      Not(HasSubstr("unsafe"))));
  }
}

TEST_F(PagesTest, DI1ARunShowsItselfInNotebooksOfThisMachineThisHostAndThoseNamed) {
  add(files_, {"https://hub.example.org"});
  const auto framers = [&](std::string_view target, std::string host) {
    const auto response = get(target, false, std::move(host));
    const std::string policy(header(response, "content-security-policy"));
    return policy.substr(policy.find("frame-ancestors"));
  };
  const std::string local =
      "frame-ancestors 'self' http://localhost:* https://localhost:* http://127.0.0.1:* "
      "https://127.0.0.1:* https://hub.example.org";
  EXPECT_EQ(framers("/a/p/runs/r?jupyter=true", "lab.example:7867"),
            local + " http://lab.example:* https://lab.example:*");
  EXPECT_EQ(framers("/a/p/runs/r?jupyter=true", "lab.example"),
            local + " http://lab.example:* https://lab.example:*");
  // What is no name says nothing in the policy.
  EXPECT_EQ(framers("/a/p/runs/r?jupyter=true", "x; script-src *:1"), local);
  EXPECT_EQ(framers("/a/p/runs/r?jupyter=true", "[::1]:7867"), local);
  EXPECT_EQ(framers("/a/p/runs/r?jupyter=false", "lab.example"), "frame-ancestors 'none'");
  for (const char* other : {"/a/p/runs/r", "/a/p/runs?jupyter=true", "/account?jupyter=true",
                            "/a/p/runs/r/files?jupyter=true", "/?jupyter=true"}) {
    EXPECT_EQ(framers(other, "lab.example"), "frame-ancestors 'none'") << other;
  }
}

TEST(FrameOrigin, IsASchemeAHostAndPerhapsAPort) {
  for (const char* good : {"https://hub.example.org", "http://10.0.0.7:8888", "http://lab:*",
                           "vscode-webview://1a2b"}) {
    EXPECT_TRUE(is_frame_origin(good)) << good;
  }
  for (const char* bad :
       {"", "hub.example.org", "https://", "https://a b", "https://a;script-src *", "https://a/",
        "https://a:", "https://a:x", "https://a:123456", "https://*.example.org"}) {
    EXPECT_FALSE(is_frame_origin(bad)) << bad;
  }
}

TEST_F(PagesTest, HashedAssetsAreKeptForEver) {
  add(files_);
  const auto response = get("/assets/app-1f.js");
  EXPECT_EQ(header(response, "content-type"), "text/javascript; charset=utf-8");
  EXPECT_THAT(std::string(header(response, "cache-control")), HasSubstr("immutable"));
  EXPECT_EQ(header(response, "content-encoding"), "gzip");
  EXPECT_EQ(http::gunzip(response.text(), 100).value(), "run()");
}

TEST_F(PagesTest, ProgramsGet404NotAPage) {
  add(files_);
  for (const char* path :
       {"/api/nothing", "/files/x", "/assets/old-1.js", "/sdk/otel/v1/metrics"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(header(response, "content-type"), "application/json");
  }
}

TEST_F(PagesTest, WithoutPagesItSaysHowToBuildThem) {
  add({});
  const auto response = get("/");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(std::string(response.text()), HasSubstr("pages were not built"));
}

}  // namespace
}  // namespace runstone::api
