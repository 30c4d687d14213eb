// Artifacts between runs: versions of many writers, names, links.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/artifact.h>
#include <runstone/run.h>

#include <string>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Artifact;
using runstone::ErrorCode;
using testing::Contains;
using testing::ElementsAre;

std::vector<std::string> paths_of(const Artifact& artifact) {
  std::vector<std::string> paths;
  for (const auto& entry : must(artifact.entries())) paths.push_back(entry.path);
  return paths;
}

/// A part of the artifact "big": one file of the run's own.
Artifact part(const runstone::Run& run, const std::string& file) {
  write(file, "content of " + file);
  return must(run.artifact_of_path(file, "big", "dataset"));
}

Artifact log_small(runstone::Run& run, const std::vector<std::string>& aliases = {}) {
  Artifact artifact = must(Artifact::create("ds", "dataset"));
  must(artifact.add_bytes("hello.txt", "hello\n"));
  must(run.log_artifact(artifact, {aliases}));
  must(artifact.wait(60));
  return artifact;
}

/// Two runs upsert a file each, a third finishes with one of its own.
Artifact by_three_runs(const std::string& prefix) {
  for (const char* id : {"1", "2"}) {
    runstone::Run writer = start(prefix + id);
    const Artifact piece = part(writer, prefix + id + ".bin");
    must(writer.upsert_artifact(piece, "job7"));
    EXPECT_EQ(piece.state(), "PENDING");
    finish(writer);
  }
  runstone::Run last = start(prefix + "3");
  const Artifact whole = part(last, prefix + "3.bin");
  must(last.finish_artifact(whole, "job7"));
  must(whole.wait(60));
  finish(last);
  return whole;
}

TEST(SharedArtifacts, UA1ThreeRunsMakeOneVersionAndALaterUpsertTheNext) {
  const Artifact first = by_three_runs("a");
  EXPECT_EQ(must(first.version()), "v0");
  EXPECT_THAT(paths_of(first), ElementsAre("a1.bin", "a2.bin", "a3.bin"));
  must(first.verify(must(first.download())));

  const auto api = must(runstone::Api::open());
  const auto versions = [&] {
    return must(must(api.artifacts("dataset", project() + "/big")).rest());
  };
  EXPECT_EQ(versions().size(), 1u);
  const Artifact second = by_three_runs("b");
  EXPECT_EQ(must(second.version()), "v1");
  EXPECT_THAT(paths_of(second), ElementsAre("b1.bin", "b2.bin", "b3.bin"));
  EXPECT_EQ(versions().size(), 2u);
  EXPECT_THAT(must(versions()[0].aliases()), Contains("latest"));
}

TEST(SharedArtifacts, UA2WithoutAGroupAnIdIsNeededAndAGroupStandsForIt) {
  runstone::Run alone = start("alone");
  const Artifact refused = part(alone, "x.bin");
  expect_refused(alone.upsert_artifact(refused), ErrorCode::kInvalidType,
                 "unless run is in a group or distributed_id is provided");
  expect_refused(alone.finish_artifact(refused), ErrorCode::kInvalidType,
                 "unless run is in a group or distributed_id is provided");
  finish(alone);

  Artifact whole = refused;
  for (const char* id : {"g1", "g2"}) {
    runstone::InitOptions of_group = options(id);
    of_group.group = "job";
    runstone::Run writer = must(runstone::Run::init(of_group));
    whole = part(writer, std::string(id) + ".bin");
    must(id == std::string("g1") ? writer.upsert_artifact(whole) : writer.finish_artifact(whole));
    finish(writer);
  }
  must(whole.wait(60));
  EXPECT_EQ(must(whole.version()), "v0");
  EXPECT_THAT(paths_of(whole), ElementsAre("g1.bin", "g2.bin"));
}

