// What both engines must do with users, teams and organizations.
#include "store/account_store.h"

#include <gmock/gmock.h>

#include <filesystem>
#include "store/engine_fixture.h"

namespace runstone::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AccountStoreContract : public EngineTest {
 protected:
  void SetUp() override {
    alice_ = user_;
    bob_ = make_user("bob");
    carol_ = make_user("carol");
  }

  UserId make_user(const std::string& name) {
    User user;
    user.name = name;
    user.email = name + "@x";
    user.display_name = name;
    user.created_at_us = 5;
    return store_->create_user(user)->id;
  }
  AccountStore& accounts() { return store_->accounts(); }
  EntityId make_team(const std::string& name, std::vector<NewMember> members) {
    return accounts().create_team(name, 10, members)->id;
  }
  // "team:role" of every entity that the user's roles reach.
  std::vector<std::string> roles(UserId user) {
    std::vector<std::string> all;
    const auto access = accounts().access_of(user);
    if (!access) return {to_string(access.error().code)};
    for (const auto& [entity, role] : access->roles) all.push_back(entity + ":" + to_string(role));
    return all;
  }
  std::vector<std::string> names(const Result<std::vector<TeamMember>>& members) {
    std::vector<std::string> all;
    EXPECT_TRUE(members);
    for (const auto& member : *members) {
      all.push_back(member.user.name + ":" + to_string(member.role));
    }
    return all;
  }
  // The value itself: a range-for over a part of a temporary would outlive it.
  template <typename T>
  static T take(Result<T> result) {
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return *std::move(result);
  }
  template <typename T>
  static ErrorCode code(const Result<T>& result) {
    return result ? ErrorCode::kInternal : result.error().code;
  }

  UserId alice_{}, bob_{}, carol_{};
};

TEST_P(AccountStoreContract, EverybodyIsTheAdministratorOfHisOwnEntity) {
  EXPECT_THAT(roles(alice_), ElementsAre("alice:admin"));
  EXPECT_EQ(code(accounts().access_of(UserId{999})), ErrorCode::kNotFound);
}

TEST_P(AccountStoreContract, KeysAndSessionsLeadToTheRolesOfTheirUser) {
  ApiKey key;
  key.user = bob_;
  key.hash = "h";
  key.name = "k";
  const auto made = store_->create_api_key(key).value();
  ASSERT_TRUE(store_->create_session({"s", bob_, 1, 77}));
  make_team("crew", {{bob_, Role::kViewer}});
  const auto by_key = accounts().access_by_key("h").value();
  EXPECT_EQ(by_key.user.name, "bob");
  ASSERT_EQ(by_key.roles.size(), 2u);
  EXPECT_EQ(by_key.roles[1].entity, "crew");
  EXPECT_EQ(by_key.roles[1].role, Role::kViewer);
  EXPECT_EQ(accounts().access_by_session("s").value().expires_at_us, 77);
  ASSERT_TRUE(store_->delete_api_key(made.id));
  EXPECT_EQ(code(accounts().access_by_key("h")), ErrorCode::kNotFound);
  EXPECT_EQ(code(accounts().access_by_session("h")), ErrorCode::kNotFound);
}

TEST_P(AccountStoreContract, ATeamIsAnEntityWithMembersInTheOrderTheyJoined) {
  const auto crew = make_team("crew", {{carol_, Role::kAdmin}, {alice_, Role::kMember}});
  const auto entity = store_->find_entity("crew").value();
  EXPECT_EQ(entity.id, crew);
  EXPECT_EQ(entity.kind, EntityKind::kTeam);
  EXPECT_FALSE(entity.user);
  ASSERT_TRUE(accounts().put_member(crew, bob_, Role::kViewer, 11));
  ASSERT_TRUE(accounts().put_member(crew, carol_, Role::kMember, 12));  // a role changes
  EXPECT_THAT(names(accounts().members_of({&crew, 1})),
              ElementsAre("carol:member", "alice:member", "bob:viewer"));
  ASSERT_TRUE(accounts().remove_member(crew, alice_));
  EXPECT_EQ(code(accounts().remove_member(crew, alice_)), ErrorCode::kNotFound);
  EXPECT_THAT(names(accounts().members_of({&crew, 1})), ElementsAre("carol:member", "bob:viewer"));
  EXPECT_THAT(roles(alice_), ElementsAre("alice:admin"));
  EXPECT_THAT(roles(bob_), ElementsAre("bob:admin", "crew:viewer"));
}

