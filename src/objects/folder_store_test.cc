#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/random_id.h"
#include "objects/object_key.h"
#include "objects/object_store.h"

namespace runstone::objects {
namespace {

// The value itself: a range-for over *temporary would outlive it.
template <typename T>
T take(Result<T> result) {
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return *std::move(result);
}

class FolderStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() / ("runstone-objects-" + random_id());
    auto opened = open_folder_store(root_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(FolderStoreTest, GivesBackWhatWasPutAndReplacesIt) {
  ASSERT_TRUE(store_->put("runs/1/files/a", "first"));
  ASSERT_TRUE(store_->put("runs/1/files/a", std::string("sec\0nd", 6)));
  EXPECT_EQ(*store_->get("runs/1/files/a"), std::string("sec\0nd", 6));
  EXPECT_EQ(store_->head("runs/1/files/a")->size_bytes, 6);
}

TEST_F(FolderStoreTest, ReadsRangesUpToTheEnd) {
  ASSERT_TRUE(store_->put("k", "0123456789"));
  EXPECT_EQ(*store_->get_range("k", 2, 3), "234");
  EXPECT_EQ(*store_->get_range("k", 8, 100), "89");
  EXPECT_EQ(*store_->get_range("k", 50, 1), "");
  EXPECT_FALSE(store_->get_range("k", -1, 1));
}

TEST_F(FolderStoreTest, TakesASpooledFileOver) {
  const auto spooled = store_->spool_folder() / "upload";
  std::ofstream(spooled) << "spooled bytes";
  ASSERT_TRUE(store_->put_file("runs/1/files/b", spooled));
  EXPECT_EQ(*store_->get("runs/1/files/b"), "spooled bytes");
  EXPECT_FALSE(std::filesystem::exists(spooled));
}

TEST_F(FolderStoreTest, MissingObjectsAreNotFound) {
  EXPECT_EQ(store_->get("none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->local_path("none").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(store_->remove("none"));
  EXPECT_TRUE(store_->remove_all("none"));
  EXPECT_THAT(*store_->list("none"), testing::IsEmpty());
}

TEST_F(FolderStoreTest, ListsAndRemovesAllOfAPrefixOnly) {
  for (const char* key : {"runs/1/a", "runs/1/b/c", "runs/10/a"})
    ASSERT_TRUE(store_->put(key, key));
  std::vector<std::string> keys;
  for (const auto& object : take(store_->list("runs/1"))) keys.push_back(object.key);
  EXPECT_THAT(keys, testing::ElementsAre("runs/1/a", "runs/1/b/c"));
  ASSERT_TRUE(store_->remove_all("runs/1"));
  EXPECT_THAT(*store_->list("runs/1"), testing::IsEmpty());
  EXPECT_EQ(*store_->get("runs/10/a"), "runs/10/a");
}

TEST_F(FolderStoreTest, RefusesKeysThatLeaveTheFolder) {
  for (const char* key :
       {"", "/", "/etc/passwd", "a//b", "../x", "a/../../x", "a/.", "a/", "a b", "a\\b", "a\nb"}) {
    EXPECT_EQ(store_->put(key, "x").error().code, ErrorCode::kInvalidArgument) << key;
    EXPECT_EQ(store_->get(key).error().code, ErrorCode::kInvalidArgument) << key;
  }
}

TEST_F(FolderStoreTest, AnyTextMakesAKeyPartOfItsOwn) {
  std::vector<std::string> texts = {"",    ".",   "..", "a/b", "a%2Fb", "\xf0\x9f\x98\x80",
                                    "a b", "%2E", "%",  "a\nb"};
  texts.push_back(std::string(5000, 'x'));
  texts.push_back(std::string(5000, 'x') + "y");
  std::set<std::string> parts;
  for (const auto& text : texts) {
    const std::string part = make_key_part(text);
    EXPECT_TRUE(check_key(part)) << part;
    EXPECT_TRUE(parts.insert(part).second) << part;
    EXPECT_LE(part.size(), 255u);
  }
}

TEST_F(FolderStoreTest, ForgetsWhatACrashLeftInTheSpoolFolder) {
  std::ofstream(store_->spool_folder() / "torn") << "half";
  ASSERT_TRUE(store_->put("kept", "whole"));
  auto again = open_folder_store(root_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::filesystem::is_empty((*again)->spool_folder()));
  EXPECT_EQ(*(*again)->get("kept"), "whole");
}

}  // namespace
}  // namespace runstone::objects
