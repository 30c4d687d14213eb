// Run::save: where files appear in the run, and what is refused.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "sdk/test_run.h"

namespace runstone::testing_support {
namespace {

namespace stdfs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class Save : public testing::Test {
 protected:
  Save() {
    for (const char* file :
         {"these/are/f/a.txt", "these/are/f/b.txt", "files/1/saveme.txt", "files/2/saveme.txt"}) {
      write(file, file);
    }
    before_ = stdfs::current_path();
    stdfs::current_path(place_.path());
  }
  ~Save() override { stdfs::current_path(before_); }

  void write(const std::string& name, const std::string& text) const {
    const stdfs::path path = stdfs::path(place_.path()) / name;
    stdfs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  // Relative to run.dir.
  static std::vector<std::string> saved(runstone::Run& run, const std::string& pattern,
                                        const SaveOptions& options = {}) {
    const auto paths = run.save(pattern, options);
    EXPECT_TRUE(paths) << paths.error().message;
    std::vector<std::string> names;
    for (const auto& path : *paths)
      names.push_back(stdfs::path(path).lexically_relative(run.dir()).string());
    return names;
  }

  Workplace place_;
  stdfs::path before_;
};

TEST_F(Save, SV1FilesAppearAtTheirPathBelowTheBase) {
  auto run = place_.start();
  SaveOptions these;
  these.base_path = "these";
  EXPECT_THAT(saved(run, "these/are/f/*"), ElementsAre("these/are/f/a.txt", "these/are/f/b.txt"));
  EXPECT_THAT(saved(run, "these/are/f/*", these), ElementsAre("are/f/a.txt", "are/f/b.txt"));
  EXPECT_THAT(saved(run, place_.path() + "/these/are/f/*.txt"), ElementsAre("f/a.txt", "f/b.txt"));
  SaveOptions far;
  far.base_path = place_.path() + "/these";
  EXPECT_THAT(saved(run, place_.path() + "/these/are/f/a.txt", far), ElementsAre("are/f/a.txt"));
  EXPECT_THAT(saved(run, "files/*/saveme.txt"),
              ElementsAre("files/1/saveme.txt", "files/2/saveme.txt"));
  EXPECT_EQ(read_text(run.dir() + "/are/f/b.txt"), "these/are/f/b.txt");
  EXPECT_THAT(saved(run, "nothing/*"), ElementsAre());
}

TEST_F(Save, SV1NoBasePathIsTheWorkingDirectory) {
  auto run = place_.start();
  SaveOptions none;
  none.base_path = "";
  EXPECT_THAT(saved(run, "these/are/f/a.txt", none), ElementsAre("these/are/f/a.txt"));
}

TEST_F(Save, SV1FilesInsideOfTheRunsFolderAreTakenLikeOthers) {
  auto run = place_.start();
  std::ofstream(run.dir() + "/own.txt") << "own";
  SaveOptions there;
  there.base_path = run.dir();
  EXPECT_THAT(saved(run, run.dir() + "/own.txt", there), ElementsAre("own.txt"));
  EXPECT_THAT(saved(run, run.dir() + "/own.txt"), ElementsAre("files/own.txt"));
  EXPECT_EQ(read_text(run.dir() + "/files/own.txt"), "own");
}

TEST_F(Save, SV2WhatIsNoFileOrHoldsTheRunIsLeftOutWithAWarning) {
  auto run = place_.start();
  ASSERT_EQ(mkfifo("these/pipe", 0600), 0);  // to read it would wait for ever
  EXPECT_THAT(saved(run, "these/p*"), ElementsAre());
  const std::string above = stdfs::path(run.sync_dir()).parent_path().filename().string();
  EXPECT_THAT(saved(run, above), ElementsAre());
  EXPECT_THAT(place_.all_lines(), HasSubstr("pipe: it is no file with content of its own"));
  EXPECT_THAT(place_.all_lines(), HasSubstr("it holds the run's own files"));
}

TEST_F(Save, SV2ANameThatIsNoTextIsRefusedAndNothingIsPlaced) {
  auto run = place_.start();
  write("odd/a.txt", "x");
  write("odd/b\xff.txt", "x");
  const auto refused = run.save("odd/*");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("b?.txt'"));
  EXPECT_FALSE(stdfs::exists(run.dir() + "/odd"));
}

TEST_F(Save, TwoStarsStandForFoldersOfAnyDepth) {
  write("deep/a.txt", "a");
  write("deep/[1]/b.txt", "b");
  write("deep/[1]/c/d.txt", "d");
  write("deep/.hidden/e.txt", "e");
  auto run = place_.start();
  EXPECT_THAT(saved(run, "deep/**/*.txt"),
              ElementsAre("deep/[1]/b.txt", "deep/[1]/c/d.txt", "deep/a.txt"));
  EXPECT_THAT(saved(run, "d*/**/c/**/d.*"), ElementsAre("deep/[1]/c/d.txt"));
  EXPECT_THAT(saved(run, "nothing/**/*"), ElementsAre());
}

TEST_F(Save, SV2WrongInputIsRefused) {
  auto run = place_.start();
  EXPECT_THAT(run.save("").error().message, HasSubstr("a path or a pattern"));
  SaveOptions never;
  never.policy = "never";
  EXPECT_THAT(run.save("files/*", never).error().message,
              HasSubstr("\"live\", \"end\" and \"now\""));
  SaveOptions other;
  other.base_path = "files";
  EXPECT_THAT(run.save("these/*", other).error().message,
              HasSubstr("may not walk above the base path"));
  EXPECT_FALSE(run.save("files", other));
  EXPECT_TRUE(run.save("s3://bucket/x")->empty());
  run.finish();
  EXPECT_EQ(run.save("files/*").error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(Save, ALiteralPathMayHoldPatternCharactersAndAFolderIsTakenWhole) {
  write("odd/my[1].txt", "x");
  auto run = place_.start();
  SaveOptions literal;
  literal.glob = false;
  literal.policy = "now";
  EXPECT_THAT(saved(run, "odd/my[1].txt", literal), ElementsAre("odd/my[1].txt"));
  EXPECT_THAT(saved(run, "odd/my[1].txt"), ElementsAre());
  EXPECT_THAT(saved(run, "files"), ElementsAre("files"));
  run.finish();
  std::vector<std::string> recorded;
  for (const auto& record : read_journal(run.sync_dir()).all<protocol::FilesRecord>()) {
    for (const auto& file : record.files) {
      if (file.type == protocol::FilesRecord::Type::kOther) recorded.push_back(file.path);
    }
  }
  EXPECT_THAT(recorded, ElementsAre("odd/my[1].txt", "files/1/saveme.txt", "files/2/saveme.txt"));
}

TEST_F(Save, SV3ALiveFileIsRecordedAgainWhenItChanges) {
  auto run = place_.start();
  saved(run, "files/1/*");
  write("files/1/saveme.txt", "longer than before");
  const auto records = [&] {
    int count = 0;
    for (const auto& record : read_journal(run.sync_dir()).all<protocol::FilesRecord>()) {
      for (const auto& file : record.files) count += file.path == "files/1/saveme.txt" ? 1 : 0;
    }
    return count;
  };
  for (int i = 0; i < 100 && records() < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(records(), 2);
}

TEST_F(Save, WithoutLinksACopyIsMadeAndALaterCallRefreshesIt) {
  auto options = place_.options();
  ASSERT_TRUE(options.settings.set("symlink", false));
  auto run = place_.start(options);
  saved(run, "files/1/*");
  EXPECT_FALSE(stdfs::is_symlink(run.dir() + "/files/1/saveme.txt"));
  EXPECT_EQ(read_text(run.dir() + "/files/1/saveme.txt"), "files/1/saveme.txt");
}

}  // namespace
}  // namespace runstone::testing_support
