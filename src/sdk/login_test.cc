#include "runstone/login.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/client/scripted_server.h"
#include "sdk/find_server.h"
#include "sdk/key_places.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing::HasSubstr;

/// A home of its own, with nothing of the account that runs the tests.
class Home {
 public:
  Home() {
    for (const char* name : {"RUNSTONE_API_KEY", "WANDB_API_KEY", "RUNSTONE_BASE_URL",
                             "WANDB_BASE_URL", "RUNSTONE_CONFIG_DIR", "NETRC"}) {
      unsetenv(name);
    }
    setenv("HOME", place_.path().c_str(), 1);
  }
  std::string path(const std::string& name) const { return place_.path() + "/" + name; }
  std::string keys_file() const { return path(".config/runstone/keys.json"); }

 private:
  testing_support::Workplace place_;
};

std::string found_for(const std::string& base_url) {
  Settings code;
  if (!base_url.empty()) discard(code.set("base_url", base_url), "an address");
  const auto found = find_server(code);
  return found->address.base_url + " " + found->address.api_key;
}

TEST(StoredKeys, AKeyIsKeptForItsAddressAloneAndForItsOwnerAlone) {
  const Home home;
  const std::string file = home.keys_file();
  ASSERT_TRUE(store_key(file, "https://a.example", "key-a"));
  ASSERT_TRUE(store_key(file, "https://b.example", "key-b"));
  ASSERT_TRUE(store_key(file, "https://a.example", "key-a2"));
  struct stat facts {};
  ASSERT_EQ(stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(found_for("https://a.example/"), "https://a.example key-a2");
  EXPECT_EQ(found_for("https://b.example"), "https://b.example key-b");
  EXPECT_EQ(found_for("http://a.example"), "http://a.example ");  // not in the clear
  EXPECT_EQ(found_for("https://a.example:444"), "https://a.example:444 ");
}

TEST(StoredKeys, AFileOfAnotherFormIsAnErrorThatNamesIt) {
  const Home home;
  std::filesystem::create_directories(home.path(".config/runstone"));
  std::ofstream(home.keys_file()) << "not json";
  const auto read = read_stored_keys(home.keys_file());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("keys.json"));
  EXPECT_FALSE(store_key(home.keys_file(), "https://a", "k"));  // and it is not overwritten
}

TEST(StoredKeys, NetrcGivesAKeyToExactlyItsHost) {
  const Home home;
  std::ofstream(home.path(".netrc"))
      << "machine a.example login user password key-a\nmachine b.example:80\n  login user\n"
      << "  password key-b\ndefault login x password never\n";
  EXPECT_EQ(found_for("https://a.example"), "https://a.example key-a");
  EXPECT_EQ(found_for("http://a.example"), "http://a.example ");  // it does not say: in the clear
  EXPECT_EQ(found_for("http://b.example:80"), "http://b.example:80 key-b");
  EXPECT_EQ(found_for("https://b.example"), "https://b.example ");
  EXPECT_EQ(found_for("https://c.example"), "https://c.example ");
}

TEST(StoredKeys, TheAddressIsSetInTheSettingsFileAndNothingElseChanges) {
  const Home home;
  const std::string file = home.path(".config/runstone/settings");
  std::filesystem::create_directories(home.path(".config/runstone"));
  std::ofstream(file) << "[default]\nentity = ada\nbase_url = http://old\n# a note\n";
  ASSERT_TRUE(store_base_url(file, "https://new.example"));
  EXPECT_EQ(testing_support::read_text(file),
            "[default]\nentity = ada\nbase_url = https://new.example\n# a note\n");
  std::filesystem::remove(file);
  ASSERT_TRUE(store_base_url(file, "https://new.example"));
  EXPECT_EQ(testing_support::read_text(file), "[default]\nbase_url = https://new.example\n");
}

