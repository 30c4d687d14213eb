// Shared mode: many writers, one run.
#include "ingest/ingest_fixture.h"

namespace runstone::ingest {
namespace {

class Shared : public IngestFixture {
 protected:
  Result<AppendAnswer> send_as(const std::string& writer, const std::string& hash,
                               protocol::FileStreamBody body) {
    return wait_for(ingest_->append({{"alice", "p", "r1"}, std::move(body), true, writer, hash}));
  }
  Result<AppendAnswer> send_rows(const std::string& writer, const std::string& hash,
                                 const std::vector<std::string>& texts) {
    protocol::FileStreamBody body;
    body.history = make_lines(0, texts);
    return send_as(writer, hash, std::move(body));
  }
  std::vector<std::int64_t> steps() {
    std::vector<std::int64_t> all;
    for (const auto& [number, text] : lines()) {
      all.push_back(json::parse(text)->get("_step")->int_or(-1));
    }
    return all;
  }
};

TEST_F(Shared, RowsOfManyWritersGetStepsInTheOrderTheyArrive) {
  ASSERT_TRUE(send_rows("a", "1", {row(0, 0.1), row(1, 0.2)}));
  ASSERT_TRUE(send_rows("b", "1", {row(0, 0.3)}));
  ASSERT_TRUE(send_rows("a", "2", {row(2, 0.4)}));
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(losses(), (std::map<std::int64_t, double>{{0, 0.1}, {1, 0.2}, {2, 0.3}, {3, 0.4}}));
}

TEST_F(Shared, ARetryAddsNothingAlsoAfterARestart) {
  ASSERT_TRUE(send_rows("a", "1", {row(0, 0.1)}));
  ASSERT_TRUE(send_rows("b", "1", {row(0, 0.2)}));
  ASSERT_TRUE(send_rows("a", "1", {row(0, 0.1)}));
  restart();
  ASSERT_TRUE(send_rows("b", "1", {row(0, 0.2)}));
  ASSERT_TRUE(send_rows("a", "1", {row(0, 0.1)}));
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(ingest_->counts().retried_lines, 2);
}

TEST_F(Shared, ABodyIsKnownOnlyIfItsLinesWereKept) {
  failing_.fail_commit(1, FailingStore::When::kBefore);
  EXPECT_FALSE(send_rows("a", "1", {row(0, 0.1)}));
  ASSERT_TRUE(send_rows("a", "1", {row(0, 0.1)}));
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{0}));
  failing_.fail_commit(1, FailingStore::When::kAfter);
  EXPECT_FALSE(send_rows("a", "2", {row(1, 0.2)}));
  ASSERT_TRUE(send_rows("a", "2", {row(1, 0.2)}));
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{0, 1}));
}

TEST_F(Shared, EqualHeartbeatsKeepTheRunAlive) {
  for (int i = 0; i < 4; ++i) {
    clock_.advance_secs(60);
    ASSERT_TRUE(send_as("a", "heartbeat", {}));
    ASSERT_TRUE(ingest_->check_silence());
    EXPECT_EQ(info().state, store::RunState::kRunning);
    EXPECT_EQ(info().heartbeat_at_us, clock_.now_us());
  }
}

TEST_F(Shared, SummariesOfAllWritersAreJoined) {
  protocol::FileStreamBody first;
  first.history = make_lines(0, rows(0, 5));
  first.summary = R"({"a":1,"both":1,"_step":4})";
  ASSERT_TRUE(send_as("a", "1", std::move(first)));
  protocol::FileStreamBody second;
  second.history = make_lines(0, rows(0, 2));
  second.summary = R"({"b":NaN,"both":2,"_step":1})";
  ASSERT_TRUE(send_as("b", "1", std::move(second)));
  const auto summary = json::parse(info().summary_json);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->get("a")->int_or(0), 1);
  EXPECT_EQ(summary->get("both")->int_or(0), 2);
  EXPECT_EQ(summary->get("_step")->int_or(0), 6);
  EXPECT_TRUE(summary->get("b") != nullptr);
}

TEST_F(Shared, ConfigsOfAllWritersAreJoined) {
  const auto upsert_as = [&](const std::string& config) {
    UpsertRun input;
    input.entity = "alice";
    input.project = "p";
    input.name = "r1";
    input.merge_config = true;
    input.config_json = config;
    return *ingest_->upsert_run(input);
  };
  upsert_as(R"({"a":{"value":1},"_wandb":{"value":{"e":{"w1":{"os":"x"}},"t":{"1":[1]}}}})");
  const auto run =
      upsert_as(R"({"b":{"value":2},"_wandb":{"value":{"e":{"w2":{"os":"y"}},"t":{"1":[2]}}}})")
          .run;
  EXPECT_EQ(*json::parse(run.config_json),
            *json::parse(R"({"a":{"value":1},"b":{"value":2},"_wandb":{"value":{)"
                         R"("e":{"w1":{"os":"x"},"w2":{"os":"y"}},"t":{"1":[2]}}}})"));
}

}  // namespace
}  // namespace runstone::ingest