TEST(SharedArtifacts, UA3_A17EveryFormOfANameIsTheSameVersionAndItsUseIsNoted) {
  runstone::Run maker = start("maker");
  const Artifact made = log_small(maker, {"best"});
  finish(maker);

  runstone::Run user = start("user");
  const std::string path = entity() + "/" + project() + "/";
  for (const std::string& name : {std::string("ds:best"), std::string("ds:v0"), path + "ds:best",
                                  path + "ds:v0", std::string("ds"), project() + "/ds:latest"}) {
    SCOPED_TRACE(name);
    const Artifact used = must(user.use_artifact(name));
    EXPECT_EQ(used.id(), made.id());
    EXPECT_EQ(must(used.qualified_name()), path + "ds:v0");
    EXPECT_EQ(used.digest(), "646850bf3b1463160ba8676bfb654546");
  }
  expect_refused(user.use_artifact("none:latest"), ErrorCode::kNotFound, "none:latest");
  expect_refused(user.use_artifact("ds:v7"), ErrorCode::kNotFound, "ds:v7");
  runstone::UseArtifactOptions as_model;
  as_model.type = "model";
  expect_refused(user.use_artifact("ds:v0", as_model), ErrorCode::kInvalidArgument, "type");
  Artifact draft = must(Artifact::create("mine", "dataset"));
  must(draft.add_bytes("m", "m"));
  EXPECT_EQ(must(must(user.use_artifact(draft)).version()), "v0") << "logged first, then used";
  finish(user);

  std::vector<std::string> names;
  for (const Artifact& used : must(stored("user").used_artifacts().rest())) {
    names.push_back(used.name());
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("ds:v0", "mine:v0"));
  EXPECT_THAT(must(stored("maker").used_artifacts().rest()), testing::IsEmpty());
}

TEST(SharedArtifacts, C1AnArtifactAsAValueOfTheConfigIsUsed) {
  runstone::Run run = start("configured");
  Artifact draft = must(Artifact::create("mine", "dataset"));
  must(draft.add_bytes("m", "m"));
  must(run.config().set("data", draft));
  finish(run);

  const runstone::PublicRun there = stored("configured");
  const auto used = must(there.used_artifacts().rest());
  ASSERT_EQ(used.size(), 1u);
  EXPECT_EQ(used[0].name(), "mine:v0");
  const runstone::Dict config = must(there.config());
  const runstone::Value* value = config.find("data");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(*value, must(used[0].config_value()));

  runstone::Run away = start("away", "offline");
  expect_refused(away.config().set("data", draft), ErrorCode::kInvalidType, "offline");
  EXPECT_FALSE(away.config().get("data"));
  finish(away);
}

TEST(SharedArtifacts, UA3OfflineNothingCanBeUsed) {
  runstone::Run run = start("away", "offline");
  expect_refused(run.use_artifact("ds:latest"), ErrorCode::kInvalidType, "offline");
  Artifact draft = must(Artifact::create("mine", "dataset"));
  must(draft.add_bytes("m", "m"));
  expect_refused(run.use_artifact(draft), ErrorCode::kInvalidType, "offline");
  finish(run);
}

TEST(SharedArtifacts, LK1ALinkedVersionIsFoundWhereItWasLinked) {
  runstone::Run run = start("linker");
  const std::string portfolio = project() + "-portfolio";
  must(must(runstone::Api::open()).create_project(portfolio));
  const std::string target = entity() + "/" + portfolio + "/best";
  Artifact draft = must(Artifact::create("ds", "dataset"));
  must(draft.add_bytes("hello.txt", "hello\n"));
  const Artifact linked = must(run.link_artifact(draft, target, {"prod"}));  // logs it first
  EXPECT_TRUE(linked.is_link());
  EXPECT_THAT(must(linked.aliases()), testing::IsSupersetOf({"prod", "latest"}));
  EXPECT_EQ(must(linked.qualified_name()), target + ":v0");
  EXPECT_FALSE(draft.is_link());
  EXPECT_EQ(must(draft.version()), "v0");

  const Artifact found = must(must(runstone::Api::open()).artifact(target + ":latest"));
  EXPECT_TRUE(found.is_link());
  EXPECT_EQ(found.digest(), "646850bf3b1463160ba8676bfb654546");
  EXPECT_EQ(found.digest(), draft.digest());
  EXPECT_EQ(must(found.source_qualified_name()), entity() + "/" + project() + "/ds:v0");
  must(found.verify(must(found.download())));

  const Artifact here = must(run.link_artifact(draft, "here"));  // what is missing is the run's
  EXPECT_EQ(must(here.qualified_name()), entity() + "/" + project() + "/here:v0");
  const Artifact second = must(run.link_artifact(draft, portfolio + "/second"));
  EXPECT_EQ(must(second.qualified_name()), entity() + "/" + portfolio + "/second:v0");
  const Artifact source = must(run.use_artifact("ds:v0"));
  EXPECT_THAT(must(source.aliases()), testing::Not(Contains("prod"))) << "only where it is linked";
  finish(run);

  runstone::Run away = start("away", "offline");
  expect_refused(away.link_artifact(source, "elsewhere"), ErrorCode::kNotImplemented, "offline");
  finish(away);
}

}  // namespace
}  // namespace native
