// What every engine must do for sweeps.
#include <gmock/gmock.h>

#include <filesystem>

#include "store/engine_fixture.h"
#include "store/sweep_store.h"

namespace runstone::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class SweepStoreContract : public EngineTest {
 protected:
  void SetUp() override { project_ = store_->create_project(entity_, "p1", 10)->id; }

  SweepStore& sweeps() { return store_->sweeps(); }
  Sweep sweep(const std::string& name) {
    Sweep made;
    made.project = project_;
    made.entity_name = "alice";
    made.project_name = "p1";
    made.name = name;
    made.method = "random";
    made.config_yaml = "method: random";
    made.seed = 77;
    made.user = user_;
    made.created_at_us = 100;
    auto created = sweeps().create_sweep(made);
    EXPECT_TRUE(created) << created.error().message;
    return *std::move(created);
  }
  SweepAgent agent(SweepId sweep, const std::string& name) {
    SweepAgent made;
    made.sweep = sweep;
    made.name = name;
    made.host = "host";
    made.user = user_;
    made.created_at_us = made.heartbeat_at_us = 200;
    auto created = sweeps().create_agent(made);
    EXPECT_TRUE(created) << created.error().message;
    return *std::move(created);
  }
  SweepRun given(SweepId sweep, const std::string& run, SweepAgentId agent) {
    return {sweep, run, agent, "{}", 1, false, false, 300};
  }
  void make_run(const std::string& name, const std::string& sweep) {
    RunUpdate first;
    first.sweep = sweep;
    first.config_json = "{\"lr\":{\"value\":1}}";
    const NewRun run{project_, name, name, user_, RunState::kPending, 100};
    EXPECT_TRUE(store_->create_run(run, first));
  }

  ProjectId project_{};
};

std::vector<std::string> names(const Result<std::vector<Sweep>>& sweeps) {
  std::vector<std::string> all;
  for (const auto& sweep : *sweeps) all.push_back(sweep.name);
  return all;
}

TEST_P(SweepStoreContract, ASweepComesBackAsItWasMade) {
  const auto made = sweep("s1");
  const auto found = sweeps().find_sweep(project_, "s1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made.id);
  EXPECT_EQ(found->entity_name, "alice");
  EXPECT_EQ(found->project_name, "p1");
  EXPECT_EQ(found->state, SweepState::kPending);
  EXPECT_EQ(found->seed, 77);
  EXPECT_EQ(found->user, user_);
  EXPECT_FALSE(found->best_loss || found->runs_expected);
  EXPECT_EQ(sweeps().get_sweep(made.id)->config_yaml, "method: random");
  Sweep again = made;
  EXPECT_EQ(sweeps().create_sweep(again).error().code, ErrorCode::kConflict);
  EXPECT_EQ(sweeps().find_sweep(project_, "s2").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(sweeps().get_sweep(SweepId{99}).error().code, ErrorCode::kNotFound);
}

TEST_P(SweepStoreContract, SweepsAreListedNewestFirstInPages) {
  sweep("a");
  const auto middle = sweep("b");
  sweep("c");
  EXPECT_THAT(names(sweeps().list_sweeps(project_, {}, -1)), ElementsAre("c", "b", "a"));
  EXPECT_THAT(names(sweeps().list_sweeps(project_, {}, 1)), ElementsAre("c"));
  EXPECT_THAT(names(sweeps().list_sweeps(project_, middle.id, 5)), ElementsAre("a"));
  EXPECT_THAT(names(sweeps().list_sweeps(ProjectId{99}, {}, -1)), IsEmpty());
  EXPECT_EQ(*sweeps().count_sweeps(project_), 3);
}

TEST_P(SweepStoreContract, AnUpdateChangesWhatItNames) {
  const auto made = sweep("s1");
  SweepUpdate update;
  update.sweep = made.id;
  update.state = SweepState::kPaused;
  update.runs_expected = std::optional<std::int64_t>(4);
  update.best_loss = std::optional(0.25);
  ASSERT_TRUE(sweeps().update_sweep(update));
  SweepUpdate other;
  other.sweep = made.id;
  other.display_name = "shown";
  ASSERT_TRUE(sweeps().update_sweep(other));
  auto found = *sweeps().get_sweep(made.id);
  EXPECT_EQ(found.state, SweepState::kPaused);
  EXPECT_EQ(found.runs_expected, 4);
  EXPECT_EQ(found.best_loss, 0.25);
  EXPECT_EQ(found.display_name, "shown");
  EXPECT_EQ(found.method, "random");
  other.runs_expected = std::optional<std::int64_t>();
  ASSERT_TRUE(sweeps().update_sweep(other));
  EXPECT_FALSE(sweeps().get_sweep(made.id)->runs_expected);
  other.sweep = SweepId{99};
  EXPECT_EQ(sweeps().update_sweep(other).error().code, ErrorCode::kNotFound);
}

TEST_P(SweepStoreContract, AgentsAreFoundByNameAndId) {
  const auto made = sweep("s1");
  const auto one = agent(made.id, "one"), two = agent(made.id, "two");
  EXPECT_EQ(sweeps().get_agent(one.id)->host, "host");
  EXPECT_EQ(sweeps().find_agent(made.id, "two")->id, two.id);
  EXPECT_EQ(sweeps().list_agents(made.id)->size(), 2u);
  EXPECT_EQ(sweeps().create_agent(one).error().code, ErrorCode::kConflict);
  SweepAgent lost = one;
  lost.sweep = SweepId{99};
  EXPECT_EQ(sweeps().create_agent(lost).error().code, ErrorCode::kNotFound);
}

TEST_P(SweepStoreContract, AHeartbeatKeepsWhatWasGiven) {
  const auto made = sweep("s1");
  const auto one = agent(made.id, "one"), two = agent(made.id, "two");
  SweepUpdate update;
  update.sweep = made.id;
  update.heartbeat_at_us = 900;
  update.suggestions = 1;
  ASSERT_TRUE(sweeps().record_heartbeat(one.id, update, {given(made.id, "r1", one.id)}));
  auto moved = given(made.id, "r1", two.id);
  moved.seen = true;
  moved.created_at_us = 999;
  ASSERT_TRUE(sweeps().record_heartbeat(two.id, update, {moved, given(made.id, "r2", two.id)}));
  const auto runs = *sweeps().list_given_runs(made.id);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].run, "r1");
  EXPECT_EQ(runs[0].agent, two.id);
  EXPECT_TRUE(runs[0].seen);
  EXPECT_EQ(runs[0].created_at_us, 300);  // when it was first given
  EXPECT_EQ(sweeps().get_agent(two.id)->run_count, 2);
  EXPECT_EQ(sweeps().get_agent(one.id)->heartbeat_at_us, 900);
  EXPECT_EQ(sweeps().get_sweep(made.id)->suggestions, 1);
  EXPECT_FALSE(sweeps().record_heartbeat(SweepAgentId{99}, update, {}));
}

