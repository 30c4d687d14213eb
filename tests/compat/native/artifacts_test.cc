// Artifacts of one run: logged, versioned, made of paths, downloaded and checked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/artifact.h>
#include <runstone/run.h>

#include <filesystem>
#include <string>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

namespace fs = std::filesystem;
using runstone::Artifact;
using runstone::ErrorCode;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

Artifact of_bytes(const std::string& name, const std::string& content) {
  Artifact artifact = must(Artifact::create(name, "dataset"));
  must(artifact.add_bytes("hello.txt", content));
  return artifact;
}

std::vector<std::string> paths_of(const Artifact& artifact) {
  std::vector<std::string> paths;
  for (const auto& entry : must(artifact.entries())) paths.push_back(entry.path);
  return paths;
}

TEST(Artifacts, LA1EqualContentMakesNoVersionAndChangedContentTakesLatest) {
  runstone::Run run = start("one");
  write("hello.txt", "hello\n");
  Artifact first = must(Artifact::create("ds", "dataset"));
  must(first.add_file("hello.txt"));
  must(run.log_artifact(first, {{"best"}}));
  must(first.wait(60));
  EXPECT_EQ(must(first.version()), "v0");
  EXPECT_THAT(must(first.aliases()), UnorderedElementsAre("best", "latest"));
  EXPECT_EQ(first.state(), "COMMITTED");
  expect_refused(first.add_bytes("more", "x"), ErrorCode::kFailedPrecondition);

  Artifact same = of_bytes("ds", "hello\n");
  must(run.log_artifact(same));
  must(same.wait(60));
  EXPECT_EQ(must(same.version()), "v0");
  EXPECT_EQ(same.id(), first.id());

  Artifact changed = of_bytes("ds", "changed\n");
  must(run.log_artifact(changed));
  must(changed.wait(60));
  EXPECT_EQ(must(changed.version()), "v1");
  EXPECT_THAT(must(changed.aliases()), ElementsAre("latest"));
  must(run.log_artifact(changed));  // the same object again
  must(changed.wait(60));
  EXPECT_EQ(must(changed.version()), "v1");
  finish(run);

  const auto api = must(runstone::Api::open());
  const auto versions = must(must(api.artifacts("dataset", project() + "/ds")).rest());
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_THAT(must(versions[0].aliases()), ElementsAre("latest"));
  EXPECT_THAT(must(versions[1].aliases()), ElementsAre("best"));
  EXPECT_EQ(versions[1].digest(), "646850bf3b1463160ba8676bfb654546");
  EXPECT_EQ(must(versions[1].logged_by()), entity() + "/" + project() + "/one");
}

TEST(Artifacts, LA2WhatTheServerWouldRefuseIsRefusedAtOnce) {
  runstone::Run run = start("r1");
  const Artifact first = of_bytes("ds", "hello\n");
  must(run.log_artifact(first));
  must(first.wait(60));
  Artifact other_type = must(Artifact::create("ds", "model"));
  must(other_type.add_bytes("w", "w"));
  expect_refused(run.log_artifact(other_type), ErrorCode::kInvalidArgument,
                 "already exists with type");
  for (const char* wrong : {"a/b", "a:b"}) {
    expect_refused(run.log_artifact(of_bytes("ds", "x"), {{wrong}}), ErrorCode::kInvalidArgument,
                   wrong);
  }
  runstone::LogArtifactOptions tagged;
  tagged.tags = {"no/tag"};
  expect_refused(run.log_artifact(of_bytes("ds", "x"), tagged), ErrorCode::kInvalidArgument,
                 "no/tag");

  const std::string elsewhere = project() + "-elsewhere";
  runstone::InitOptions of_other = options("r2");
  of_other.project = elsewhere;
  runstone::Run other = must(runstone::Run::init(of_other));
  expect_refused(other.log_artifact(first), ErrorCode::kInvalidArgument, "project");
  finish(other);
  must(run.log({{"x", 1}}));  // unharmed
  finish(run);
  const auto api = must(runstone::Api::open());
  EXPECT_EQ(must(must(api.artifacts("dataset", project() + "/ds")).rest()).size(), 1u);
  EXPECT_FALSE(must(api.artifact_exists(elsewhere + "/ds")));
}