TEST(Login, WithAHostRunsGoThereNowAndLater) {
  const Home home;
  const auto done = login({.key = "secret-1", .host = "https://track.example/"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->has_key);
  EXPECT_EQ(done->base_url, "https://track.example");
  EXPECT_EQ(done->stored_in, home.keys_file());
  EXPECT_EQ(found_for(""), "https://track.example secret-1");
  EXPECT_EQ(found_for("https://other.example"), "https://other.example ");
  // Another process has the files only.
  remember_login("https://elsewhere.example", "", true);
  EXPECT_EQ(found_for(""), "https://elsewhere.example ");
  const auto settings = settings_from_file(home.path(".config/runstone/settings"));
  EXPECT_EQ(settings->text("base_url"), "https://track.example");
  remember_login("", "", true);
}

TEST(Login, WithoutAKeyItSaysWhetherOneIsKnown) {
  const Home home;
  EXPECT_FALSE(login()->has_key);
  EXPECT_EQ(login()->base_url, "");
  setenv("RUNSTONE_BASE_URL", "http://127.0.0.1:9", 1);
  EXPECT_FALSE(login()->has_key);
  setenv("RUNSTONE_API_KEY", "from-the-environment", 1);
  EXPECT_TRUE(login()->has_key);
  EXPECT_FALSE(login({.relogin = true})->has_key);
  EXPECT_FALSE(std::filesystem::exists(home.keys_file()));
}

TEST(Login, WrongKeysAndAddressesAreRefusedAndNothingIsKept) {
  const Home home;
  for (const char* host :
       {"track.example", "ftp://x", "https://", "https://a b", "https://u:p@x"}) {
    EXPECT_EQ(login({.key = "k", .host = host}).error().code, ErrorCode::kInvalidArgument) << host;
  }
  for (const char* key : {"two words", "line\n", "\x01"}) {
    EXPECT_EQ(login({.key = key, .host = "https://x"}).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(login({.key = "k"}).error().code, ErrorCode::kFailedPrecondition);  // of which server?
  EXPECT_FALSE(std::filesystem::exists(home.keys_file()));
}

TEST(Login, VerifyAsksTheServerAndKeepsOnlyAKeyThatItTakes) {
  const Home home;
  net::ScriptedServer server([](const net::ScriptedRequest& request) -> net::ScriptedAnswer {
    if (request.header("authorization") == "Basic YXBpOmdvb2Q=") {  // api:good
      return {.body = R"({"data":{"viewer":{"username":"ada"}}})"};
    }
    return {.status = 401, .body = R"({"errors":[{"message":"user is not logged in"}]})"};
  });
  const auto bad = login({.key = "bad", .host = server.url(), .verify = true});
  EXPECT_EQ(bad.error().code, ErrorCode::kUnauthenticated);
  EXPECT_FALSE(std::filesystem::exists(home.keys_file()));
  const auto good = login({.key = "good", .host = server.url(), .verify = true});
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->username, "ada");
  EXPECT_TRUE(std::filesystem::exists(home.keys_file()));
  remember_login("", "", true);
}

TEST(WhereToSend, CodeIsStrongerThanALoginAndALoginThanTheEnvironment) {
  KeyPlaces places;
  places.login_host = "http://login";
  places.login_keys = {{"http://login", "login-key"}, {"http://env", "login-for-env"}};
  Settings none, env, code;
  ASSERT_TRUE(env.set("base_url", "http://env"));
  ASSERT_TRUE(env.set("api_key", "env-key"));
  ASSERT_TRUE(code.set("base_url", "http://env"));
  using Kind = AddressSource::Kind;
  const auto ask = [&](const Settings& c) {
    const Address a = where_to_send({{Kind::kRunstoneVariables, &env}, {Kind::kCode, &c}}, places);
    return a.base_url + " " + a.api_key;
  };
  EXPECT_EQ(ask(none), "http://login login-key");
  EXPECT_EQ(ask(code), "http://env login-for-env");
  ASSERT_TRUE(code.set("api_key", "code-key"));
  EXPECT_EQ(ask(code), "http://env code-key");
}

}  // namespace
}  // namespace runstone
