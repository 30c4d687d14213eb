// Lines on their way in: retries, replacements, gaps, many writers, failing commits.
#include <thread>

#include "ingest/ingest_fixture.h"

namespace runstone::ingest {
namespace {

using testing::ElementsAre;
using testing::Pair;

using AppendTest = IngestFixture;

TEST_F(AppendTest, LinesAreThereWhenAppendReturns) {
  ASSERT_TRUE(send_history(0, rows(0, 3)));
  ASSERT_TRUE(send_history(3, rows(3, 2)));
  EXPECT_EQ(losses().size(), 5u);
  EXPECT_EQ(info().history_lines, 5);
  EXPECT_EQ(info().last_step, 4);
  EXPECT_EQ(info().gaps, 0);
}

TEST_F(AppendTest, ARunThatIsNotThereIsNotFound) {
  const auto answer = send({}, "nobody");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
}

TEST_F(AppendTest, TheSameLinesAgainChangeNothing) {
  ASSERT_TRUE(send_history(0, rows(0, 4)));
  ASSERT_TRUE(send_history(0, rows(0, 4)));
  ASSERT_TRUE(send_history(2, rows(2, 2)));
  EXPECT_EQ(losses().size(), 4u);
  EXPECT_EQ(info().history_lines, 4);
  EXPECT_EQ(memory_->tail_index(run_, store::Stream::kHistory)->size(), 1u);
  EXPECT_EQ(ingest_->counts().retried_lines, 6);
}

TEST_F(AppendTest, ARetryMayCarryNewLinesBehindTheOldOnes) {
  ASSERT_TRUE(send_history(0, rows(0, 4)));
  ASSERT_TRUE(send_history(2, rows(2, 5)));
  EXPECT_EQ(losses().size(), 7u);
  EXPECT_EQ(info().history_lines, 7);
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(key_count("loss"), 7);
}

TEST_F(AppendTest, OtherLinesAtTheSameNumbersReplaceThem) {
  ASSERT_TRUE(send_history(0, rows(0, 3, 1.0)));
  ASSERT_TRUE(send_history(3, rows(3, 3, 1.0)));
  ASSERT_TRUE(send_history(2, rows(2, 2, 9.0)));
  EXPECT_THAT(losses(),
              ElementsAre(Pair(0, 1), Pair(1, 1), Pair(2, 9), Pair(3, 9), Pair(4, 1), Pair(5, 1)));
  EXPECT_EQ(info().history_lines, 6);
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(key_count("loss"), 6);
}

TEST_F(AppendTest, AKeyThatWasReplacedIsNotCountedAnyMore) {
  ASSERT_TRUE(send_history(0, {R"({"_step":0,"old":1})", R"({"_step":1,"old":1})"}));
  ASSERT_TRUE(send_history(1, {R"({"_step":1,"new":"x"})"}));
  EXPECT_EQ(key_count("old"), 1);
  EXPECT_EQ(key_count("new"), 1);
}

TEST_F(AppendTest, AGapIsTakenAndCountedAndMayBeFilledLater) {
  ASSERT_TRUE(send_history(0, rows(0, 2)));
  ASSERT_TRUE(send_history(5, rows(5, 2)));
  EXPECT_EQ(info().gaps, 3);
  EXPECT_EQ(info().history_lines, 7);
  EXPECT_EQ(losses().size(), 4u);
  ASSERT_TRUE(send_history(1, rows(1, 5)));
  EXPECT_EQ(losses().size(), 7u);
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(key_count("loss"), 7);
}

TEST_F(AppendTest, AConsoleLineMayChange) {
  ASSERT_TRUE(send_console(0, {"10%", "x"}));
  ASSERT_TRUE(send_console(0, {"20%"}));
  ASSERT_TRUE(send_console(1, {"y\nz", "new"}));
  EXPECT_THAT(lines(store::Stream::kConsole),
              ElementsAre(Pair(0, "20%"), Pair(1, "y\nz"), Pair(2, "new")));
  EXPECT_EQ(info().console_lines, 3);
}

TEST_F(AppendTest, TheSummaryReplaces) {
  protocol::FileStreamBody body;
  body.summary = R"({"loss":NaN,"old":1})";
  ASSERT_TRUE(send(body));
  body.summary = R"({"loss":Infinity})";
  ASSERT_TRUE(send(body));
  EXPECT_EQ(info().summary_json, R"({"loss":Infinity})");
}

TEST_F(AppendTest, ABrokenLineIsKeptAndCounted) {
  ASSERT_TRUE(send_history(0, {R"({"_step":0,"a":1})", "not json", "[1]", R"({"_step":3,"a":)"}));
  EXPECT_EQ(lines().at(1), "not json");
  EXPECT_EQ(info().history_lines, 4);
  EXPECT_EQ(ingest_->counts().bad_lines, 3);
}

TEST_F(AppendTest, KnowsEachKeyAndItsTypes) {
  ASSERT_TRUE(send_history(
      0, {R"({"_step":7,"n":1.5,"nan":NaN,"inf":-Infinity,"text":"x","special":"NaN","flag":true,)"
          R"("none":null,"list":[1,{"a":2}],"a.b":1,"nest":{"x":1,"y.z":{"deep":"t"}},"empty":{},)"
          R"("img":{"_type":"image-file","path":"p"},"esc\"aped\u00e9":2})"}));
  std::map<std::string, std::string> types;
  const auto keys = memory_->keys(run_);
  for (const auto& key : *keys) {
    types[key.name] = key.type_name();
    EXPECT_EQ(key.last_step, 7);
  }
  const std::map<std::string, std::string> want = {{"_step", "number"},
                                                   {"n", "number"},
                                                   {"nan", "number"},
                                                   {"inf", "number"},
                                                   {"text", "string"},
                                                   {"special", "number"},
                                                   {"flag", "bool"},
                                                   {"none", "other"},
                                                   {"list", "other"},
                                                   {"a\\.b", "number"},
                                                   {"nest.x", "number"},
                                                   {"empty", "other"},
                                                   {"nest.y\\.z.deep", "string"},
                                                   {"img", "media"},
                                                   {"esc\"aped\xc3\xa9", "number"}};
  EXPECT_EQ(types, want);
}

TEST_F(AppendTest, KeyCountsSurviveARestartExactly) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  ASSERT_TRUE(send_history(10, rows(10, 7)));  // not yet written as counts
  EXPECT_EQ(key_count("loss"), 10);
  restart();
  ASSERT_TRUE(send_history(17, rows(17, 3)));
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(key_count("loss"), 20);
}

TEST_F(AppendTest, ManyWritersAtOnceLoseAndDoubleNothing) {
  constexpr int kWriters = 8, kBodies = 25;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) upsert("w" + std::to_string(writer));
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int body = 0; body < kBodies; ++body) {
        protocol::FileStreamBody sent;
        sent.history = make_lines(body * 4, rows(body * 4, 4));
        EXPECT_TRUE(send(sent, "w" + std::to_string(writer)));
        if (body % 5 != 0) continue;
        EXPECT_TRUE(send(sent, "w" + std::to_string(writer)));  // a retry
      }
    });
  }
  for (auto& writer : writers) writer.join();
  for (int writer = 0; writer < kWriters; ++writer) {
    run_ = memory_->find_run("alice", "p", "w" + std::to_string(writer))->id;
    EXPECT_EQ(losses().size(), static_cast<std::size_t>(kBodies * 4));
    EXPECT_EQ(info().history_lines, kBodies * 4);
    EXPECT_EQ(info().gaps, 0);
  }
}

