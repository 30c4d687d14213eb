// Rewinding and forking.
#include "ingest/branch_point.h"
#include "ingest/ingest_fixture.h"

namespace runstone::ingest {
namespace {

class Branch : public IngestFixture {
 protected:
  Result<UpsertedRun> fork(const std::string& name, const std::string& from, std::int64_t step) {
    UpsertRun input;
    input.entity = "alice";
    input.project = "p";
    input.name = name;
    input.config_json = R"({"_wandb":{"value":{"branch_point":{"run_id":")" + from +
                        R"(","step":)" + std::to_string(step) + "}}}}";
    return ingest_->upsert_run(input);
  }
  /// Steps of a run's history as readers see it.
  std::vector<std::int64_t> steps(store::RunId run) {
    std::vector<std::int64_t> all;
    run_ = run;
    for (const auto& [number, text] : lines()) {
      all.push_back(json::parse(text)->get("_step")->int_or(-1));
    }
    std::sort(all.begin(), all.end());
    return all;
  }
};

std::vector<std::int64_t> up_to(std::int64_t last) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i <= last; ++i) all.push_back(i);
  return all;
}

TEST(BranchPoint, IsReadFromAConfig) {
  const auto found = branch_point_of(
      R"({"lr":{"value":1},"_wandb":{"value":{"branch_point":{"run_id":"r1","step":7}}}})");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->run, "r1");
  EXPECT_EQ(found->step, 7);
  EXPECT_TRUE(
      branch_point_of(R"({"_wandb":{"value":{"branch_point":{"run_id":"r1","step":7.0}}}})"));
  for (const char* none :
       {"{}", R"({"branch_point":{"value":1}})", R"({"_wandb":{"value":{"branch_point":null}}})",
        R"({"_wandb":{"value":{"branch_point":{"run_id":"r1"}}}})",
        R"({"_wandb":{"value":{"branch_point":{"run_id":3,"step":1}}}})",
        R"({"_wandb":{"value":{"branch_point":{"run_id":"r","step":-1}}}})"}) {
    EXPECT_FALSE(branch_point_of(none)) << none;
  }
}

TEST_F(Branch, AForkBeginsWithTheOtherRunsHistory) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  ASSERT_TRUE(ingest_->compact(true));
  ASSERT_TRUE(send_history(10, rows(10, 10)));  // some in a part, some in the tail
  const auto made = fork("child", "r1", 14);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->run.fork_of, run_);
  EXPECT_EQ(made->run.fork_step, 14);
  EXPECT_EQ(made->run.last_step, 14);
  EXPECT_EQ(made->run.history_lines, 0) << "its writer numbers its lines from zero";
  EXPECT_EQ(steps(made->run.id), up_to(14));
  EXPECT_EQ(key_count("loss"), 15);

  protocol::FileStreamBody body;
  body.history = make_lines(0, rows(15, 3));
  ASSERT_TRUE(send(std::move(body), "child"));
  EXPECT_EQ(steps(made->run.id), up_to(17));
  ASSERT_TRUE(ingest_->compact(true));
  EXPECT_EQ(steps(made->run.id), up_to(17));
  restart();
  EXPECT_EQ(steps(made->run.id), up_to(17));
  EXPECT_EQ(key_count("loss"), 18);
}

TEST_F(Branch, AForkKeepsItsHistoryWhenTheOtherRunIsRewoundOrDeleted) {
  ASSERT_TRUE(send_history(0, rows(0, 20)));
  const auto made = *fork("child", "r1", 12);
  const auto parent = run_;
  ASSERT_TRUE(ingest_->rewind_run(parent, 3));
  EXPECT_EQ(steps(made.run.id), up_to(12));
  ASSERT_TRUE(ingest_->delete_runs({parent}));
  EXPECT_EQ(steps(made.run.id), up_to(12));
  // Its writer sends its config again, with the same branch point.
  EXPECT_TRUE(fork("child", "r1", 12));
  EXPECT_EQ(steps(made.run.id), up_to(12));
}

