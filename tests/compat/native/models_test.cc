// Models: artifacts whose type says so, by the calls that are made for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/artifact.h>
#include <runstone/run.h>

#include <filesystem>
#include <string>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

namespace fs = std::filesystem;
using runstone::Artifact;
using runstone::ErrorCode;
using testing::Contains;

TEST(Models, MO1AModelGoesRoundByteForByte) {
  const std::string content = noise(300'000, 2);
  write("m.pt", content);
  write("weights/w1", "1");
  write("weights/w2", "2");
  runstone::Run maker = start("maker");
  const Artifact logged = must(maker.log_model("m.pt", "net", {"first"}));
  must(maker.log_model("weights", "folder"));
  finish(maker);
  EXPECT_EQ(logged.type(), "model");
  must(logged.wait(60));
  EXPECT_THAT(must(logged.aliases()), Contains("first"));

  runstone::Run user = start("user");
  const fs::path one = must(user.use_model("net:latest"));  // one file: that file
  EXPECT_EQ(one.filename(), "m.pt");
  EXPECT_EQ(read(one), content);
  const fs::path folder = must(user.use_model("folder"));  // several: their folder
  EXPECT_EQ(read(folder / "w1") + read(folder / "w2"), "12");

  const Artifact linked = must(user.link_model("m.pt", "native-prod-net", "net", {"staging"}));
  const std::string registered = entity() + "/model-registry/native-prod-net";
  EXPECT_EQ(must(linked.qualified_name()), registered + ":v0");
  EXPECT_TRUE(linked.is_link());
  EXPECT_THAT(must(linked.aliases()), testing::IsSupersetOf({"staging", "latest"}));
  EXPECT_EQ(must(linked.source_qualified_name()), entity() + "/" + project() + "/net:v0")
      << "equal files are the version that is there";
  const fs::path of_registry = must(user.use_model(registered + ":staging"));
  EXPECT_EQ(read(of_registry), content);
  finish(user);
}

TEST(Models, MO2WhatIsNoModelIsRefused) {
  write("m.pt", "m");
  runstone::Run run = start("r1");
  Artifact data = must(Artifact::create("data", "dataset"));
  must(data.add_bytes("x", "x"));
  must(run.log_artifact(data));
  must(data.wait(60));
  expect_refused(run.use_model("data"), ErrorCode::kInvalidType, "model");
  expect_refused(run.link_model("m.pt", "a/b"), ErrorCode::kInvalidType, "a/b");
  expect_refused(run.link_model("m.pt", "no-model", "data"), ErrorCode::kInvalidType, "model");
  expect_refused(run.link_model("m.pt", "no-model", "a b"), ErrorCode::kInvalidArgument, "a b");
  expect_refused(run.log_model("m.pt", "a b"), ErrorCode::kInvalidArgument, "a b");
  expect_refused(run.use_model("none"), ErrorCode::kNotFound, "none");
  finish(run);
  EXPECT_FALSE(
      must(must(runstone::Api::open()).artifact_exists(entity() + "/model-registry/no-model")));

  runstone::Run away = start("away", "offline");
  expect_refused(away.use_model("data"), ErrorCode::kNotImplemented, "offline");
  finish(away);
}

}  // namespace
}  // namespace native
