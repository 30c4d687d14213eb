#include "auth/registry_members.h"

#include <gmock/gmock.h>

#include <map>

#include "auth/auth.h"
#include "base/clock.h"
#include "store/memory/memory_store.h"

namespace runstone::auth {
namespace {

using store::Role;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// An organization with an administrator (ada), a member (max), a viewer (vic) and a team, crew, in
/// which tom is a member and tia a viewer. out is in nothing.
class RegistryMembersTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"ada", "max", "vic", "tom", "tia", "out"}) add_user(name);
    organization_ = store_->accounts().create_organization("org", 1)->id;
    put("ada", Role::kAdmin);
    put("max", Role::kMember);
    put("vic", Role::kViewer);
    const std::vector<store::NewMember> crew = {{users_["tom"], Role::kMember},
                                                {users_["tia"], Role::kViewer}};
    crew_ = store_->accounts().create_team("crew", 1, crew)->id;
    ASSERT_TRUE(store_->accounts().set_organization(crew_, organization_));
    const auto entity = store_->find_entity("org")->id;
    open_ = store_->create_project(entity, "wandb-registry-open", 1)->id;
    closed_ = store_->create_project(entity, "wandb-registry-closed", 1)->id;
    ASSERT_TRUE(store_->registries().set_restricted(closed_, true));
  }

  void add_user(const std::string& name) {
    store::User user;
    user.name = user.email = user.display_name = name;
    users_[name] = store_->create_user(user)->id;
  }
  void put(const std::string& name, Role role) {
    ASSERT_TRUE(store_->accounts().put_organization_member(organization_, users_[name], role, 1));
  }
  store::Project get(store::ProjectId id) { return *store_->get_project(id); }
  std::vector<std::string> users(store::ProjectId id) {
    std::vector<std::string> all;
    const auto found = members_.users(get(id));
    for (const auto& one : *found) {
      all.push_back(one.user.name + ":" + store::to_string(one.role));
    }
    return all;
  }
  std::vector<std::string> teams(store::ProjectId id) {
    std::vector<std::string> all;
    const auto found = members_.teams(get(id));
    for (const auto& one : *found) {
      all.push_back(one.team.name + ":" + store::to_string(one.role));
    }
    return all;
  }
  /// What authorize() makes of it: "", "read", "read download", ...
  std::string may(const std::string& name, store::ProjectId id) {
    Auth auth(*store_, system_clock());
    const auto key = auth.create_key(users_[name], "k");
    const auto principal = auth.authenticate_key(*key);
    const auto project = get(id);
    std::string all;
    for (const auto action : {Action::kRead, Action::kDownload, Action::kWrite, Action::kAdmin}) {
      if (!authorize(*principal, action, {project.entity_name, project.name})) continue;
      all += (all.empty() ? "" : " ") + std::string(to_string(action));
    }
    return all;
  }
  Result<void> add(store::ProjectId id, const std::string& name) {
    const std::vector<store::UserId> some = {users_[name]};
    return members_.add(get(id), some, {});
  }
  Result<void> remove(store::ProjectId id, const std::string& name) {
    const std::vector<store::UserId> some = {users_[name]};
    return members_.remove(get(id), some, {});
  }

  std::unique_ptr<store::Store> store_ = store::memory::make_store();
  RegistryMembers members_{*store_};
  std::map<std::string, store::UserId> users_;
  store::OrganizationId organization_{};
  store::EntityId crew_{};
  store::ProjectId open_{}, closed_{};
};

TEST_F(RegistryMembersTest, AllOfTheOrganizationAreInAnOpenRegistryAndItsAdministratorsInEach) {
  EXPECT_THAT(users(open_),
              ElementsAre("ada:admin", "max:member", "vic:viewer", "tom:member", "tia:viewer"));
  EXPECT_THAT(teams(open_), ElementsAre("crew:member"));
  EXPECT_EQ(may("max", open_), "read download write");
  EXPECT_EQ(may("out", open_), "");
  EXPECT_THAT(users(closed_), ElementsAre("ada:admin"));
  EXPECT_THAT(teams(closed_), IsEmpty());
  EXPECT_EQ(may("ada", closed_), "read download write administer");
  for (const char* name : {"max", "vic", "tom", "tia", "out"}) EXPECT_EQ(may(name, closed_), "");
}

