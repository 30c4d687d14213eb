#include "store/view_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include "store/engine_fixture.h"

namespace runstone::store {
namespace {

class ViewStoreContract : public EngineTest {
 protected:
  void SetUp() override {
    project_ = store_->create_project(entity_, "p1", 1).value().id;
    other_project_ = store_->create_project(entity_, "p2", 1).value().id;
  }

  ViewStore& views() { return store_->views(); }
  View make(const std::string& name, const std::string& type = "runs") {
    View view{.project = project_, .user = user_, .type = type, .name = name};
    view.display_name = "Title of " + name;
    view.spec = "{\"n\": 1.0}";
    view.created_at_us = view.updated_at_us = 10;
    return views().create_view(view, 100).value();
  }

  ProjectId project_{}, other_project_{};
};

TEST_P(ViewStoreContract, GivesBackWhatWasStoredByteForByte) {
  View view{.project = project_, .user = user_, .type = "project-view", .name = "nw-x-v"};
  view.display_name = "Über 📈";
  view.description = "two\nlines";
  view.spec = "{ \"z\": 1e400, \"a\": [1.0, 1,  null], \"t\": \"\\u00e9\" }";
  view.created_at_us = 5;
  view.updated_at_us = 6;
  const auto id = views().create_view(view, 100).value().id;
  const auto found = views().get_view(id).value();
  EXPECT_EQ(found.spec, view.spec);
  EXPECT_EQ(found.display_name, view.display_name);
  EXPECT_EQ(found.description, view.description);
  EXPECT_EQ(found.type, "project-view");
  EXPECT_EQ(found.user, user_);
  EXPECT_EQ(found.created_at_us, 5);
  EXPECT_EQ(found.updated_at_us, 6);
  EXPECT_EQ(views().find_view(project_, "nw-x-v").value().id, id);
  EXPECT_EQ(views().find_view(other_project_, "nw-x-v").error().code, ErrorCode::kNotFound);
}

TEST_P(ViewStoreContract, UpdateChangesOnlyWhatIsSet) {
  const View made = make("a");
  const auto changed =
      views().update_view({.id = made.id, .spec = "{}", .updated_at_us = 77}).value();
  EXPECT_EQ(changed.spec, "{}");
  EXPECT_EQ(changed.display_name, made.display_name);
  EXPECT_EQ(changed.type, made.type);
  EXPECT_EQ(changed.created_at_us, 10);
  EXPECT_EQ(changed.updated_at_us, 77);
  EXPECT_EQ(views().update_view({.id = ViewId(999)}).error().code, ErrorCode::kNotFound);
}

TEST_P(ViewStoreContract, NameIsUniqueInItsProject) {
  make("a");
  const View b = make("b");
  View again{.project = project_, .type = "runs", .name = "a"};
  EXPECT_EQ(views().create_view(again, 100).error().code, ErrorCode::kConflict);
  EXPECT_EQ(views().update_view({.id = b.id, .name = "a"}).error().code, ErrorCode::kConflict);
  again.project = other_project_;
  EXPECT_TRUE(views().create_view(again, 100).has_value());
}

TEST_P(ViewStoreContract, RefusesMoreThanTheBound) {
  make("a");
  const View more{.project = project_, .type = "runs", .name = "b"};
  EXPECT_EQ(views().create_view(more, 1).error().code, ErrorCode::kFailedPrecondition);
}

TEST_P(ViewStoreContract, ListsNewestFirstInPagesThatHoldWhileViewsAreAdded) {
  const View a = make("a"), b = make("b"), c = make("c");
  make("w", "project-view");
  const auto first = views().list_views({.project = project_, .type = "runs", .limit = 2}).value();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].id, c.id);
  make("d");
  const auto second =
      views()
          .list_views({.project = project_, .type = "runs", .before = first[1].id, .limit = 2})
          .value();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].id, a.id);
  EXPECT_EQ(first[1].id, b.id);
}

TEST_P(ViewStoreContract, FiltersByNameOrTitleAndUser) {
  const View a = make("a");
  make("b");
  EXPECT_EQ(views().list_views({.project = project_, .name = "a"}).value().size(), 1U);
  const auto by_title =
      views().list_views({.project = project_, .name = "Title of a", .with_spec = false}).value();
  ASSERT_EQ(by_title.size(), 1U);
  EXPECT_EQ(by_title[0].id, a.id);
  EXPECT_EQ(by_title[0].spec, "");
  EXPECT_EQ(views().list_views({.project = project_, .user = user_}).value().size(), 2U);
  EXPECT_EQ(views().list_views({.project = project_, .user = UserId(99)}).value().size(), 0U);
}

TEST_P(ViewStoreContract, DeletedViewIsGone) {
  const View a = make("a");
  EXPECT_TRUE(views().delete_view(a.id).has_value());
  EXPECT_EQ(views().delete_view(a.id).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(views().get_view(a.id).error().code, ErrorCode::kNotFound);
}

TEST_P(ViewStoreContract, DeletedProjectTakesItsViewsAlong) {
  make("a");
  ASSERT_TRUE(store_->delete_project(project_));
  EXPECT_TRUE(views().list_views({.project = project_}).value().empty());
}

INSTANTIATE_TEST_SUITE_P(Engines, ViewStoreContract, every_engine(), engine_name);

}  // namespace
}  // namespace runstone::store
