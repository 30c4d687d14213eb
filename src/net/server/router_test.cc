#include "net/server/router.h"

#include <gtest/gtest.h>

namespace runstone::http {
namespace {

Handler named(std::string name) {
  static ThreadPool pool(1, 1);
  return on_pool(pool, [name](Request) { return text_response(200, name); });
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.add(Method::kGet, "/files/{e}/{p}/{r}/{path...}", named("get"));
    router_.add(Method::kPut, "/files/{e}/{p}/{r}/{path...}", named("put"));
    router_.add(Method::kPost, "/files/{e}/{p}/{r}/file_stream", named("stream"));
    router_.add(Method::kGet, "/api/health", named("health"));
    router_.add(Method::kPost, "/sdk/otel/{rest...}", named("otel"));
  }
  std::string value(const Router::Match& match, std::string_view name) {
    for (const auto& [have, text] : match.parameters) {
      if (have == name) return text;
    }
    return "(none)";
  }
  std::string last_segment(const Router::Match& match) {
    return match.route ? match.route->segments.back() : "(none)";
  }
  Router router_;
};

TEST_F(RouterTest, NamesAreDecodedPerSegment) {
  const auto match = router_.match(Method::kPost, "/files/al%20ice/a%2Fb/r%C3%A9/file_stream");
  EXPECT_EQ(last_segment(match), "file_stream");
  EXPECT_EQ(value(match, "e"), "al ice");
  EXPECT_EQ(value(match, "p"), "a/b");
  EXPECT_EQ(value(match, "r"), "ré");
}

TEST_F(RouterTest, TheRestKeepsItsSlashes) {
  const auto match = router_.match(Method::kPut, "/files/e/p/r/media/images/a%20b.png");
  EXPECT_EQ(value(match, "path"), "media/images/a b.png");
}

TEST_F(RouterTest, TheRestNamesNoOtherFolder) {
  for (const char* path :
       {"/files/e/p/r/../x", "/files/e/p/r/a/%2e%2e/x", "/files/e/p/r/a//b", "/files/e/p/r/"}) {
    EXPECT_EQ(router_.match(Method::kGet, path).route, nullptr) << path;
  }
}

TEST_F(RouterTest, HeadIsTakenByGet) {
  EXPECT_NE(router_.match(Method::kHead, "/api/health").route, nullptr);
}

TEST_F(RouterTest, OtherMethodsAreToldFromUnknownPaths) {
  const auto wrong = router_.match(Method::kDelete, "/files/e/p/r/x");
  EXPECT_EQ(wrong.route, nullptr);
  EXPECT_TRUE(wrong.path_exists);
  EXPECT_EQ(wrong.allow, "GET, PUT");
  EXPECT_FALSE(router_.match(Method::kGet, "/nothing").path_exists);
  EXPECT_FALSE(router_.match(Method::kGet, "/api/health/more").path_exists);
}

}  // namespace
}  // namespace runstone::http