TEST_F(Branch, AForkOfAForkHasBothHistories) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  ASSERT_TRUE(fork("child", "r1", 5));
  protocol::FileStreamBody body;
  body.history = make_lines(0, rows(6, 10));
  ASSERT_TRUE(send(std::move(body), "child"));
  const auto grandchild = *fork("grandchild", "child", 9);
  EXPECT_EQ(steps(grandchild.run.id), up_to(9));
}

TEST_F(Branch, AForkOfWhatIsNotThereSaysSoAndLeavesNothing) {
  const auto made = fork("child", "missing", 3);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(made.error().message, testing::HasSubstr("missing"));
  EXPECT_FALSE(memory_->find_run("alice", "p", "child"));
}

TEST_F(Branch, AFailedCopyIsMadeUpForByTheRetry) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  failing_.fail_commit(1, FailingStore::When::kBefore);
  EXPECT_FALSE(fork("child", "r1", 5));
  const auto again = fork("child", "r1", 5);
  ASSERT_TRUE(again);
  EXPECT_EQ(steps(again->run.id), up_to(5));
}

TEST_F(Branch, RewindingCutsTheHistoryAfterTheStep) {
  options_.compact_values = 6;
  restart();
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  ASSERT_TRUE(ingest_->compact(true));
  ASSERT_TRUE(send_history(10, rows(10, 10)));
  ASSERT_TRUE(ingest_->compact(true));
  ASSERT_TRUE(send_history(20, rows(20, 10)));
  ASSERT_TRUE(send_console(0, {"one", "two"}));
  ASSERT_TRUE(complete(0));
  for (const std::int64_t step : {24, 13, 9, 4}) {
    const auto rewound = ingest_->rewind_run(run_, step);
    ASSERT_TRUE(rewound) << rewound.error().message;
    EXPECT_EQ(rewound->history_lines, step + 1);
    EXPECT_EQ(rewound->last_step, step);
    EXPECT_EQ(rewound->state, store::RunState::kRunning);
    EXPECT_EQ(rewound->console_lines, 0);
    EXPECT_EQ(steps(run_), up_to(step));
    EXPECT_EQ(key_count("loss"), step + 1);
  }
  // The writer goes on where it was cut.
  ASSERT_TRUE(send_history(5, rows(5, 3, 0.25)));
  EXPECT_EQ(steps(run_), up_to(7));
  restart();
  EXPECT_EQ(steps(run_), up_to(7));
}

TEST_F(Branch, RewindingForgetsKeysThatOnlyCameLater) {
  ASSERT_TRUE(send_history(0, {R"({"_step":0,"loss":1})", R"({"_step":1,"late":1})"}));
  ASSERT_TRUE(ingest_->rewind_run(run_, 0));
  EXPECT_EQ(key_count("late"), 0);
  const auto keys = *memory_->keys(run_);
  for (const auto& key : keys) EXPECT_NE(key.name, "late");
}

TEST_F(Branch, TheSummaryOfARewoundRunIsThatOfItsRows) {
  ASSERT_TRUE(send_history(0, {R"({"_step":0,"loss":3,"acc":1})", R"({"_step":1,"loss":2})",
                               R"({"_step":2,"loss":1,"late":1})"}));
  protocol::FileStreamBody body;
  body.summary = R"({"loss":{"min":1},"acc":1,"late":1,"_step":2,"by_hand":"x"})";
  ASSERT_TRUE(send(std::move(body), "r1"));
  const auto rewound = ingest_->rewind_run(run_, 1);
  ASSERT_TRUE(rewound);
  EXPECT_EQ(*json::parse(rewound->summary_json),
            *json::parse(R"({"loss":{"min":2},"acc":1,"_step":1,"by_hand":"x"})"));
  // The writer begins with an empty summary, which takes nothing away.
  protocol::FileStreamBody more;
  more.summary = R"({"loss":{"min":0.5},"_step":2})";
  ASSERT_TRUE(send(std::move(more), "r1"));
  EXPECT_EQ(*json::parse(memory_->get_run(run_)->summary_json),
            *json::parse(R"({"loss":{"min":0.5},"acc":1,"_step":1,"by_hand":"x"})"));
}

