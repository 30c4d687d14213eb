// What both engines must do with the members of registries.
#include "store/registry_store.h"

#include <gmock/gmock.h>

#include "store/engine_fixture.h"

namespace runstone::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RegistryContract : public EngineTest {
 protected:
  void SetUp() override {
    bob_ = make_user("bob");
    carol_ = make_user("carol");
    const auto acme = *store_->accounts().create_organization("acme", 1);
    acme_ = acme.id;
    const std::vector<NewMember> crew = {{bob_, Role::kMember}, {carol_, Role::kViewer}};
    crew_ = store_->accounts().create_team("crew", 1, crew)->id;
    registry_ = store_->create_project(acme.entity, "wandb-registry-a", 1)->id;
    other_ = store_->create_project(acme.entity, "wandb-registry-b", 1)->id;
  }
  UserId make_user(const std::string& name) {
    User user;
    user.name = user.email = user.display_name = name;
    return store_->create_user(user)->id;
  }
  RegistryStore& registries() { return store_->registries(); }
  std::vector<std::string> members(ProjectId registry) {
    std::vector<std::string> all;
    const auto users = registries().users_of(registry);
    for (const auto& one : *users) all.push_back(one.user.name + ":" + to_string(one.role));
    const auto teams = registries().teams_of(registry);
    for (const auto& one : *teams) all.push_back(one.team.name + ":" + to_string(one.role));
    return all;
  }
  /// "project:role" of each registry where something else holds for the user.
  std::vector<std::string> roles(UserId user) {
    std::vector<std::string> all;
    const auto access = store_->accounts().access_of(user);
    for (const auto& [entity, project, role] : access->registries) {
      EXPECT_EQ(entity, "acme");
      all.push_back(project.substr(15) + ":" + (role ? to_string(*role) : "none"));
    }
    return all;
  }

  UserId bob_{}, carol_{};
  OrganizationId acme_{};
  EntityId crew_{};
  ProjectId registry_{}, other_{};
};

TEST_P(RegistryContract, KeepsWhoSeesARegistryAndWhatItTakes) {
  EXPECT_FALSE(store_->get_project(registry_)->restricted);
  ASSERT_TRUE(registries().set_restricted(registry_, true));
  ASSERT_TRUE(registries().set_listed_types(registry_, true));
  EXPECT_TRUE(store_->find_project("acme", "wandb-registry-a")->restricted);
  EXPECT_TRUE(store_->get_project(registry_)->listed_types);
  EXPECT_FALSE(store_->get_project(other_)->restricted);
  ASSERT_TRUE(registries().set_restricted(registry_, false));
  EXPECT_FALSE(store_->get_project(registry_)->restricted);
  EXPECT_EQ(registries().set_restricted(ProjectId{99999}, true).error().code, ErrorCode::kNotFound);
}

TEST_P(RegistryContract, MembersAreAddedChangedAndRemovedAllOrNone) {
  const std::vector<UserId> both = {bob_, carol_};
  const std::vector<EntityId> crew = {crew_};
  ASSERT_TRUE(registries().put_user(registry_, bob_, Role::kAdmin));
  ASSERT_TRUE(registries().add(registry_, both, crew, Role::kViewer));
  EXPECT_THAT(members(registry_), ElementsAre("bob:admin", "carol:viewer", "crew:viewer"));
  ASSERT_TRUE(registries().put_user(registry_, carol_, Role::kRestrictedViewer));
  ASSERT_TRUE(registries().put_team(registry_, crew_, Role::kMember));
  EXPECT_THAT(members(registry_),
              ElementsAre("bob:admin", "carol:restricted_viewer", "crew:member"));
  EXPECT_THAT(members(other_), IsEmpty());

  const std::vector<UserId> with_stranger = {bob_, UserId{99999}};
  EXPECT_EQ(registries().add(other_, with_stranger, crew, Role::kViewer).error().code,
            ErrorCode::kNotFound);
  EXPECT_THAT(members(other_), IsEmpty());
  EXPECT_EQ(registries().remove(registry_, with_stranger, crew).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(registries().add(ProjectId{99999}, both, {}, Role::kViewer).error().code,
            ErrorCode::kNotFound);
  EXPECT_THAT(members(registry_),
              ElementsAre("bob:admin", "carol:restricted_viewer", "crew:member"));
  ASSERT_TRUE(registries().remove(registry_, both, crew));
  EXPECT_THAT(members(registry_), IsEmpty());
}

TEST_P(RegistryContract, AUsersAccessNamesTheRegistriesWhereSomethingElseHolds) {
  ASSERT_TRUE(registries().set_restricted(registry_, true));
  ASSERT_TRUE(registries().put_user(other_, bob_, Role::kAdmin));
  EXPECT_THAT(roles(bob_), IsEmpty());  // he is not in the organization
  ASSERT_TRUE(store_->accounts().set_organization(crew_, acme_));
  EXPECT_THAT(roles(bob_), ElementsAre("a:none", "b:admin"));
  EXPECT_THAT(roles(carol_), ElementsAre("a:none"));
  ASSERT_TRUE(registries().put_team(registry_, crew_, Role::kMember));
  EXPECT_THAT(roles(bob_), ElementsAre("a:member", "b:admin"));
  EXPECT_THAT(roles(carol_), ElementsAre("a:viewer"));  // as in her team
  ASSERT_TRUE(registries().put_user(registry_, carol_, Role::kRestrictedViewer));
  EXPECT_THAT(roles(carol_), ElementsAre("a:viewer"));  // the higher of both
  ASSERT_TRUE(store_->accounts().put_organization_member(acme_, user_, Role::kMember, 1));
  EXPECT_THAT(roles(user_), ElementsAre("a:none"));
}

TEST_P(RegistryContract, WhoGoesTakesHisRolesAlong) {
  ASSERT_TRUE(registries().put_user(registry_, bob_, Role::kAdmin));
  ASSERT_TRUE(registries().put_user(registry_, carol_, Role::kAdmin));
  ASSERT_TRUE(registries().put_team(registry_, crew_, Role::kMember));
  ASSERT_TRUE(store_->accounts().remove_user(bob_, 5));
  EXPECT_THAT(members(registry_), ElementsAre("carol:admin", "crew:member"));
  ASSERT_TRUE(store_->accounts().delete_team(crew_));
  EXPECT_THAT(members(registry_), ElementsAre("carol:admin"));
  ASSERT_TRUE(store_->delete_project(registry_));
  EXPECT_THAT(members(registry_), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Engines, RegistryContract, every_engine(), engine_name);

}  // namespace
}  // namespace runstone::store
