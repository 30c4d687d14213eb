// The service over a store in memory, with a clock turned by hand; what a client would do between
// its heartbeats is done by ingest.
#include "sweeps/sweeps.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "ingest/ingest_fixture.h"
#include "query/query.h"

namespace runstone::sweeps {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class SweepsTest : public ingest::IngestFixture {
 protected:
  void SetUp() override {
    IngestFixture::SetUp();
    query_ = std::make_unique<query::Query>(*memory_, *objects_);
    open();
  }
  void TearDown() override {
    sweeps_.reset();
    query_.reset();
    IngestFixture::TearDown();
  }
  void open() {
    Sweeps::Options options;
    options.seed = 1;
    sweeps_ = *Sweeps::create(*memory_, *ingest_, *query_, clock_, options);
  }

  store::Sweep make(const std::string& yaml) {
    auto made = try_make(yaml);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made->sweep;
  }
  Result<UpsertedSweep> try_make(const std::string& yaml, const std::string& prior = "") {
    UpsertSweep input;
    input.entity = "alice";
    input.project = "p";
    input.config_yaml = yaml;
    if (!prior.empty()) input.prior_runs_filters = prior;
    return sweeps_->upsert(std::move(input));
  }
  void set_state(const store::Sweep& sweep, const std::string& state) {
    UpsertSweep input;
    input.id = sweep.id;
    input.state = state;
    EXPECT_TRUE(sweeps_->upsert(std::move(input)));
  }
  store::SweepAgentId agent(const store::Sweep& sweep) {
    return sweeps_->create_agent(sweep.id, "host", std::nullopt)->id;
  }
  List beat(store::SweepAgentId agent, const std::vector<std::string>& runs = {}) {
    Dict state;
    for (const auto& run : runs) state.set(run, true);
    const auto commands = sweeps_->heartbeat(agent, json::to_text(state));
    EXPECT_TRUE(commands) << (commands ? "" : commands.error().message);
    return *json::parse(*commands)->if_list();
  }
  /// The one command of an answer: its type and run.
  static std::string type_of(const List& commands) {
    return commands.empty() ? "" : std::string(commands.front().get("type")->string_or(""));
  }
  static std::string run_of(const List& commands) {
    return std::string(commands.at(0).get("run_id")->string_or(""));
  }
  /// What the client's init does.
  void begin(const store::Sweep& sweep, const std::string& run) {
    ingest::UpsertRun input;
    input.entity = "alice";
    input.project = "p";
    input.name = run;
    input.sweep = sweep.name;
    ASSERT_TRUE(ingest_->upsert_run(input));
  }
  void end(const std::string& run, double loss, int exit_code = 0) {
    protocol::FileStreamBody body;
    std::string summary = "{\"loss\":";
    json::append_double(summary, loss);
    body.summary = summary + "}";
    body.complete = true;
    body.exit_code = exit_code;
    ASSERT_TRUE(send(std::move(body), run));
  }
  void log(const std::string& run, std::int64_t first, std::int64_t count, double loss) {
    protocol::FileStreamBody body;
    body.history = ingest::make_lines(first, ingest::rows(first, count, loss));
    ASSERT_TRUE(send(std::move(body), run));
  }
  store::RunInfo run(const std::string& name) { return *memory_->find_run("alice", "p", name); }
  store::Sweep now(const store::Sweep& sweep) {
    return *sweeps_->settled(*memory_->sweeps().get_sweep(sweep.id));
  }