TEST_F(RegistryMembersTest, ARoleInTheRegistryCountsInsteadOfThatInTheOrganization) {
  ASSERT_TRUE(members_.set_role(get(open_), users_["max"], Role::kRestrictedViewer));
  ASSERT_TRUE(members_.set_role(get(open_), users_["vic"], Role::kAdmin));
  EXPECT_EQ(may("max", open_), "read");
  EXPECT_EQ(may("vic", open_), "read download write administer");
  EXPECT_EQ(may("vic", closed_), "");
  ASSERT_TRUE(add(closed_, "max"));
  EXPECT_EQ(may("max", closed_), "read download");
  ASSERT_TRUE(members_.set_role(get(closed_), users_["max"], Role::kMember));
  EXPECT_EQ(may("max", closed_), "read download write");
  ASSERT_TRUE(add(closed_, "max"));  // a second time: he stays what he is
  EXPECT_THAT(users(closed_), ElementsAre("ada:admin", "max:member"));
  ASSERT_TRUE(remove(closed_, "max"));
  EXPECT_EQ(may("max", closed_), "");
}

TEST_F(RegistryMembersTest, ATeamBringsItsPeopleAndItsViewersOnlyRead) {
  const std::vector<store::EntityId> crew = {crew_};
  ASSERT_TRUE(members_.add(get(closed_), {}, crew));
  EXPECT_THAT(teams(closed_), ElementsAre("crew:viewer"));
  EXPECT_EQ(may("tom", closed_), "read download");
  ASSERT_TRUE(members_.set_role(get(closed_), crew_, Role::kMember));
  EXPECT_EQ(may("tom", closed_), "read download write");
  EXPECT_EQ(may("tia", closed_), "read download");
  EXPECT_THAT(users(closed_), ElementsAre("ada:admin"));  // they are there by their team
  // Who is in by himself, too, has the higher of both.
  ASSERT_TRUE(add(closed_, "tom"));
  EXPECT_THAT(users(closed_), ElementsAre("ada:admin", "tom:member"));
  ASSERT_TRUE(members_.remove(get(closed_), {}, crew));
  EXPECT_EQ(may("tom", closed_), "read download");
  EXPECT_EQ(may("tia", closed_), "");
}

TEST_F(RegistryMembersTest, AddingToAnOpenRegistryChangesNobodysRights) {
  for (const char* name : {"max", "vic", "ada"}) {
    const auto before = may(name, open_);
    ASSERT_TRUE(add(open_, name));
    EXPECT_EQ(may(name, open_), before) << name;
  }
}

TEST_F(RegistryMembersTest, WhoLeavesTheOrganizationLeavesItsRegistries) {
  ASSERT_TRUE(add(closed_, "max"));
  ASSERT_TRUE(store_->accounts().remove_organization_member(organization_, users_["max"]));
  EXPECT_EQ(may("max", closed_), "");
  EXPECT_THAT(users(closed_), ElementsAre("ada:admin"));
}

TEST_F(RegistryMembersTest, SaysWhatIsWrong) {
  const auto says = [](const Result<void>& result, const char* text) {
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(text));
  };
  says(add(open_, "out"), "not in the organization");
  says(remove(open_, "max"), "restricted");
  says(members_.set_role(get(open_), users_["ada"], Role::kViewer), "administrator");
  says(members_.set_role(get(closed_), users_["max"], Role::kViewer), "add him first");
  says(members_.set_role(get(closed_), crew_, Role::kViewer), "add it first");
  says(members_.set_role(get(open_), users_["out"], Role::kViewer), "not in the organization");
  const auto own = store_->create_project(store_->find_entity("max")->id, "p", 1);
  const std::vector<store::UserId> max = {users_["max"]};
  says(members_.add(*own, max, {}), "no registry");
  EXPECT_THAT(registry_role_from("owner").error().message, HasSubstr("restricted_viewer"));
  EXPECT_EQ(registry_role_from("restricted_viewer").value(), Role::kRestrictedViewer);
}

}  // namespace
}  // namespace runstone::auth
