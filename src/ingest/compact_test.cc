// From tail to part: nothing is lost, doubled or changed, wherever it is cut short.
#include <cmath>
#include <set>

#include "ingest/ingest_fixture.h"

namespace runstone::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class CompactTest : public IngestFixture {
 protected:
  std::size_t part_count() { return memory_->parts(run_, store::Stream::kHistory)->size(); }
  std::size_t tail_count() { return memory_->tail_index(run_, store::Stream::kHistory)->size(); }
};

TEST_F(CompactTest, AFinishedRunBecomesOnePartInSql) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  ASSERT_TRUE(complete(0));
  ASSERT_TRUE(ingest_->compact());
  EXPECT_EQ(part_count(), 1u);
  EXPECT_EQ(tail_count(), 0u);
  EXPECT_THAT(losses(), SizeIs(10));
  EXPECT_THAT(*objects_->list(""), IsEmpty());
  const auto part = memory_->parts(run_, store::Stream::kHistory)->front();
  EXPECT_EQ(part.first_line, 0);
  EXPECT_EQ(part.end_line, 10);
  EXPECT_EQ(part.last_step, 9);
  EXPECT_EQ(part.line_count, 10);
  EXPECT_EQ(key_count("loss"), 10);
}

TEST_F(CompactTest, ALongTailBecomesAPartWhileTheRunGoesOn) {
  options_.compact_values = 100;
  options_.blob_part_bytes_max = 0;
  restart();
  ASSERT_TRUE(send_history(0, rows(0, 30)));
  ASSERT_TRUE(ingest_->compact());
  EXPECT_EQ(part_count(), 0u);
  ASSERT_TRUE(send_history(30, rows(30, 30)));
  ASSERT_TRUE(ingest_->compact());
  EXPECT_EQ(part_count(), 1u);
  ASSERT_TRUE(send_history(60, rows(60, 5)));
  EXPECT_THAT(losses(), SizeIs(65));
  EXPECT_THAT(*objects_->list("parts"), SizeIs(2));
}

TEST_F(CompactTest, AResendAfterCompactionChangesNothing) {
  ASSERT_TRUE(send_history(0, rows(0, 10)));
  ASSERT_TRUE(ingest_->compact(true));
  // The same values in another order and spelling, too.
  ASSERT_TRUE(send_history(8, {R"({"loss":5e-1,"_step":8})", row(9, 0.5), row(10, 0.5)}));
  EXPECT_EQ(ingest_->counts().retried_lines, 2);
  EXPECT_THAT(losses(), SizeIs(11));
  EXPECT_EQ(info().history_lines, 11);
  ASSERT_TRUE(complete(0));
  EXPECT_EQ(key_count("loss"), 11);
}

TEST_F(CompactTest, AReplacementAfterCompactionWinsAtOnceAndForGood) {
  ASSERT_TRUE(send_history(0, rows(0, 6, 1.0)));
  ASSERT_TRUE(ingest_->compact(true));
  ASSERT_TRUE(send_history(2, rows(2, 2, 7.0)));
  const auto want =
      ElementsAre(Pair(0, 1), Pair(1, 1), Pair(2, 7), Pair(3, 7), Pair(4, 1), Pair(5, 1));
  EXPECT_THAT(losses(), want);
  ASSERT_TRUE(ingest_->compact(true));
  EXPECT_THAT(losses(), want);
  EXPECT_EQ(part_count(), 1u);
  EXPECT_EQ(key_count("loss"), 6);
}

TEST_F(CompactTest, ASmallPartGrowsInsteadOfHavingManyNeighbours) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(send_history(i * 3, rows(i * 3, 3)));
    ASSERT_TRUE(ingest_->compact(true));
  }
  EXPECT_EQ(part_count(), 1u);
  EXPECT_THAT(losses(), SizeIs(15));
}

