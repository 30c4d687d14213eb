// The acceptance program A18: what else a run can do, each member once.
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

TEST(Acceptance, A18EachSmallMemberOnce) {
  write("m.pt", "model");
  write("saved.txt", "saved");
  runstone::Run first = start("first");
  must(first.save("saved.txt"));
  finish(first);

  runstone::InitOptions of_group = options("second");
  of_group.group = "g";
  runstone::Run run = must(runstone::Run::init(of_group));
  must(run.alert("Low accuracy", "0.3", {"WARN", 300}));
  must(run.mark_preempting());
  EXPECT_EQ(must(run.status()).sync_items_pending, 0u) << "nothing was logged";
  runstone::RestoreOptions of_first;
  of_first.run_path = project() + "/first";
  EXPECT_EQ(read(must(run.restore("saved.txt", of_first))), "saved");
  const Artifact model = must(run.log_model("m.pt", "net"));
  must(model.wait(60));
  const Artifact linked = must(run.link_model("m.pt", "native-registered", "net"));
  EXPECT_TRUE(linked.is_link());
  EXPECT_EQ(read(must(run.use_model("net:latest"))), "model");
  must(run.upsert_artifact(must(run.artifact_of_path("m.pt", "parts", "dataset"))));
  const Artifact whole = must(run.artifact_of_path("saved.txt", "parts", "dataset"));
  must(run.finish_artifact(whole));
  must(whole.wait(60));
  EXPECT_EQ(must(whole.entries()).size(), 2u);
  EXPECT_EQ(must(whole.get_entry("m.pt")).size_bytes, 5u);
  finish(run);

  const runstone::PublicRun there = stored("second");
  EXPECT_EQ(there.state(), "finished") << "exit code 0 outweighs mark_preempting()";
  std::vector<std::string> used;
  for (const Artifact& version : must(there.used_artifacts().rest()))
    used.push_back(version.name());
  EXPECT_THAT(used, testing::Contains("net:v0"));
}

}  // namespace
}  // namespace native