TEST_P(AccountStoreContract, OnlyUsersThatAreThereJoinOnlyTeams) {
  const auto crew = make_team("crew", {});
  EXPECT_EQ(code(accounts().put_member(crew, UserId{999}, Role::kMember, 1)), ErrorCode::kNotFound);
  const auto own = store_->find_entity("alice")->id;
  EXPECT_EQ(code(accounts().put_member(own, bob_, Role::kMember, 1)), ErrorCode::kNotFound);
  const std::vector<NewMember> nobody = {{UserId{999}, Role::kMember}};
  EXPECT_EQ(code(accounts().create_team("other", 1, nobody)), ErrorCode::kNotFound);
  EXPECT_EQ(code(store_->find_entity("other")), ErrorCode::kNotFound);
}

TEST_P(AccountStoreContract, NamesThatDifferInCaseOnlyAreTaken) {
  for (const char* name : {"alice", "Alice", "ALICE"}) {
    User user;
    user.name = name;
    EXPECT_EQ(code(store_->create_user(user)), ErrorCode::kConflict) << name;
    EXPECT_EQ(code(accounts().create_team(name, 1, {})), ErrorCode::kConflict) << name;
    EXPECT_EQ(code(accounts().create_organization(name, 1)), ErrorCode::kConflict) << name;
  }
}

