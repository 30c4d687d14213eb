// The states of a run, upserts, files, deletion.
#include "ingest/ingest_fixture.h"

namespace runstone::ingest {
namespace {

using store::RunState;
using testing::ElementsAre;
using testing::IsEmpty;

using RunsTest = IngestFixture;

TEST_F(RunsTest, AnUnknownProjectAndMissingNamesAreMade) {
  UpsertRun input;
  input.default_entity = "alice";
  const auto made = ingest_->upsert_run(input);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->inserted);
  EXPECT_EQ(made->run.project_name, "uncategorized");
  EXPECT_EQ(made->run.name.size(), 8u);
  EXPECT_THAT(made->run.display_name, testing::EndsWith("-1"));
  EXPECT_EQ(made->run.state, RunState::kRunning);
  input.entity = "nobody";
  EXPECT_EQ(ingest_->upsert_run(input).error().code, ErrorCode::kNotFound);
}

TEST_F(RunsTest, TheSameNameIsTheSameRun) {
  const auto again = upsert("r1");
  EXPECT_FALSE(again.inserted);
  EXPECT_EQ(again.run.id, run_);
}

TEST_F(RunsTest, WhatIsNotSetStays) {
  UpsertRun input;
  input.id = run_;
  input.config_json = R"({"lr":{"value":0.1}})";
  input.tags = {"a"};
  input.notes = "n";
  ASSERT_TRUE(ingest_->upsert_run(input));
  input = {};
  input.id = run_;
  input.display_name = "shown";
  auto run = ingest_->upsert_run(input)->run;
  EXPECT_EQ(run.config_json, R"({"lr":{"value":0.1}})");
  EXPECT_THAT(run.tags, ElementsAre("a"));
  EXPECT_EQ(run.notes, "n");
  EXPECT_EQ(run.display_name, "shown");
  input.tags = std::vector<std::string>{};
  input.config_json = "{}";
  run = ingest_->upsert_run(input)->run;
  EXPECT_THAT(run.tags, IsEmpty());
  EXPECT_EQ(run.config_json, "{}");
}

TEST_F(RunsTest, RefusesWhatIsNoConfigNameOrState) {
  UpsertRun input;
  input.id = run_;
  for (const char* config : {"", "[]", "{", "1", "null"}) {
    input.config_json = config;
    EXPECT_EQ(ingest_->upsert_run(input).error().code, ErrorCode::kInvalidArgument) << config;
  }
  input = {};
  input.entity = "alice";
  for (const std::string& name : {std::string(""), std::string("a/b"), std::string(".."),
                                  std::string("x\n"), std::string(500, 'x'), std::string("\xff")}) {
    input.name = name;
    EXPECT_EQ(ingest_->upsert_run(input).error().code, ErrorCode::kInvalidArgument) << name;
  }
  input.name = "ok";
  input.state = "sleeping";
  EXPECT_EQ(ingest_->upsert_run(input).error().code, ErrorCode::kInvalidArgument);
  input = {};
  input.id = store::RunId{999};
  EXPECT_EQ(ingest_->upsert_run(input).error().code, ErrorCode::kNotFound);
}

TEST_F(RunsTest, AnExitCodeEndsARun) {
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(info().state, RunState::kFinished);
  EXPECT_EQ(info().exit_code, 0);
  EXPECT_TRUE(info().finished_at_us);
  upsert("r1");
  EXPECT_EQ(info().state, RunState::kRunning);
  EXPECT_FALSE(info().exit_code || info().finished_at_us);
  ASSERT_TRUE(complete(3));
  EXPECT_EQ(info().state, RunState::kFailed);
  EXPECT_EQ(info().exit_code, 3);
}

TEST_F(RunsTest, WhatEndedStaysSoOnALateRequest) {
  ASSERT_TRUE(complete(3));
  clock_.advance_secs(5);
  ASSERT_TRUE(heartbeat());
  ASSERT_TRUE(send_history(0, rows(0, 1)));
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(info().state, RunState::kFailed);
  EXPECT_EQ(info().exit_code, 3);
  EXPECT_EQ(info().history_lines, 1);
  UpsertRun input;
  input.id = run_;
  input.notes = "afterwards";
  ASSERT_TRUE(ingest_->upsert_run(input));
  EXPECT_EQ(info().state, RunState::kFailed);
}

TEST_F(RunsTest, AStopIsToldToTheWriterAndMakesItsEndKilled) {
  EXPECT_FALSE(heartbeat()->stopped);
  ASSERT_TRUE(ingest_->request_stop(run_));
  EXPECT_TRUE(heartbeat()->stopped);
  ASSERT_TRUE(complete(255));
  EXPECT_EQ(info().state, RunState::kKilled);
  upsert("r1");
  EXPECT_FALSE(heartbeat()->stopped);
}

TEST_F(RunsTest, PreemptingThenAnErrorIsPreempted) {
  protocol::FileStreamBody body;
  body.preempting = true;
  ASSERT_TRUE(send(body));
  EXPECT_EQ(info().state, RunState::kPreempting);
  ASSERT_TRUE(heartbeat());
  EXPECT_EQ(info().state, RunState::kPreempting);
  ASSERT_TRUE(complete(1));
  EXPECT_EQ(info().state, RunState::kPreempted);
}

TEST_F(RunsTest, AConfigSentByNameKeepsARunPreemptingAndANewStartDoesNot) {
  protocol::FileStreamBody body;
  body.preempting = true;
  ASSERT_TRUE(send(std::move(body)));
  EXPECT_EQ(upsert("r1").run.state, store::RunState::kPreempting);
  UpsertRun start;
  start.entity = "alice";
  start.project = "p";
  start.name = "r1";
  start.host = "another";
  EXPECT_EQ(ingest_->upsert_run(start)->run.state, store::RunState::kRunning);
}

TEST_F(RunsTest, SilenceCrashesARunAndTheNextRequestUndoesIt) {
  clock_.advance_secs(80);
  ASSERT_TRUE(heartbeat());
  const auto last_heard = info().heartbeat_at_us;
  clock_.advance_secs(89);
  ASSERT_TRUE(ingest_->check_silence());
  EXPECT_EQ(info().state, RunState::kRunning);
  clock_.advance_secs(2);
  ASSERT_TRUE(ingest_->check_silence());
  EXPECT_EQ(info().state, RunState::kCrashed);
  EXPECT_EQ(info().finished_at_us, last_heard);
  ASSERT_TRUE(heartbeat());
  EXPECT_EQ(info().state, RunState::kRunning);
  EXPECT_FALSE(info().finished_at_us);
}

TEST_F(RunsTest, SilenceCountsFromTheServersStart) {
  clock_.advance_secs(1000);
  restart();
  ASSERT_TRUE(ingest_->check_silence());
  clock_.advance_secs(80);
  ASSERT_TRUE(ingest_->check_silence());
  EXPECT_EQ(info().state, RunState::kRunning);
  clock_.advance_secs(11);
  ASSERT_TRUE(ingest_->check_silence());
  EXPECT_EQ(info().state, RunState::kCrashed);
}

TEST_F(RunsTest, SilenceNeitherEndsAFinishedNorAPendingRun) {
  ASSERT_TRUE(complete(0));
  UpsertRun pending;
  pending.entity = "alice";
  pending.project = "p";
  pending.name = "waits";
  pending.state = "pending";
  const auto made = ingest_->upsert_run(pending);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->run.state, RunState::kPending);
  clock_.advance_secs(500);
  ASSERT_TRUE(ingest_->check_silence());
  EXPECT_EQ(info().state, RunState::kFinished);
  EXPECT_EQ(memory_->get_run(made->run.id)->state, RunState::kPending);
}

