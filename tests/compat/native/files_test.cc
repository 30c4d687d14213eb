// Files of a run: saved, restored, downloaded, and its source code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/run.h>

#include <filesystem>
#include <string>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

namespace fs = std::filesystem;
using runstone::ErrorCode;

/// A run that has saved one file.
std::string saver(const std::string& content) {
  write("sub/model.bin", content);
  runstone::Run run = start("saver");
  runstone::SaveOptions now;
  now.policy = "now";
  must(run.save("sub/model.bin", now));
  finish(run);
  return project() + "/saver";
}

TEST(Files, RS1ARestoredFileIsEqualAndFetchedAgainOnlyToReplace) {
  const std::string content = noise(200'000, 3);
  runstone::RestoreOptions of_saver;
  of_saver.run_path = saver(content);
  runstone::Run run = start("reader");
  const fs::path path = must(run.restore("sub/model.bin", of_saver));
  EXPECT_EQ(path, fs::path(run.dir()) / "sub/model.bin");
  EXPECT_EQ(read(path), content);
  write(path, "changed here");
  EXPECT_EQ(must(run.restore("sub/model.bin", of_saver)), path);
  EXPECT_EQ(read(path), "changed here") << "a file that is here is not fetched again";
  of_saver.replace = true;
  EXPECT_EQ(must(run.restore("sub/model.bin", of_saver)), path);
  EXPECT_EQ(read(path), content);

  of_saver.root = "elsewhere";
  EXPECT_EQ(read(must(run.restore("sub/model.bin", of_saver))), content);
  EXPECT_TRUE(fs::exists("elsewhere/sub/model.bin"));
  expect_refused(run.restore("none.txt", of_saver), ErrorCode::kNotFound, "none.txt");
  expect_refused(run.restore("never-saved.txt"), ErrorCode::kNotFound, "never-saved.txt");
  expect_refused(run.restore("../up.txt", of_saver), ErrorCode::kInvalidArgument, "../up.txt");
  runstone::RestoreOptions of_nobody;
  of_nobody.run_path = project() + "/nobody";
  of_nobody.replace = true;
  expect_refused(run.restore("sub/model.bin", of_nobody), ErrorCode::kNotFound, "nobody");
  finish(run);

  // Without a run.
  expect_refused(runstone::Run::restore_of("sub/model.bin", {}), ErrorCode::kInvalidArgument,
                 "run");
  of_saver.root.clear();
  fs::remove_all("sub");
  EXPECT_EQ(read(must(runstone::Run::restore_of("sub/model.bin", of_saver))), content);
  EXPECT_EQ(read("sub/model.bin"), content);
  runstone::Settings away;
  must(away.set("base_url", "http://127.0.0.1:9"));
  must(away.set("api_key", std::string(40, '0')));
  expect_refused(runstone::Run::restore_of("sub/model.bin", of_saver, away),
                 ErrorCode::kUnavailable);
}

TEST(Files, PA3ADownloadedFileIsTheSavedOne) {
  const std::string content = noise(200'000, 4);
  saver(content);
  const runstone::RunFile file = must(stored("saver").file("sub/model.bin"));
  EXPECT_EQ(file.name(), "sub/model.bin");
  EXPECT_EQ(file.size(), content.size());
  runstone::DownloadOptions there;
  there.root = "d";
  const fs::path path = must(file.download(there));
  EXPECT_EQ(path, "d/sub/model.bin");
  EXPECT_EQ(read(path), content);

  write(path, "changed here");
  expect_refused(file.download(there), ErrorCode::kConflict, "sub/model.bin");
  there.exist_ok = true;
  EXPECT_EQ(must(file.download(there)), path);
  EXPECT_EQ(read(path), "changed here");
  there.exist_ok = false;
  there.replace = true;
  EXPECT_EQ(must(file.download(there)), path);
  EXPECT_EQ(read(path), content);
}

}  // namespace
}  // namespace native