TEST_P(AccountStoreContract, ATeamWithProjectsStays) {
  const auto crew = make_team("crew", {{alice_, Role::kMember}});
  const auto project = store_->create_project(crew, "p", 1).value();
  EXPECT_EQ(code(accounts().delete_team(crew)), ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(store_->delete_project(project.id));
  ASSERT_TRUE(accounts().delete_team(crew));
  EXPECT_EQ(code(store_->find_entity("crew")), ErrorCode::kNotFound);
  EXPECT_THAT(roles(alice_), ElementsAre("alice:admin"));
  EXPECT_EQ(code(accounts().delete_team(store_->find_entity("alice")->id)), ErrorCode::kNotFound);
}

TEST_P(AccountStoreContract, AServiceAccountIsInItsTeamAlone) {
  const auto crew = make_team("crew", {{alice_, Role::kAdmin}});
  User account;
  account.name = "bot";
  account.display_name = "nightly";
  account.created_at_us = 20;
  account.admin = true;
  const auto bot = accounts().create_service_account(crew, account).value();
  EXPECT_TRUE(bot.service);
  EXPECT_FALSE(bot.admin);
  EXPECT_EQ(bot.home(), "crew");
  EXPECT_THAT(roles(bot.id), ElementsAre("crew:member"));
  EXPECT_EQ(code(store_->find_entity("bot")), ErrorCode::kNotFound);
  EXPECT_EQ(code(accounts().create_team("bot", 1, {})), ErrorCode::kConflict);
  EXPECT_EQ(code(accounts().password_of("bot")), ErrorCode::kNotFound);
  EXPECT_TRUE(store_->get_user(bot.id)->service);
  ASSERT_TRUE(accounts().delete_team(crew));
  EXPECT_EQ(code(accounts().access_of(bot.id)), ErrorCode::kNotFound);
}

TEST_P(AccountStoreContract, AnOrganizationReachesThePeopleOfItsTeams) {
  const auto crew = make_team("crew", {{alice_, Role::kAdmin}, {bob_, Role::kViewer}});
  const auto acme = accounts().create_organization("acme", 30).value();
  EXPECT_EQ(store_->get_entity(acme.entity)->kind, EntityKind::kOrganization);
  EXPECT_EQ(store_->get_entity(acme.entity)->organization, acme.id);
  EXPECT_THAT(roles(alice_), ElementsAre("alice:admin", "crew:admin"));
  ASSERT_TRUE(accounts().set_organization(crew, acme.id));
  // A team's administrator is no administrator of the organization.
  EXPECT_THAT(roles(alice_), ElementsAre("acme:member", "alice:admin", "crew:admin"));
  EXPECT_THAT(roles(bob_), ElementsAre("acme:viewer", "bob:admin", "crew:viewer"));
  ASSERT_TRUE(accounts().put_organization_member(acme.id, bob_, Role::kAdmin, 31));
  EXPECT_THAT(roles(bob_), ElementsAre("acme:admin", "bob:admin", "crew:viewer"));
  EXPECT_THAT(names(accounts().organization_members(acme.id)),
              ElementsAre("alice:member", "bob:admin"));
  EXPECT_EQ(accounts().organizations_of(alice_)->size(), 1u);
  EXPECT_THAT(*accounts().organizations_of(carol_), IsEmpty());
  EXPECT_EQ(code(accounts().delete_organization(acme.id)), ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(accounts().set_organization(crew, std::nullopt));
  EXPECT_THAT(*accounts().teams_of_organization(acme.id), IsEmpty());
  ASSERT_TRUE(accounts().delete_organization(acme.id));
  EXPECT_THAT(roles(bob_), ElementsAre("bob:admin", "crew:viewer"));
  EXPECT_EQ(code(store_->find_entity("acme")), ErrorCode::kNotFound);
}

TEST_P(AccountStoreContract, PeopleSeeThoseWithWhomTheyShareSomething) {
  const auto seen_by = [&](UserId user) {
    std::vector<std::string> all;
    for (const auto& other : take(accounts().visible_users(user))) all.push_back(other.name);
    return all;
  };
  EXPECT_THAT(seen_by(alice_), ElementsAre("alice"));
  make_team("crew", {{alice_, Role::kMember}, {bob_, Role::kViewer}});
  const auto other = make_team("other", {{carol_, Role::kMember}});
  EXPECT_THAT(seen_by(bob_), ElementsAre("alice", "bob"));
  const auto acme = accounts().create_organization("acme", 30).value();
  ASSERT_TRUE(accounts().set_organization(other, acme.id));
  ASSERT_TRUE(accounts().put_organization_member(acme.id, bob_, Role::kMember, 31));
  EXPECT_THAT(seen_by(bob_), ElementsAre("alice", "bob", "carol"));
  EXPECT_THAT(seen_by(carol_), ElementsAre("bob", "carol"));
}

TEST_P(AccountStoreContract, ARemovedUserIsInNothingAndComesBackWithoutKeys) {
  ApiKey key;
  key.user = bob_;
  key.hash = "h";
  ASSERT_TRUE(store_->create_api_key(key));
  ASSERT_TRUE(store_->create_session({"s", bob_, 1, 77}));
  const auto crew = make_team("crew", {{bob_, Role::kMember}});
  ASSERT_TRUE(accounts().set_password(bob_, "encoded"));
  ASSERT_TRUE(accounts().remove_user(bob_, 50));
  EXPECT_EQ(code(accounts().remove_user(bob_, 51)), ErrorCode::kNotFound);
  EXPECT_EQ(code(accounts().access_by_key("h")), ErrorCode::kNotFound);
  EXPECT_EQ(code(accounts().access_of(bob_)), ErrorCode::kNotFound);
  EXPECT_EQ(code(store_->find_session("s")), ErrorCode::kNotFound);
  EXPECT_EQ(code(accounts().password_of("bob")), ErrorCode::kNotFound);
  EXPECT_EQ(code(accounts().put_member(crew, bob_, Role::kMember, 1)), ErrorCode::kNotFound);
  EXPECT_EQ(store_->get_user(bob_)->deleted_at_us, 50);  // his runs still name him
  User again;
  again.name = "bob";
  EXPECT_EQ(code(store_->create_user(again)), ErrorCode::kConflict);
  ASSERT_TRUE(accounts().restore_user(bob_));
  EXPECT_THAT(roles(bob_), ElementsAre("bob:admin"));
  EXPECT_EQ(accounts().password_of("bob")->encoded, "");
}

TEST_P(AccountStoreContract, ANewPasswordEndsTheOtherSessions) {
  for (const char* hash : {"s1", "s2"}) {
    ASSERT_TRUE(store_->create_session({hash, alice_, 1, 77}));
  }
  ASSERT_TRUE(store_->create_session({"s3", bob_, 1, 77}));
  ASSERT_TRUE(store_->create_signin_token({"t", alice_, 1, 77}));
  ASSERT_TRUE(accounts().set_password(alice_, "encoded", "s2"));
  EXPECT_EQ(accounts().password_of("alice")->encoded, "encoded");
  EXPECT_EQ(code(store_->find_session("s1")), ErrorCode::kNotFound);
  EXPECT_TRUE(store_->find_session("s2"));
  EXPECT_TRUE(store_->find_session("s3"));
  EXPECT_EQ(code(store_->take_signin_token("t")), ErrorCode::kNotFound);
}

TEST_P(AccountStoreContract, ListsAreReadForManyAtOnce) {
  for (const auto& [user, hash] : {std::pair(alice_, "a1"), {bob_, "b1"}, {alice_, "a2"}}) {
    ApiKey key;
    key.user = user;
    key.hash = hash;
    key.name = hash;
    ASSERT_TRUE(store_->create_api_key(key));
  }
  make_team("crew", {{alice_, Role::kMember}, {bob_, Role::kViewer}});
  const std::vector<UserId> both = {alice_, bob_};
  std::vector<std::string> keys, entities;
  for (const auto& key : take(accounts().keys_of(both))) keys.push_back(key.name);
  EXPECT_THAT(keys, ElementsAre("a1", "b1", "a2"));
  for (const auto& [user, entity, role] : take(accounts().entities_of(both))) {
    entities.push_back(entity.name + ":" + to_string(role));
  }
  EXPECT_THAT(entities, ElementsAre("alice:admin", "crew:member", "bob:admin", "crew:viewer"));
  EXPECT_THAT(*accounts().keys_of({}), IsEmpty());
}

TEST_P(AccountStoreContract, ChangesOfAUserLeaveTheRest) {
  ASSERT_TRUE(accounts().update_user(bob_, {.admin = true}));
  ASSERT_TRUE(accounts().update_user(bob_, {.email = "new@x"}));
  const auto bob = store_->get_user(bob_).value();
  EXPECT_TRUE(bob.admin);
  EXPECT_EQ(bob.email, "new@x");
  EXPECT_EQ(bob.display_name, "bob");
  EXPECT_EQ(code(accounts().update_user(UserId{999}, {.admin = true})), ErrorCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Engines, AccountStoreContract, every_engine(), engine_name);

// The commands change the database from another process: two stores on one file stand for that.
TEST(AccountsFromOutside, CountFromTheNextRequestOn) {
  const auto folder = std::filesystem::temp_directory_path() / ("runstone-two-" + random_id());
  std::filesystem::create_directories(folder);
  {
    const auto server = open_sqlite(folder);
    const auto command = open_sqlite(folder);
    User user;
    user.name = "alice";
    const auto alice = command->create_user(user).value();
    ApiKey key;
    key.user = alice.id;
    key.hash = "h";
    const auto made = command->create_api_key(key).value();
    EXPECT_EQ(server->accounts().access_by_key("h")->roles.size(), 1u);
    const std::vector<NewMember> members = {{alice.id, Role::kViewer}};
    const auto team = command->accounts().create_team("crew", 1, members).value();
    EXPECT_EQ(server->accounts().access_by_key("h")->roles.size(), 2u);
    ASSERT_TRUE(command->accounts().put_member(team.id, alice.id, Role::kAdmin, 2));
    EXPECT_EQ(server->accounts().access_by_key("h")->roles[1].role, Role::kAdmin);
    ASSERT_TRUE(command->delete_api_key(made.id));
    EXPECT_FALSE(server->accounts().access_by_key("h"));
  }
  std::filesystem::remove_all(folder);
}

TEST(AccountsFromOutside, AnotherVersionsDatabaseIsLeftAlone) {
  const auto folder = std::filesystem::temp_directory_path() / ("runstone-old-" + random_id());
  std::filesystem::create_directories(folder);
  sqlite::OpenOptions options;
  options.migrate = false;
  const auto opened = sqlite::open_store(folder / "test.db", options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kFailedPrecondition);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace runstone::store
