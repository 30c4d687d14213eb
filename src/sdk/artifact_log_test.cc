// Artifacts in a run's journal.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "net/client/scripted_server.h"
#include "sdk/test_run.h"

namespace runstone::testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ArtifactLog : public testing::Test {
 protected:
  ArtifactLog() { setenv("RUNSTONE_DATA_DIR", (place_.path() + "/data").c_str(), 1); }
  ~ArtifactLog() override { unsetenv("RUNSTONE_DATA_DIR"); }
  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = place_.path() + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  static std::vector<protocol::ArtifactRecord> recorded(runstone::Run& run) {
    run.finish();
    return read_journal(run.sync_dir()).all<protocol::ArtifactRecord>();
  }
  Workplace place_;
};

TEST_F(ArtifactLog, LA1AnArtifactIsRecordedWhole) {
  auto run = place_.start();
  auto artifact = *Artifact::create("ds", "dataset");
  ASSERT_TRUE(artifact.add_bytes("hello.txt", "hello\n"));
  LogArtifactOptions options;
  options.aliases = {"best"};
  options.tags = {"one tag", "one tag", "two"};
  ASSERT_TRUE(run.log_artifact(artifact, options));
  EXPECT_TRUE(artifact.is_final());
  EXPECT_FALSE(artifact.is_sent());
  EXPECT_EQ(artifact.wait().error().code, ErrorCode::kFailedPrecondition);
  const auto records = recorded(run);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].digest, "646850bf3b1463160ba8676bfb654546");
  EXPECT_THAT(records[0].aliases, ElementsAre("best", "latest"));
  EXPECT_THAT(records[0].tags, ElementsAre("one tag", "two"));
  EXPECT_EQ(records[0].client_id.size(), 128u);
  EXPECT_EQ(records[0].type, "dataset");
  EXPECT_TRUE(records[0].finalize);
  EXPECT_EQ(read_text(records[0].manifest.contents.at(0).local_path), "hello\n");
}

TEST_F(ArtifactLog, LA2WrongNamesAreRefused) {
  auto run = place_.start();
  const auto artifact = *Artifact::create("ds", "dataset");
  for (const char* alias : {"a/b", "a:b", ""}) {
    LogArtifactOptions options;
    options.aliases = {alias};
    EXPECT_EQ(run.log_artifact(artifact, options).error().code, ErrorCode::kInvalidArgument)
        << alias;
  }
  for (const char* tag : {"", "a!", " a", "a "}) {
    LogArtifactOptions options;
    options.tags = {tag};
    EXPECT_EQ(run.log_artifact(artifact, options).error().code, ErrorCode::kInvalidArgument) << tag;
  }
  EXPECT_FALSE(artifact.is_final());
  EXPECT_THAT(run.log_artifact("no/such/path").error().message,
              HasSubstr("path must be a file, directory or external reference"));
  run.finish();
  EXPECT_EQ(run.log_artifact(artifact).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(ArtifactLog, LA3PathsOfEachFormGetTheirNames) {
  auto run = place_.start();
  write("dir/a.txt", "a");
  write("dir/sub/b.txt", "b");
  EXPECT_EQ(run.log_artifact(place_.path() + "/dir/")->entries()->size(), 2u);
  EXPECT_EQ(run.log_artifact(write("one.txt", "1"), "named", "dataset")->entries()->at(0).path,
            "one.txt");
  const net::ScriptedServer store([](const net::ScriptedRequest&) -> net::ScriptedAnswer {
    return {.body = "", .headers = {{"ETag", "\"e\""}}};
  });
  setenv("AWS_ENDPOINT_URL_S3", store.url().c_str(), 1);
  setenv("AWS_ACCESS_KEY_ID", "k", 1);
  const auto of_store = run.log_artifact("s3://bucket/key.bin");
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_ENDPOINT_URL_S3");
  ASSERT_TRUE(of_store) << of_store.error().message;
  EXPECT_EQ(of_store->entries()->at(0).ref, "s3://bucket/key.bin");
  EXPECT_EQ(run.log_model(place_.path() + "/one.txt", "net")->type(), "model");
  const std::string id = run.id();
  std::vector<std::string> names;
  for (const auto& record : recorded(run)) names.push_back(record.name + " " + record.type);
  EXPECT_THAT(names, ElementsAre("run-" + id + "-dir unspecified", "named dataset",
                                 "run-" + id + "-key.bin unspecified", "net model"));
}

TEST_F(ArtifactLog, UA2ADistributedArtifactNeedsAGroupOrAnId) {
  auto options = place_.options();
  auto run = place_.start(options);
  const auto artifact = *Artifact::create("big", "dataset");
  EXPECT_EQ(run.upsert_artifact(artifact).error().code, ErrorCode::kInvalidType);
  ASSERT_TRUE(run.upsert_artifact(artifact, "job7"));
  ASSERT_TRUE(run.finish_artifact(artifact, "job7"));
  const auto records = recorded(run);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].distributed_id, "job7");
  EXPECT_FALSE(records[0].finalize);
  EXPECT_TRUE(records[1].finalize);
}

TEST_F(ArtifactLog, LC1CodeIsTheFilesThatTheFiltersTake) {
  auto run = place_.start();
  for (const char* name :
       {"code/a.py", "code/b.txt", "code/sub/c.py", "code/runstone/d.py", "code/Dockerfile.gpu"})
    write(name, name);
  const std::string root = place_.path() + "/code";
  const auto paths = [](const Artifact& artifact) {
    std::vector<std::string> list;
    const auto entries = artifact.entries();
    for (const auto& entry : *entries) list.push_back(entry.path);
    return list;
  };
  EXPECT_THAT(paths(**run.log_code(root)), ElementsAre("Dockerfile.gpu", "a.py", "sub/c.py"));
  const auto texts = run.log_code(root, "mine", [](const std::string& path, const std::string&) {
    return path.find(".txt") != std::string::npos;
  });
  EXPECT_THAT(paths(**texts), ElementsAre("b.txt"));
  EXPECT_FALSE(
      *run.log_code(root, "none", [](const std::string&, const std::string&) { return false; }));
  const Dict config = run.config().all_with_private();
  EXPECT_EQ(config.find("_wandb")->get("code_path")->string_or(""), "mine");
}

}  // namespace
}  // namespace runstone::testing_support
