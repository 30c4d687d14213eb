#include "auth/auth.h"

#include <gmock/gmock.h>

#include "auth/password.h"
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

TEST_F(AuthTest, AnAdministratorsPowerIsUsedOnlyWhereItIsAskedFor) {
  const auto key = auth_.create_key(user_.id, "k").value();
  EXPECT_FALSE(auth_.authenticate(basic("api:" + key))->admin);
  auto asking = basic("api:" + key);
  asking.wants_admin = true;
  EXPECT_TRUE(auth_.authenticate(asking)->admin);
  const auto session = auth_.sign_in(auth_.create_signin_token(user_.id).value()).value();
  EXPECT_TRUE(auth_.authenticate({.session = session})->admin);
  ASSERT_TRUE(store_->accounts().update_user(user_.id, {.admin = false}));
  EXPECT_FALSE(auth_.authenticate(asking)->admin);
}

TEST_F(AuthTest, ARoleChangesAtOnce) {
  const auto key = auth_.create_key(user_.id, "k").value();
  const std::vector<store::NewMember> members = {{user_.id, store::Role::kViewer}};
  const auto team = store_->accounts().create_team("crew", 1, members).value();
  EXPECT_FALSE(authorize(*auth_.authenticate_key(key), Action::kWrite, {"crew"}));
  ASSERT_TRUE(store_->accounts().put_member(team.id, user_.id, store::Role::kMember, 2));
  EXPECT_TRUE(authorize(*auth_.authenticate_key(key), Action::kWrite, {"crew"}));
  ASSERT_TRUE(store_->accounts().remove_member(team.id, user_.id));
  EXPECT_FALSE(authorize(*auth_.authenticate_key(key), Action::kRead, {"crew"}));
}

TEST_F(AuthTest, APasswordOpensASession) {
  const auto encoded = encode_password("correct horse").value();
  EXPECT_THAT(encoded, testing::StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
  ASSERT_TRUE(store_->accounts().set_password(user_.id, encoded));
  const auto session = auth_.sign_in_with_password({"alice", "correct horse", "1.2.3.4"});
  ASSERT_TRUE(session);
  EXPECT_EQ(auth_.authenticate({.session = *session})->name, "alice");
  for (const auto& [name, password] : {std::pair("alice", "wrong horse"),
                                       {"alice", ""},
                                       {"nobody", "correct horse"},
                                       {"", "correct horse"}}) {
    const auto refused = auth_.sign_in_with_password({name, password, "1.2.3.4"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "no user has this name and this password");
  }
}

TEST_F(AuthTest, WithoutAPasswordNoneIsRight) {
  EXPECT_FALSE(auth_.sign_in_with_password({"alice", "", "1.2.3.4"}));
  EXPECT_FALSE(auth_.sign_in_with_password({"alice", "nobody has this", "1.2.3.4"}));
}

TEST_F(AuthTest, GuessingIsSlowedDownAndForgiven) {
  ASSERT_TRUE(store_->accounts().set_password(user_.id, encode_password("correct horse").value()));
  const PasswordAttempt wrong{"alice", "wrong horse", "1.2.3.4"};
  const PasswordAttempt right{"alice", "correct horse", "1.2.3.4"};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(auth_.sign_in_with_password(wrong).error().code, ErrorCode::kUnauthenticated);
  }
  // The right one has to wait, too, or it could be told from the others.
  EXPECT_EQ(auth_.sign_in_with_password(right).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(auth_.wait_secs(right), 1);
  EXPECT_EQ(auth_.wait_secs({"Alice", "", "1.2.3.4"}), 1);
  // Somebody elsewhere cannot lock her out so soon.
  EXPECT_TRUE(auth_.sign_in_with_password({"alice", "correct horse", "5.6.7.8"}));
  clock_.now += 1'000'000;
  EXPECT_EQ(auth_.sign_in_with_password(wrong).error().code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(auth_.wait_secs(right), 2);
  clock_.now += 2'000'000;
  EXPECT_TRUE(auth_.sign_in_with_password(right));
  EXPECT_EQ(auth_.wait_secs(right), 0);
}

TEST_F(AuthTest, ManyNamesFromOneAddressAreSlowedDownToo) {
  SigninThrottle throttle(clock_);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(throttle.begin("user" + std::to_string(i), "1.2.3.4"), 0);
  }
  EXPECT_EQ(throttle.begin("another", "1.2.3.4"), 1);
  EXPECT_EQ(throttle.begin("another", "5.6.7.8"), 0);
  for (int i = 0; i < 20'000; ++i) {
    throttle.begin("x" + std::to_string(i), "9.9." + std::to_string(i));
    if (i % 1000 == 0) clock_.now += 1000;
  }
  clock_.now += 3'601'000'000;
  EXPECT_EQ(throttle.begin("another", "1.2.3.4"), 0);
}

TEST_F(AuthTest, ChangingAPasswordNeedsTheOldOne) {
  const auto session = auth_.sign_in(auth_.create_signin_token(user_.id).value()).value();
  const auto other = auth_.sign_in(auth_.create_signin_token(user_.id).value()).value();
  const auto who = auth_.authenticate({.session = session}).value();
  EXPECT_EQ(auth_.change_password(who, "", "short", session).error().code,
            ErrorCode::kInvalidArgument);
  ASSERT_TRUE(auth_.change_password(who, "", "first password", session));
  EXPECT_TRUE(auth_.authenticate({.session = session}));
  EXPECT_FALSE(auth_.authenticate({.session = other}));
  EXPECT_FALSE(auth_.change_password(who, "guess", "second password", session));
  EXPECT_TRUE(auth_.change_password(who, "first password", "second password", session));
  EXPECT_TRUE(auth_.sign_in_with_password({"alice", "second password", ""}));
}

TEST_F(AuthTest, AFreshKeyIsShownOnceToItsMaker) {
  auto& keys = auth_.fresh_keys();
  const store::UserId bot{7}, other{8};
  keys.put(bot, user_.id, "secret");
  EXPECT_FALSE(keys.take(bot, other));
  EXPECT_EQ(keys.take(bot, user_.id), "secret");
  EXPECT_FALSE(keys.take(bot, user_.id));
  keys.put(bot, user_.id, "secret");
  clock_.now += FreshKeys::kLifetimeUs;
  EXPECT_FALSE(keys.take(bot, user_.id));
}

TEST(Authorize, TheRoleInTheEntityDecides) {
  const Principal user{.name = "alice",
                       .roles = {{"alice", store::Role::kAdmin},
                                 {"crew", store::Role::kMember},
                                 {"press", store::Role::kViewer}}};
  const auto may = [&user](const char* entity) {
    std::string all;
    for (const auto action : {Action::kRead, Action::kWrite, Action::kAdmin}) {
      if (authorize(user, action, {entity, "p"})) all += std::string(to_string(action)) + " ";
    }
    return all;
  };
  EXPECT_EQ(may("alice"), "read write administer ");
  EXPECT_EQ(may("crew"), "read write ");
  EXPECT_EQ(may("press"), "read ");
  EXPECT_EQ(may("bob"), "");
  EXPECT_EQ(may(""), "");
  EXPECT_FALSE(authorize(Principal{}, Action::kRead, {"", ""}));
  const Principal admin{.name = "root", .admin = true};
  EXPECT_TRUE(authorize(admin, Action::kAdmin, {"bob", "p"}));
  EXPECT_FALSE(authorize(admin, Action::kRead, {""}));
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