TEST_F(AppendTest, AFailedCommitIsAnErrorAndTheRetryMakesItWhole) {
  for (const auto when : {FailingStore::When::kBefore, FailingStore::When::kAfter}) {
    const std::int64_t offset = info().history_lines;
    failing_.fail_commit(1, when);
    EXPECT_FALSE(send_history(offset, rows(offset, 3, 2.0)));
    ASSERT_TRUE(send_history(offset, rows(offset, 3, 2.0)));
    ASSERT_TRUE(send_history(offset + 3, rows(offset + 3, 1)));
    EXPECT_EQ(info().history_lines, offset + 4);
    EXPECT_EQ(losses().size(), static_cast<std::size_t>(offset + 4));
    EXPECT_EQ(info().gaps, 0);
  }
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(key_count("loss"), 8);
}

TEST_F(AppendTest, AFailedCommitInAReplacementLeavesTheOldLines) {
  ASSERT_TRUE(send_history(0, rows(0, 4, 1.0)));
  failing_.fail_commit(1, FailingStore::When::kBefore);
  EXPECT_FALSE(send_history(1, rows(1, 2, 9.0)));
  EXPECT_THAT(losses(), ElementsAre(Pair(0, 1), Pair(1, 1), Pair(2, 1), Pair(3, 1)));
  ASSERT_TRUE(send_history(1, rows(1, 2, 9.0)));
  EXPECT_THAT(losses(), ElementsAre(Pair(0, 1), Pair(1, 9), Pair(2, 9), Pair(3, 1)));
}

TEST_F(AppendTest, MoreThanMayWaitIsRefused) {
  options_.queued_bytes_max = 10;
  restart();
  // One body always goes in, whatever its size; the bound is for what waits beside it.
  EXPECT_TRUE(send_history(0, rows(0, 100)));
}

TEST_F(AppendTest, SharedWritersAppendAndTheirRetriesAreKnown) {
  const auto shared = [&](const std::string& writer, const std::string& hash) {
    protocol::FileStreamBody body;
    body.history = make_lines(0, {row(0, 1), row(0, 2)});
    return wait_for(ingest_->append({{"alice", "p", "r1"}, body, true, writer, hash}));
  };
  ASSERT_TRUE(shared("a", "1"));
  ASSERT_TRUE(shared("b", "1"));
  ASSERT_TRUE(shared("a", "1"));
  std::vector<std::int64_t> steps;
  for (const auto& [number, text] : lines()) {
    steps.push_back(json::parse(text)->get("_step")->int_or(-1));
  }
  EXPECT_THAT(steps, ElementsAre(0, 1, 2, 3));
}

}  // namespace
}  // namespace runstone::ingest