  std::unique_ptr<query::Query> query_;
  std::unique_ptr<Sweeps> sweeps_;
};

const char kGrid[] = "{method: grid, metric: {name: loss}, parameters: {a: {values: [1, 2, 3]}}}";

TEST_F(SweepsTest, AGridIsGivenOutAndTheSweepEnds) {
  const auto sweep = make(kGrid);
  EXPECT_EQ(sweep.runs_expected, 3);
  EXPECT_EQ(sweep.state, store::SweepState::kPending);
  const auto own = agent(sweep);
  for (int i = 1; i <= 3; ++i) {
    const auto commands = beat(own);
    ASSERT_EQ(type_of(commands), "run");
    EXPECT_EQ(json::to_text(*commands[0].get("args")),
              "{\"a\":{\"value\":" + std::to_string(i) + "}}");
    const auto name = run_of(commands);
    EXPECT_EQ(run(name).state, store::RunState::kPending);
    EXPECT_EQ(run(name).sweep, sweep.name);
    EXPECT_EQ(now(sweep).state, store::SweepState::kRunning);
    EXPECT_THAT(beat(own, {name}), IsEmpty());
    begin(sweep, name);
    EXPECT_THAT(beat(own, {name}), IsEmpty());
    end(name, i == 2 ? 0.5 : 4);
  }
  EXPECT_EQ(now(sweep).state, store::SweepState::kFinished);  // though no agent said so
  EXPECT_EQ(now(sweep).best_loss, 0.5);
  EXPECT_EQ(type_of(beat(own)), "exit");
}

TEST_F(SweepsTest, ManyAgentsShareOneGrid) {
  const auto sweep = make(kGrid);
  std::set<std::string> args;
  for (int i = 0; i < 3; ++i) {
    const auto commands = beat(agent(sweep));
    ASSERT_EQ(type_of(commands), "run");
    begin(sweep, run_of(commands));
    args.insert(json::to_text(*commands[0].get("args")));
  }
  EXPECT_EQ(args.size(), 3u);
  EXPECT_EQ(type_of(beat(agent(sweep))), "exit");
  EXPECT_EQ(now(sweep).state, store::SweepState::kRunning);
}

TEST_F(SweepsTest, RunCapIsTheEnd) {
  const auto sweep = make("{method: random, run_cap: 1, parameters: {a: {min: 0.0, max: 1.0}}}");
  const auto own = agent(sweep);
  const auto name = run_of(beat(own));
  begin(sweep, name);
  end(name, 1, 1);  // a failed run counts, too
  EXPECT_EQ(type_of(beat(own)), "exit");
  EXPECT_EQ(now(sweep).state, store::SweepState::kFinished);
}

TEST_F(SweepsTest, ATargetThatIsReachedIsTheEnd) {
  const auto sweep = make(
      "{method: random, metric: {name: loss, target: 0.1}, parameters: {a: {min: 0.0, max: 1.0}}}");
  const auto own = agent(sweep);
  auto name = run_of(beat(own));
  begin(sweep, name);
  end(name, 0.2);
  name = run_of(beat(own));
  begin(sweep, name);
  end(name, 0.05);
  EXPECT_EQ(type_of(beat(own)), "exit");
}

TEST_F(SweepsTest, PauseResumeStopCancel) {
  const auto sweep = make(kGrid);
  const auto own = agent(sweep);
  set_state(sweep, "PAUSED");
  EXPECT_THAT(beat(own), IsEmpty());
  set_state(sweep, "RUNNING");
  const auto name = run_of(beat(own));
  begin(sweep, name);
  set_state(sweep, "FINISHED");
  EXPECT_THAT(beat(own, {name}), IsEmpty());
  set_state(sweep, "canceled");
  const auto commands = beat(own, {name});
  EXPECT_EQ(type_of(commands), "stop");
  EXPECT_EQ(run_of(commands), name);
  EXPECT_EQ(type_of(beat(own)), "exit");
  EXPECT_EQ(run(name).state, store::RunState::kKilled);
}

TEST_F(SweepsTest, ALostCommandIsSentAgainAndANewServerKnowsIt) {
  const auto sweep = make(kGrid);
  const auto own = agent(sweep);
  const auto first = beat(own);
  open();  // as after a restart
  const auto second = beat(own);
  EXPECT_EQ(run_of(first), run_of(second));
  EXPECT_EQ(first[0].get("args")->get("a")->get("value")->int_or(0), 1);
}

TEST_F(SweepsTest, WhatADeadAgentDidNotBeginGoesToAnother) {
  const auto sweep = make(kGrid);
  const auto dead = agent(sweep);
  const auto lost = run_of(beat(dead));
  clock_.advance_secs(200);
  EXPECT_EQ(run_of(beat(agent(sweep))), lost);
}

TEST_F(SweepsTest, HyperbandEndsTheWorstRuns) {
  const auto sweep = make(
      "{method: random, metric: {name: loss}, parameters: {a: {min: 0.0, max: 1.0}}, "
      "early_terminate: {type: hyperband, min_iter: 2, eta: 2}}");
  const auto good_agent = agent(sweep), bad_agent = agent(sweep);
  const auto good = run_of(beat(good_agent)), bad = run_of(beat(bad_agent));
  begin(sweep, good);
  begin(sweep, bad);
  log(good, 0, 2, 0.1);
  log(bad, 0, 1, 0.9);
  EXPECT_THAT(beat(bad_agent, {bad}), IsEmpty());  // it is not there yet
  log(bad, 1, 1, 0.8);
  EXPECT_EQ(type_of(beat(bad_agent, {bad})), "stop");
  EXPECT_THAT(beat(good_agent, {good}), IsEmpty());
  end(bad, 0.8, 1);
  EXPECT_EQ(type_of(beat(bad_agent)), "run");
  EXPECT_EQ(run(bad).state, store::RunState::kKilled);
}

TEST_F(SweepsTest, BayesLearnsFromRunsAndTakesThoseWithoutAValue) {
  const auto sweep =
      make("{method: bayes, metric: {name: loss}, parameters: {a: {min: 0.0, max: 1.0}}}");
  const auto own = agent(sweep);
  double best = 9;
  for (int i = 0; i < 20; ++i) {
    const auto commands = beat(own);
    ASSERT_EQ(type_of(commands), "run");
    const double a = commands[0].get("args")->get("a")->get("value")->number_or(-1);
    begin(sweep, run_of(commands));
    if (a > 0.7) {  // where it always fails, with nothing to learn from but that
      end(run_of(commands), NAN, 1);
      continue;
    }
    best = std::min(best, std::abs(a - 0.3));
    end(run_of(commands), (a - 0.3) * (a - 0.3));
  }
  EXPECT_LT(best, 0.01);
  EXPECT_LT(*now(sweep).best_loss, 1e-4);
}

TEST_F(SweepsTest, PriorRunsBecomeRunsOfTheSweep) {
  ingest::UpsertRun input;
  input.entity = "alice";
  input.project = "p";
  input.name = "old";
  input.config_json = "{\"a\":{\"value\":2}}";
  ASSERT_TRUE(ingest_->upsert_run(input));
  end("old", 0.25);
  const auto made = try_make(kGrid, R"({"$or":[{"name":"old"}]})");
  ASSERT_TRUE(made);
  EXPECT_THAT(made->warnings, IsEmpty());
  EXPECT_EQ(run("old").sweep, made->sweep.name);
  EXPECT_EQ(run("old").state, store::RunState::kFinished);
  const auto own = agent(made->sweep);
  std::vector<std::string> args;
  for (int i = 0; i < 2; ++i) {
    const auto commands = beat(own);
    args.push_back(json::to_text(*commands[0].get("args")->get("a")->get("value")));
    begin(made->sweep, run_of(commands));
    end(run_of(commands), 1);
  }
  EXPECT_THAT(args, testing::ElementsAre("1", "3"));
  EXPECT_EQ(now(made->sweep).best_loss, 0.25);
}

TEST_F(SweepsTest, AConfigStaysOnceRunsWereGivenOut) {
  const auto sweep = make(kGrid);
  UpsertSweep input;
  input.id = sweep.id;
  input.config_yaml = "{method: grid, parameters: {a: {values: [7]}}}";
  const auto changed = sweeps_->upsert(input);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->sweep.runs_expected, 1);
  beat(agent(sweep));
  EXPECT_TRUE(sweeps_->upsert(input));  // the same again
  input.config_yaml = kGrid;
  EXPECT_EQ(sweeps_->upsert(input).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(SweepsTest, BadInputSaysWhatIsWrong) {
  EXPECT_THAT(try_make("{method: random, parameters: {a: {min: 2, max: 1}}}").error().message,
              HasSubstr("parameters.a: min 2 is greater than max 1"));
  UpsertSweep input;
  input.entity = "nobody";
  input.project = "p";
  input.config_yaml = kGrid;
  EXPECT_EQ(sweeps_->upsert(input).error().code, ErrorCode::kNotFound);
  input.entity = "alice";
  input.project = "a/b";
  EXPECT_EQ(sweeps_->upsert(input).error().code, ErrorCode::kInvalidArgument);
  input.project = "p";
  input.state = "sleeping";
  EXPECT_THAT(sweeps_->upsert(input).error().message, HasSubstr("unknown sweep state"));
}

TEST_F(SweepsTest, ADeletedSweepIsNotFoundByItsAgents) {
  const auto sweep = make(kGrid);
  const auto own = agent(sweep);
  ASSERT_TRUE(sweeps_->remove(sweep.id));
  EXPECT_EQ(sweeps_->heartbeat(own, "{}").error().code, ErrorCode::kNotFound);
}

TEST_F(SweepsTest, ALocalControllerPicksTheRuns) {
  const auto sweep = make("{method: custom, controller: {type: local}}");
  const auto own = agent(sweep);
  EXPECT_THAT(beat(own), IsEmpty());
  UpsertSweep input;
  input.id = sweep.id;
  input.controller_json = R"({"schedule":[{"id":"s1","data":{"args":{"a":{"value":5}}}}]})";
  ASSERT_TRUE(sweeps_->upsert(input));
  const auto commands = beat(own);
  ASSERT_EQ(type_of(commands), "run");
  EXPECT_THAT(now(sweep).scheduler_json, HasSubstr(run_of(commands)));
  begin(sweep, run_of(commands));
  input.controller_json = R"({"earlystop":[")" + run_of(commands) + R"("]})";
  ASSERT_TRUE(sweeps_->upsert(input));
  EXPECT_EQ(type_of(beat(own, {run_of(commands)})), "stop");
  input.controller_json = R"({"schedule":[{"id":"s2","data":{"args":null}}]})";
  ASSERT_TRUE(sweeps_->upsert(input));
  EXPECT_EQ(type_of(beat(own)), "exit");
}

}  // namespace
}  // namespace runstone::sweeps
