#include "auth/accounts.h"

#include <gmock/gmock.h>

#include "auth/auth.h"
#include "store/memory/memory_store.h"

namespace runstone::auth {
namespace {

using testing::HasSubstr;

class AccountsTest : public testing::Test {
 protected:
  std::unique_ptr<store::Store> store_ = store::memory::make_store();
  Accounts accounts_{*store_, system_clock()};
};

TEST(AccountNames, SuitAddresses) {
  for (const char* name : {"a", "alice", "Alice-2", "0day", "a.b_c-d"}) {
    EXPECT_TRUE(check_account_name(name)) << name;
  }
  EXPECT_TRUE(check_account_name(std::string(64, 'a')));
  for (const auto& name :
       {std::string(""), std::string("a/b"), std::string(".."), std::string(".hidden"),
        std::string("-x"), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("café"), std::string(65, 'a'), std::string("api"), std::string("API"),
        std::string("graphql"), std::string("files"), std::string("authorize")}) {
    EXPECT_FALSE(check_account_name(name)) << name;
  }
}

TEST(ApiKeys, AreWhatTheStockClientTakes) {
  const std::string forty(40, 'k');
  for (const auto& key : {forty, "local-" + forty, "user_x-" + forty,
                          "a-" + std::string(20, 'b') + "-" + std::string(19, 'c')}) {
    EXPECT_TRUE(check_api_key(key)) << key;
  }
  for (const auto& key :
       {std::string(39, 'k'), "local-" + std::string(39, 'k'), forty + "-x", forty + "!",
        "local-" + forty + " ", std::string(), "local-" + std::string(300, 'k')}) {
    EXPECT_FALSE(check_api_key(key)) << key;
  }
}

TEST_F(AccountsTest, AUserIsFoundByNameAndAddress) {
  ASSERT_TRUE(accounts_.add_user({.name = "bob", .email = "bob@x.org"}));
  EXPECT_EQ(accounts_.find_user("bob")->email, "bob@x.org");
  EXPECT_EQ(accounts_.find_user("bob@x.org")->name, "bob");
  EXPECT_THAT(accounts_.find_user("carol").error().message, HasSubstr("\"carol\""));
  EXPECT_EQ(accounts_.add_user({.name = "bob2", .email = "bob@x.org"}).error().code,
            ErrorCode::kConflict);
  for (const char* email : {"x", "@x", "x@", "a b@x", "a@b\n"}) {
    EXPECT_EQ(accounts_.add_user({.name = "c", .email = email}).error().code,
              ErrorCode::kInvalidArgument);
  }
}

TEST_F(AccountsTest, ARemovedNameIsNotGivenToAnother) {
  const auto bob = accounts_.add_user({.name = "bob"}).value();
  ASSERT_TRUE(store_->accounts().remove_user(bob.id, 1));
  EXPECT_FALSE(accounts_.find_user("bob"));
  const auto again = accounts_.add_user({.name = "bob"});
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_THAT(again.error().message, HasSubstr("runstone user restore bob"));
}

TEST_F(AccountsTest, AKeyIsOnePersons) {
  const auto bob = accounts_.add_user({.name = "bob"}).value();
  const auto eve = accounts_.add_user({.name = "eve"}).value();
  const std::string key = "local-" + std::string(40, 'k');
  EXPECT_EQ(accounts_.add_key(bob.id, {.name = "one", .key = key}).value(), key);
  EXPECT_EQ(accounts_.add_key(eve.id, {.name = "two", .key = key}).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(accounts_.add_key(eve.id, {.key = "short"}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(accounts_.add_key(eve.id, {.name = std::string(201, 'x')}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(check_api_key(accounts_.add_key(eve.id, {}).value()));
}

TEST_F(AccountsTest, AServiceAccountHasAKeyOfItsOwn) {
  const auto team = accounts_.add_team("crew", {}).value();
  const auto made = accounts_.add_service_account(team, "nightly").value();
  EXPECT_EQ(made.user.display_name, "nightly");
  Auth auth(*store_, system_clock());
  const auto who = auth.authenticate_key(made.key).value();
  EXPECT_TRUE(who.service);
  EXPECT_EQ(who.home, "crew");
  EXPECT_TRUE(authorize(who, Action::kWrite, {"crew"}));
  EXPECT_FALSE(authorize(who, Action::kAdmin, {"crew"}));
  EXPECT_FALSE(authorize(who, Action::kRead, {who.name}));
}

}  // namespace
}  // namespace runstone::auth