TEST_F(Branch, AForkHasTheSummaryOfItsRowsAndTheConfigBelowItsOwn) {
  UpsertRun parent;
  parent.entity = "alice";
  parent.project = "p";
  parent.name = "r1";
  parent.config_json =
      R"({"lr":{"value":1},"old":{"value":2},"_wandb":{"value":{"m":[{"1":"loss"}],"e":{"w":{}}}}})";
  ASSERT_TRUE(ingest_->upsert_run(parent));
  ASSERT_TRUE(send_history(0, {R"({"_step":0,"loss":3})", R"({"_step":1,"loss":2})"}));
  protocol::FileStreamBody body;
  body.summary = R"({"loss":2,"by_hand":"x"})";
  ASSERT_TRUE(send(std::move(body), "r1"));

  UpsertRun input;
  input.entity = "alice";
  input.project = "p";
  input.name = "child";
  input.config_json =
      R"({"lr":{"value":9},"_wandb":{"value":{"branch_point":{"run_id":"r1","step":0}}}})";
  const auto child = ingest_->upsert_run(input);
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ(*json::parse(child->run.summary_json), *json::parse(R"({"loss":3,"by_hand":"x"})"));
  const std::string config =
      R"({"lr":{"value":9},"old":{"value":2},)"
      R"("_wandb":{"value":{"m":[{"1":"loss"}],"branch_point":{"run_id":"r1","step":0}}}})";
  EXPECT_EQ(*json::parse(child->run.config_json), *json::parse(config));
  // Its writer sends its own config again, and more of it.
  input.config_json =
      R"({"lr":{"value":9},"new":{"value":3},"_wandb":{"value":{"branch_point":{"run_id":"r1","step":0}}}})";
  const auto again = ingest_->upsert_run(input);
  ASSERT_TRUE(again);
  const auto stored = *json::parse(again->run.config_json);
  EXPECT_TRUE(stored.get("old") != nullptr && stored.get("new") != nullptr);
}

TEST_F(Branch, ARewindThatFailsChangesNothing) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  failing_.fail_commit(1, FailingStore::When::kBefore);
  EXPECT_FALSE(ingest_->rewind_run(run_, 4));
  EXPECT_EQ(steps(run_), up_to(9));
  EXPECT_EQ(info().history_lines, 10);
  ASSERT_TRUE(ingest_->rewind_run(run_, 4));
  EXPECT_EQ(steps(run_), up_to(4));
}

TEST_F(Branch, AForkThatIsRewoundStaysAForkOfTheOtherRun) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  const auto child = fork("child", "r1", 6);
  ASSERT_TRUE(child);
  const auto rewound = ingest_->rewind_run(child->run.id, 3);
  ASSERT_TRUE(rewound);
  EXPECT_EQ(rewound->fork_of, child->run.fork_of);
  EXPECT_EQ(rewound->last_step, 3);
  EXPECT_EQ(steps(child->run.id), up_to(3));
}

TEST_F(Branch, ALineThatWasReplacedDoesNotComeBackByARewind) {
  ASSERT_TRUE(send_history(0, rows(0, 4)));
  ASSERT_TRUE(ingest_->compact(true));
  ASSERT_TRUE(send_history(1, {row(50, 0.9)}));  // in the tail, over line 1 of the part
  ASSERT_TRUE(ingest_->rewind_run(run_, 10));
  EXPECT_EQ(steps(run_), (std::vector<std::int64_t>{0, 2, 3}));
}

}  // namespace
}  // namespace runstone::ingest
