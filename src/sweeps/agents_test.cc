#include "sweeps/agents.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "sweeps/local_controller.h"

namespace runstone::sweeps {
namespace {

using store::RunState;
using store::SweepAgentId;
using store::SweepState;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr SweepAgentId kOwn{1}, kOther{2};

GivenRun given(const char* name, SweepAgentId agent, std::optional<RunState> state,
               std::int64_t deliveries = 1) {
  GivenRun run;
  run.given.run = name;
  run.given.agent = agent;
  run.given.deliveries = deliveries;
  run.state = state;
  return run;
}
Beat beat(std::vector<GivenRun> runs, std::set<std::string> reported = {}) {
  Beat made;
  made.agent = kOwn;
  made.runs = std::move(runs);
  made.reported = std::move(reported);
  return made;
}

TEST(PlanBeat, AnIdleAgentGetsANewRun) {
  EXPECT_TRUE(plan_beat(beat({})).start_new);
  EXPECT_TRUE(plan_beat(beat({given("a", kOwn, RunState::kFinished)})).start_new);
}

TEST(PlanBeat, ABusyAgentGetsNone) {
  const auto plan = plan_beat(beat({given("a", kOwn, RunState::kRunning)}, {"a"}));
  EXPECT_FALSE(plan.start_new || plan.exit || plan.start);
  EXPECT_THAT(plan.seen, ElementsAre(0));
  EXPECT_FALSE(plan_beat(beat({}, {"unknown"})).start_new);
}

TEST(PlanBeat, ALostCommandIsSentAgain) {
  const auto plan = plan_beat(beat({given("a", kOwn, RunState::kPending)}));
  EXPECT_EQ(plan.start, 0u);
  EXPECT_FALSE(plan.start_new);
}

TEST(PlanBeat, ARunThatNeverBeginsFailsInTheEnd) {
  auto run = given("a", kOwn, RunState::kPending, kMaxDeliveries);
  EXPECT_THAT(plan_beat(beat({run})).failed, ElementsAre(0));
  run = given("a", kOwn, RunState::kPending);
  run.given.seen = true;  // the function ended without init()
  const auto plan = plan_beat(beat({run}));
  EXPECT_THAT(plan.failed, ElementsAre(0));
  EXPECT_TRUE(plan.start_new);
}

TEST(PlanBeat, WhatADeadAgentDidNotBeginGoesToTheNext) {
  auto run = given("a", kOther, RunState::kPending);
  EXPECT_TRUE(plan_beat(beat({run})).start_new);
  run.agent_alive = false;
  EXPECT_EQ(plan_beat(beat({run})).start, 0u);
  run.state = RunState::kRunning;  // it lives without its agent; silence will tell
  EXPECT_TRUE(plan_beat(beat({run})).start_new);
}

TEST(PlanBeat, AChoiceThatWasNeverSentGoesToWhoeverAsks) {
  EXPECT_EQ(plan_beat(beat({given("a", kOther, std::nullopt, 0)})).start, 0u);
}

TEST(PlanBeat, APreemptedRunIsResumed) {
  const auto plan = plan_beat(beat({given("a", kOther, RunState::kPreempted)}));
  EXPECT_EQ(plan.start, 0u);
  EXPECT_TRUE(plan.resume);
}

TEST(PlanBeat, EarlyTerminationIsToldUntilTheRunIsGoneAndThenItIsKilled) {
  auto run = given("a", kOwn, RunState::kRunning);
  run.stop_wanted = true;
  EXPECT_THAT(plan_beat(beat({run}, {"a"})).stop, ElementsAre(0));
  run.stop_wanted = false;
  run.given.stop_sent = true;
  EXPECT_THAT(plan_beat(beat({run}, {"a"})).stop, ElementsAre(0));
  run.state = RunState::kFailed;
  const auto plan = plan_beat(beat({run}));
  EXPECT_THAT(plan.killed, ElementsAre(0));
  EXPECT_TRUE(plan.start_new);
}

TEST(PlanBeat, PauseStopAndCancel) {
  auto paused = beat({given("a", kOwn, RunState::kFinished)});
  paused.state = SweepState::kPaused;
  EXPECT_FALSE(plan_beat(paused).start_new || plan_beat(paused).exit);
  auto stopped = beat({given("a", kOwn, RunState::kRunning)}, {"a"});
  stopped.state = SweepState::kFinished;
  EXPECT_FALSE(plan_beat(stopped).exit);  // the run may end by itself
  EXPECT_THAT(plan_beat(stopped).stop, IsEmpty());
  stopped.reported.clear();
  EXPECT_TRUE(plan_beat(stopped).exit);
  auto canceled = beat({given("a", kOwn, RunState::kRunning)}, {"a"});
  canceled.state = SweepState::kCanceled;
  EXPECT_THAT(plan_beat(canceled).stop, ElementsAre(0));
  EXPECT_FALSE(plan_beat(canceled).exit);
}

TEST(PlanBeat, AnExhaustedSweepEndsItsAgentsOnceNothingCanComeBack) {
  auto over = beat({given("a", kOther, RunState::kPending)});
  over.exhausted = true;
  EXPECT_FALSE(plan_beat(over).exit || plan_beat(over).start_new);
  over.runs[0].state = RunState::kRunning;
  EXPECT_TRUE(plan_beat(over).exit);
}

TEST(AllEnded, CountsWhatMayStillRun) {
  EXPECT_TRUE(all_ended({given("a", kOwn, RunState::kFinished), given("b", kOwn, std::nullopt)}));
  EXPECT_FALSE(all_ended({given("a", kOwn, RunState::kRunning)}));
  EXPECT_FALSE(all_ended({given("a", kOwn, RunState::kPreempted)}));
}

TEST(ReportedRuns, ReadsWhatClientsSend) {
  EXPECT_THAT(reported_runs(R"({"a":true,"b":false})"), ElementsAre("a"));
  EXPECT_THAT(reported_runs("{}"), IsEmpty());
  EXPECT_THAT(reported_runs("nonsense"), IsEmpty());
}

TEST(LocalController, ItsWishesAreReadAndMarked) {
  const auto wishes = read_wishes(
      R"({"schedule":[{"id":"s1","data":{"args":{"lr":{"value":1}}}},{"id":"s2","data":{"args":null}}],"earlystop":["r1"]})");
  ASSERT_EQ(wishes.schedule.size(), 2u);
  EXPECT_TRUE(wishes.schedule[0].args);
  EXPECT_FALSE(wishes.schedule[1].args);
  EXPECT_THAT(wishes.stop, ElementsAre("r1"));
  const auto text = with_scheduled("{}", "s1", "run1");
  EXPECT_EQ(text, R"({"scheduled":[{"id":"s1","runid":"run1"}]})");
  EXPECT_THAT(scheduled_ids(text), ElementsAre("s1"));
  EXPECT_THAT(read_wishes("nonsense").schedule, IsEmpty());
}

}  // namespace
}  // namespace runstone::sweeps