TEST_F(RunsTest, APersonMaySetSomeStatesOnly) {
  using store::RunState;
  ASSERT_TRUE(ingest_->set_state(run_, "failed"));
  EXPECT_EQ(info().state, RunState::kFailed);
  EXPECT_TRUE(info().finished_at_us);
  ASSERT_TRUE(ingest_->set_state(run_, "pending"));
  EXPECT_EQ(info().state, RunState::kPending);
  EXPECT_FALSE(info().finished_at_us);
  EXPECT_EQ(ingest_->set_state(run_, "finished").error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(ingest_->set_state(run_, "asleep").error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(heartbeat());
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(ingest_->set_state(run_, "pending").error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(info().state, RunState::kFinished);
}

TEST_F(RunsTest, SyncMayEndARunAsCrashed) {
  UpsertRun input;
  input.entity = "alice";
  input.project = "p";
  input.name = "r1";
  input.state = "crashed";
  ASSERT_TRUE(ingest_->upsert_run(input));
  EXPECT_EQ(info().state, RunState::kCrashed);
  EXPECT_TRUE(info().finished_at_us);
}

TEST_F(RunsTest, FilesAreAnnouncedThenStored) {
  const auto files = ingest_->create_files(run_, {"b/c.txt", "a.json", "b"});
  ASSERT_TRUE(files);
  EXPECT_EQ(files->at(0).name, "b/c.txt");
  EXPECT_EQ(files->at(0).object_key, "");
  const auto stored =
      ingest_->store_file(run_, "b/c.txt", {{}, "content", 7, "md5==", "text/plain"});
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(*objects_->get(stored->object_key), "content");
  ASSERT_TRUE(ingest_->store_file(run_, "b", {{}, "beside b/", 9, "", ""}));
  for (const char* elsewhere : {"../../etc/passwd", "/etc/passwd", "a/../b", "a//b", ".", ""}) {
    EXPECT_FALSE(ingest_->store_file(run_, elsewhere, {{}, "not kept", 8, "", ""})) << elsewhere;
    EXPECT_FALSE(ingest_->create_files(run_, {elsewhere})) << elsewhere;
  }
  EXPECT_EQ(memory_->files(run_)->size(), 3u);
  // Announced again: what is stored stays until the new content comes.
  EXPECT_EQ(ingest_->create_files(run_, {"b"})->at(0).size_bytes, 9);
  ASSERT_TRUE(ingest_->delete_file(run_, "b"));
  EXPECT_FALSE(memory_->file(run_, "b"));
}

TEST_F(RunsTest, DeletingFreesEveryRowAndObject) {
  ASSERT_TRUE(send_history(0, rows(0, 50)));
  ASSERT_TRUE(ingest_->store_file(run_, "f", {{}, "bytes", 5, "", ""}));
  ASSERT_TRUE(ingest_->delete_runs({run_}));
  EXPECT_THAT(*objects_->list(""), IsEmpty());
  EXPECT_THAT(*memory_->list_deleted_runs(), IsEmpty());
  EXPECT_EQ(heartbeat().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ingest_->delete_runs({run_}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ingest_->store_file(run_, "f", {{}, "x", 1, "", ""}).error().code,
            ErrorCode::kNotFound);
}

TEST_F(RunsTest, AWriterThatLivesOnDoesNotBringADeletedRunBack) {
  ASSERT_TRUE(ingest_->delete_runs({run_}));
  restart();  // the list of the deleted is in the store
  UpsertRun config;
  config.entity = "alice";
  config.project = "p";
  config.name = "r1";
  config.config_json = "{}";
  EXPECT_EQ(ingest_->upsert_run(config).error().code, ErrorCode::kNotFound);
  config.host = "here";  // a new start
  EXPECT_TRUE(ingest_->upsert_run(config)->inserted);
}

TEST_F(RunsTest, ADeletionThatACrashCutShortEndsAtTheNextStart) {
  ASSERT_TRUE(ingest_->store_file(run_, "f", {{}, "bytes", 5, "", ""}));
  ASSERT_TRUE(memory_->delete_runs({{run_, "runs/" + std::to_string(store::to_number(run_))}}));
  restart();
  EXPECT_THAT(*objects_->list(""), IsEmpty());
  EXPECT_THAT(*memory_->list_deleted_runs(), IsEmpty());
}

}  // namespace
}  // namespace runstone::ingest