TEST_P(SweepStoreContract, ADeletedSweepTakesItsAgentsAlong) {
  const auto made = sweep("s1");
  const auto one = agent(made.id, "one");
  SweepUpdate update;
  update.sweep = made.id;
  ASSERT_TRUE(sweeps().record_heartbeat(one.id, update, {given(made.id, "r1", one.id)}));
  make_run("r1", "s1");
  ASSERT_TRUE(sweeps().delete_sweep(made.id));
  EXPECT_EQ(sweeps().get_sweep(made.id).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(sweeps().get_agent(one.id).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(*sweeps().list_given_runs(made.id), IsEmpty());
  EXPECT_TRUE(store_->find_run("alice", "p1", "r1"));
  EXPECT_FALSE(sweeps().delete_sweep(made.id));
}

TEST_P(SweepStoreContract, RunsAreFoundByTheirSweep) {
  make_run("r1", "s1");
  make_run("r2", "");
  make_run("r3", "s2");
  make_run("r4", "s1");
  const auto runs = *store_->list_sweep_runs(project_, "s1", {.config = true, .summary = false});
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].name, "r1");
  EXPECT_EQ(runs[1].name, "r4");
  EXPECT_EQ(runs[1].config_json, "{\"lr\":{\"value\":1}}");
  EXPECT_EQ(runs[1].summary_json, "");
  EXPECT_THAT(*store_->list_sweep_runs(project_, "", {}), IsEmpty());
  EXPECT_THAT(*store_->count_sweep_runs(project_), ElementsAre(Pair("s1", 2), Pair("s2", 1)));
}

TEST_P(SweepStoreContract, DeletedProjectTakesItsSweepsAlong) {
  const auto made = sweep("s1");
  ASSERT_TRUE(store_->delete_project(project_));
  EXPECT_EQ(sweeps().get_sweep(made.id).error().code, ErrorCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Engines, SweepStoreContract, every_engine(), engine_name);

}  // namespace
}  // namespace runstone::store
