#include "server/data_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/random_id.h"
#include "server/client_file.h"

namespace runstone::server {
namespace {

using testing::HasSubstr;
namespace stdfs = std::filesystem;

unsigned mode_of(const stdfs::path& path) {
  struct stat facts {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 0777;
}

class DataFolderTest : public testing::Test {
 protected:
  DataFolderTest() : root_(stdfs::temp_directory_path() / ("data_folder_" + random_id())) {}
  ~DataFolderTest() override { stdfs::remove_all(root_); }
  stdfs::path root_;
};

TEST_F(DataFolderTest, IsMadeForItsOwnerOnly) {
  const auto folder = DataFolder::open(root_ / "deep" / "data/");
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(mode_of(root_ / "deep" / "data"), 0700u);
  EXPECT_TRUE(stdfs::exists(root_ / "deep" / "data" / "format_version"));
}

TEST_F(DataFolderTest, ASecondServerIsToldWhoHasIt) {
  const auto first = DataFolder::open(root_);
  ASSERT_TRUE(first);
  const auto second = DataFolder::open(root_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
}

TEST_F(DataFolderTest, CanBeOpenedAgainAfterItsHolderIsGone) {
  { ASSERT_TRUE(DataFolder::open(root_)); }
  EXPECT_TRUE(DataFolder::open(root_));
}

TEST_F(DataFolderTest, ANewerFormatIsRefusedAndLeftAlone) {
  { ASSERT_TRUE(DataFolder::open(root_)); }
  std::ofstream(root_ / "format_version") << kDataFormatVersion + 1;
  const auto folder = DataFolder::open(root_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(folder.error().message, HasSubstr("newer Runstone"));
}

TEST_F(DataFolderTest, AnUnreadableFormatIsAnErrorNotANewFolder) {
  { ASSERT_TRUE(DataFolder::open(root_)); }
  std::ofstream(root_ / "format_version") << "x";
  EXPECT_EQ(DataFolder::open(root_).error().code, ErrorCode::kCorrupt);
}

TEST_F(DataFolderTest, ClientFileIsPrivateAndRoundTrips) {
  ASSERT_TRUE(DataFolder::open(root_));
  const auto path = root_ / "client.json";
  EXPECT_EQ(read_client_file(path).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(write_client_file(path, {"http://127.0.0.1:1", "local-k\"ey"}));
  ASSERT_TRUE(write_client_file(path, {"http://127.0.0.1:2", "local-k\"ey"}));
  EXPECT_EQ(mode_of(path), 0600u);
  const auto file = read_client_file(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->base_url, "http://127.0.0.1:2");
  EXPECT_EQ(file->api_key, "local-k\"ey");
}

}  // namespace
}  // namespace runstone::server