TEST_F(CompactTest, ALongBacklogBecomesSeveralPartsOfBoundedSize) {
  options_.compact_bytes = 1000;
  options_.compact_values = 40;
  restart();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(send_history(i * 20, rows(i * 20, 20)));
  ASSERT_TRUE(ingest_->compact());
  ASSERT_TRUE(complete(0));
  ASSERT_TRUE(ingest_->compact());
  EXPECT_EQ(tail_count(), 0u);
  EXPECT_GE(part_count(), 3u);
  EXPECT_THAT(losses(), SizeIs(400));
  EXPECT_EQ(key_count("loss"), 400);
}

TEST_F(CompactTest, GapsAndBrokenLinesSurvive) {
  ASSERT_TRUE(send_history(0, {row(0, 1.0), row(1, NAN)}));
  ASSERT_TRUE(send_history(5, {"broken", row(6, 2.0)}));
  ASSERT_TRUE(ingest_->compact(true));
  const auto all = lines();
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_THAT(all.at(5), testing::HasSubstr("broken"));
  EXPECT_THAT(all.at(1), testing::HasSubstr("NaN"));
}

TEST_F(CompactTest, WhicheverStepFailsNothingIsLostAndTheRetryMakesItWhole) {
  options_.blob_part_bytes_max = 0;  // parts are objects
  restart();
  int faults = 0;
  for (const auto operation : {fs::Operation::kOpen, fs::Operation::kRead, fs::Operation::kWrite,
                               fs::Operation::kSync, fs::Operation::kRename}) {
    for (std::uint64_t nth = 1;; ++nth) {
      const std::int64_t offset = info().history_lines;
      ASSERT_TRUE(send_history(offset, rows(offset, 5)));
      const auto before = losses();
      disk_.fail_nth(operation, nth);
      const auto done = ingest_->compact(true);
      const bool failed = disk_.has_failed();
      disk_.fail_nth(operation, 1'000'000'000);
      if (!failed) break;
      ++faults;
      SCOPED_TRACE(testing::Message()
                   << "operation " << static_cast<int>(operation) << " nth " << nth);
      EXPECT_EQ(losses(), before);
      ASSERT_TRUE(ingest_->compact(true));
      EXPECT_EQ(losses(), before);
    }
  }
  EXPECT_GT(faults, 8);
}

TEST_F(CompactTest, ACrashBeforeOrAfterTheSwapLeavesNoOrphans) {
  options_.blob_part_bytes_max = 0;
  restart();
  for (const auto when : {FailingStore::When::kBefore, FailingStore::When::kAfter}) {
    const std::int64_t offset = info().history_lines;
    ASSERT_TRUE(send_history(offset, rows(offset, 20)));
    const auto before = memory_->lines(run_, store::Stream::kHistory)->tail.size();
    failing_.fail_commit(1, when);
    EXPECT_FALSE(ingest_->compact(true));
    if (when == FailingStore::When::kBefore) {
      EXPECT_EQ(tail_count(), before);
    }
    restart();
    ASSERT_TRUE(ingest_->compact(true));
    ingest_->stop();
    std::set<std::string> named;
    const auto keys = memory_->list_part_objects();
    for (const auto& key : *keys) named.insert(key);
    const auto there = objects_->list("parts");
    for (const auto& object : *there) EXPECT_TRUE(named.contains(object.key)) << object.key;
    restart();
    EXPECT_THAT(losses(), SizeIs(offset + 20));
  }
}

TEST_F(CompactTest, AnObjectThatNoRowNamesIsCollectedAtTheStart) {
  ASSERT_TRUE(objects_->put("parts/1/0-orphan.parquet", "x"));
  restart();
  EXPECT_THAT(*objects_->list("parts"), IsEmpty());
}

TEST_F(CompactTest, EventsAreCompactedToo) {
  protocol::FileStreamBody body;
  body.events = make_lines(0, {R"({"system.cpu":0.5,"_timestamp":1.5})"});
  ASSERT_TRUE(send(body));
  ASSERT_TRUE(complete(0));
  ASSERT_TRUE(ingest_->compact());
  EXPECT_EQ(memory_->parts(run_, store::Stream::kEvents)->size(), 1u);
  EXPECT_THAT(lines(store::Stream::kEvents), SizeIs(1));
}

}  // namespace
}  // namespace runstone::ingest
