#include "auth/auth.h"

#include <gmock/gmock.h>

#include "auth/url_signer.h"
#include "base/encoding.h"
#include "store/memory/memory_store.h"

namespace runstone::auth {
namespace {

using testing::HasSubstr;
using testing::Not;

class HandClock final : public Clock {
 public:
  std::int64_t now_us() const override { return now; }
  std::int64_t monotonic_us() const override { return now; }
  std::int64_t now = 1'790'000'000'000'000;
};

class AuthTest : public testing::Test {
 protected:
  AuthTest() { user_ = auth_.ensure_local_user("alice").value(); }
  Credentials basic(std::string_view text) {
    header_ = "Basic " + to_base64(text);
    Credentials credentials;
    credentials.authorization = header_;
    return credentials;
  }
  static ErrorCode code_of(const Result<Principal>& result) {
    return result ? ErrorCode::kInternal : result.error().code;
  }

  HandClock clock_;
  std::unique_ptr<store::Store> store_ = store::memory::make_store();
  Auth auth_{*store_, clock_};
  store::User user_;
  std::string header_;
};

TEST_F(AuthTest, AKeyOpensItsUsersDoorAndIsNotKept) {
  const auto key = auth_.create_key(user_.id, "laptop").value();
  const auto who = auth_.authenticate(basic("api:" + key));
  ASSERT_TRUE(who);
  EXPECT_EQ(who->name, "alice");
  EXPECT_FALSE(who->by_session);
  EXPECT_FALSE(store_->find_api_key(key));
  EXPECT_EQ(store_->find_api_key(hash_secret(key)).value().user, user_.id);
}

TEST_F(AuthTest, KeysSuitTheStockClient) {
  for (int i = 0; i < 50; ++i) {
    const auto key = auth_.create_key(user_.id, "k").value();
    const auto after_dash = key.substr(key.find('-') + 1);
    EXPECT_GE(after_dash.size(), 40u);
    EXPECT_THAT(after_dash, testing::MatchesRegex("[A-Za-z0-9_]+"));
  }
}

TEST_F(AuthTest, EverythingElseIsNobody) {
  const auto key = auth_.create_key(user_.id, "laptop").value();
  EXPECT_EQ(code_of(auth_.authenticate({})), ErrorCode::kUnauthenticated);
  for (const auto& text :
       {std::string("api:"), "api:" + key + "x", std::string("api:wrong"), key}) {
    EXPECT_EQ(code_of(auth_.authenticate(basic(text))), ErrorCode::kUnauthenticated) << text;
  }
  for (const char* header : {"Basic", "Basic !!!", "Bearer abc", "Basi", " "}) {
    Credentials credentials;
    credentials.authorization = header;
    EXPECT_EQ(code_of(auth_.authenticate(credentials)), ErrorCode::kUnauthenticated) << header;
  }
}

TEST_F(AuthTest, ADeletedKeyIsNobodysAtOnce) {
  const auto key = auth_.create_key(user_.id, "laptop").value();
  ASSERT_TRUE(auth_.authenticate_key(key));
  const auto kept = store_->find_api_key(hash_secret(key)).value();
  ASSERT_TRUE(store_->delete_api_key(kept.id));
  EXPECT_EQ(code_of(auth_.authenticate_key(key)), ErrorCode::kUnauthenticated);
}

TEST_F(AuthTest, ASigninTokenWorksOnce) {
  const auto token = auth_.create_signin_token(user_.id).value();
  const auto session = auth_.sign_in(token);
  ASSERT_TRUE(session);
  EXPECT_EQ(auth_.sign_in(token).error().code, ErrorCode::kUnauthenticated);
  const auto who = auth_.authenticate({.session = *session});
  ASSERT_TRUE(who);
  EXPECT_TRUE(who->by_session);
  ASSERT_TRUE(auth_.sign_out(*session));
  EXPECT_EQ(code_of(auth_.authenticate({.session = *session})), ErrorCode::kUnauthenticated);
}

TEST_F(AuthTest, TokensAndSessionsEnd) {
  const auto late = auth_.create_signin_token(user_.id).value();
  const auto session = auth_.sign_in(auth_.create_signin_token(user_.id).value()).value();
  clock_.now += kSigninTokenLifetimeUs;
  EXPECT_EQ(auth_.sign_in(late).error().code, ErrorCode::kUnauthenticated);
  ASSERT_TRUE(auth_.authenticate({.session = session}));
  clock_.now += kSessionLifetimeUs;
  EXPECT_EQ(code_of(auth_.authenticate({.session = session})), ErrorCode::kUnauthenticated);
}

TEST_F(AuthTest, ACookieAloneChangesNothing) {
  const auto session = auth_.sign_in(auth_.create_signin_token(user_.id).value()).value();
  EXPECT_EQ(code_of(auth_.authenticate({.session = session, .changes_state = true})),
            ErrorCode::kPermissionDenied);
  EXPECT_TRUE(
      auth_.authenticate({.session = session, .changes_state = true, .from_our_page = true}));
}

TEST_F(AuthTest, AWrongHeaderIsNotSavedByACookie) {
  const auto session = auth_.sign_in(auth_.create_signin_token(user_.id).value()).value();
  auto credentials = basic("api:wrong");
  credentials.session = session;
  EXPECT_EQ(code_of(auth_.authenticate(credentials)), ErrorCode::kUnauthenticated);
}

TEST(Authorize, UsersHaveTheirOwnEntityAdministratorsAll) {
  const Principal user{.name = "alice"};
  EXPECT_TRUE(authorize(user, Action::kWrite, {"alice", "p"}));
  EXPECT_FALSE(authorize(user, Action::kRead, {"bob", "p"}));
  EXPECT_FALSE(authorize(user, Action::kRead, {"", ""}));
  EXPECT_FALSE(authorize(Principal{}, Action::kRead, {"", ""}));
  const Principal admin{.name = "root", .admin = true};
  EXPECT_TRUE(authorize(admin, Action::kWrite, {"bob", "p"}));
}

// Splits "/path?expires=E&signature=S".
struct Signed {
  std::string path, expires, signature;
  explicit Signed(const std::string& url) {
    const auto question = url.find("?expires="), ampersand = url.find("&signature=");
    path = url.substr(0, question);
    expires = url.substr(question + 9, ampersand - question - 9);
    signature = url.substr(ampersand + 11);
  }
};

TEST_F(AuthTest, ASignedUrlAllowsOneThing) {
  const auto signer = UrlSigner::create(*store_, clock_).value();
  const FileGrant grant{"PUT", "alice", "p 1", "r", "media/a b.png"};
  const Signed url(signer.sign(grant, kUploadGrantLifetimeUs));
  EXPECT_EQ(url.path, "/files/alice/p%201/r/media/a%20b.png");
  EXPECT_TRUE(signer.check(grant, url.expires, url.signature));
  for (const FileGrant& other : {FileGrant{"GET", "alice", "p 1", "r", "media/a b.png"},
                                 FileGrant{"PUT", "alice", "p 1", "r2", "media/a b.png"},
                                 FileGrant{"PUT", "alice", "p 1r", "", "media/a b.png"},
                                 FileGrant{"PUT", "alice", "p 1", "r", "media/a c.png"}}) {
    EXPECT_FALSE(signer.check(other, url.expires, url.signature)) << other.name;
  }
  EXPECT_FALSE(signer.check(grant, url.expires + "0", url.signature));
  EXPECT_FALSE(signer.check(grant, url.expires, ""));
  EXPECT_FALSE(signer.check(grant, "", ""));
  clock_.now += kUploadGrantLifetimeUs + 1'000'000;
  const auto late = signer.check(grant, url.expires, url.signature);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("expired"));
}

TEST_F(AuthTest, ServersOfOneStoreTakeEachOthersUrls) {
  const auto first = UrlSigner::create(*store_, clock_).value();
  const auto second = UrlSigner::create(*store_, clock_).value();
  const FileGrant grant{"GET", "e", "p", "r", "f"};
  const Signed url(first.sign(grant, kDownloadGrantLifetimeUs));
  EXPECT_TRUE(second.check(grant, url.expires, url.signature));
  const auto elsewhere = store::memory::make_store();
  EXPECT_FALSE(
      UrlSigner::create(*elsewhere, clock_).value().check(grant, url.expires, url.signature));
}

}  // namespace
}  // namespace runstone::auth