TEST(Artifacts, LA3PathsOfEachFormGetTheirNamesAndAreOnTheServer) {
  write("one.txt", "one");
  write("folder/a.txt", "a");
  write("folder/sub/b.txt", "b");
  runstone::Run run = start("r1");
  const Artifact file = must(run.log_artifact("one.txt"));
  const Artifact folder = must(run.log_artifact("folder"));
  const std::string where = "file://" + fs::absolute("folder/sub/b.txt").string();
  const Artifact address = must(run.log_artifact(where));
  const Artifact named = must(run.log_artifact("one.txt", "mine", "dataset"));
  for (const char* wrong : {"absent.txt", "folder/absent", ""}) {
    expect_refused(run.log_artifact(wrong), ErrorCode::kInvalidArgument,
                   "file, directory or external reference");
  }
  finish(run);

  const auto check = [](const Artifact& logged, const std::string& name, const std::string& type,
                        const std::vector<std::string>& paths) {
    SCOPED_TRACE(name);
    must(logged.wait(60));
    const Artifact there = must(must(runstone::Api::open()).artifact(project() + "/" + name));
    EXPECT_EQ(there.id(), logged.id());
    EXPECT_EQ(there.name(), name + ":v0");
    EXPECT_EQ(there.type(), type);
    EXPECT_EQ(paths_of(there), paths);
  };
  check(file, "run-r1-one.txt", "unspecified", {"one.txt"});
  check(folder, "run-r1-folder", "unspecified", {"a.txt", "sub/b.txt"});
  check(address, "run-r1-b.txt", "unspecified", {"b.txt"});
  check(named, "mine", "dataset", {"one.txt"});
  EXPECT_EQ(must(address.get_entry("b.txt")).ref, where);
}

TEST(Artifacts, AR4WhatIsLoggedIsUsedDownloadedAndVerified) {
  const std::string content = noise(1'000'000, 1);
  write("data/a.txt", "alpha");
  write("data/sub/b.bin", content);
  write("data/sub/empty", "");
  runstone::Run run = start("r1");
  Artifact draft = must(Artifact::create("ds", "dataset"));
  must(draft.add_dir("data"));
  must(run.log_artifact(draft));
  must(draft.wait(60));
  const Artifact used = must(run.use_artifact("ds:v0"));
  EXPECT_THAT(paths_of(used), ElementsAre("a.txt", "sub/b.bin", "sub/empty"));
  const fs::path root = must(used.download());
  EXPECT_EQ(root, fs::absolute("artifacts/ds:v0"));
  EXPECT_EQ(read(root / "a.txt"), "alpha");
  EXPECT_EQ(read(root / "sub/b.bin"), content);
  EXPECT_EQ(read(root / "sub/empty"), "");
  must(used.verify());

  std::string edited = content;
  edited[500'000] ^= 1;
  write(root / "sub/b.bin", edited);
  expect_refused(used.verify(), ErrorCode::kCorrupt, "sub/b.bin");
  EXPECT_EQ(must(used.download()), root);  // puts it right
  EXPECT_EQ(read(root / "sub/b.bin"), content);
  must(used.verify());

  write(root / "foreign.txt", "not of this artifact");
  expect_refused(used.verify(), ErrorCode::kCorrupt, "foreign.txt");
  EXPECT_EQ(must(used.download()), root);
  EXPECT_TRUE(fs::exists(root / "foreign.txt")) << "download keeps foreign files";
  EXPECT_EQ(must(used.checkout(root)), root);
  EXPECT_FALSE(fs::exists(root / "foreign.txt")) << "checkout removes them";
  must(used.verify(root));

  fs::remove(root / "a.txt");
  expect_refused(used.verify(), ErrorCode::kCorrupt, "a.txt");
  finish(run);
  EXPECT_EQ(must(used.used_by()), std::vector{entity() + "/" + project() + "/r1"});
}

}  // namespace
}  // namespace native
