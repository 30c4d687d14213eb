#include "ingest/live_hub.h"

#include "ingest/ingest_fixture.h"

namespace runstone::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LiveHubTest : public testing::Test {
 protected:
  std::vector<std::string> taken(LiveSubscription& subscription) {
    std::vector<std::string> all;
    const auto events = subscription.take();
    for (const auto& event : events) all.push_back(event.type + " " + event.data);
    return all;
  }
  static RunChange rows_of(const std::string& path, std::int64_t total) {
    RunChange change;
    change.path = path;
    change.rows = true;
    change.row_total = change.last_step = total;
    return change;
  }
  HandClock clock_;
  LiveHub hub_{clock_, false};
  int ready_ = 0;
};

TEST_F(LiveHubTest, NobodyIsToldWhatTheyDoNotFollow) {
  const auto run = hub_.subscribe({"e", "p", "r"}, [&] { ++ready_; });
  const auto project = hub_.subscribe({"e", "p", ""}, [] {});
  const auto other = hub_.subscribe({"e", "p2", ""}, [] {});
  hub_.publish(rows_of("e/p/r", 5));
  hub_.publish(rows_of("e/p/r2", 7));
  hub_.pump();
  EXPECT_THAT(taken(*run),
              ElementsAre(R"(rows {"run":"e/p/r","rows":5,"last_step":5,"new_keys":[]})"));
  EXPECT_EQ(taken(*project).size(), 2u);
  EXPECT_THAT(taken(*other), IsEmpty());
  EXPECT_EQ(ready_, 1);
}

TEST_F(LiveHubTest, ChangesOfARunAreGatheredForAQuarterOfASecond) {
  const auto run = hub_.subscribe({"e", "p", "r"}, [&] { ++ready_; });
  hub_.publish(rows_of("e/p/r", 1));
  EXPECT_EQ(hub_.pump(), -1);  // the first goes at once
  EXPECT_EQ(taken(*run).size(), 1u);
  for (int i = 2; i <= 9; ++i) {
    RunChange change = rows_of("e/p/r", i);
    change.new_keys = {"k" + std::to_string(i)};
    hub_.publish(std::move(change));
  }
  EXPECT_EQ(hub_.pump(), LiveHub::kIntervalUs);
  EXPECT_THAT(taken(*run), IsEmpty());
  clock_.advance_secs(1);
  hub_.pump();
  EXPECT_THAT(
      taken(*run),
      ElementsAre(
          R"(rows {"run":"e/p/r","rows":9,"last_step":9,"new_keys":["k2","k3","k4","k5","k6","k7","k8","k9"]})"));
}

TEST_F(LiveHubTest, TellsOnlyTheSummaryLeavesThatChanged) {
  const auto run = hub_.subscribe({"e", "p", "r"}, [] {});
  RunChange change;
  change.path = "e/p/r";
  change.summary_json = R"({"a":1,"n":{"x":NaN,"y.z":-Infinity},"m":{"_type":"t","v":NaN}})";
  hub_.publish(change);
  hub_.pump();
  EXPECT_THAT(
      taken(*run),
      ElementsAre(
          R"(run {"run":"e/p/r","summary":{"a":1,"n.x":"NaN","n.y\\.z":"-Infinity","m":{"_type":"t","v":"NaN"}}})"));
  change.summary_json = R"({"a":2,"n":{"x":NaN,"y.z":-Infinity},"m":{"_type":"t","v":NaN}})";
  hub_.publish(change);
  clock_.advance_secs(1);
  hub_.pump();
  EXPECT_THAT(taken(*run), ElementsAre(R"(run {"run":"e/p/r","summary":{"a":2}})"));
}

TEST_F(LiveHubTest, AFullQueueBecomesAResync) {
  const auto run = hub_.subscribe({"e", "p", "r"}, [] {});
  for (int i = 0; i < 40; ++i) {
    RunChange change;
    change.path = "e/p/r";
    change.console = {{i, std::string(60'000, 'x')}};
    hub_.publish(std::move(change));
    clock_.advance_secs(1);
    hub_.pump();
  }
  const auto events = run->take();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().type, "resync");
  EXPECT_LT(events.size(), 40u);
  for (std::size_t i = 1; i < events.size(); ++i) EXPECT_GT(events[i].id, events[i - 1].id);
}

TEST_F(LiveHubTest, AClosedSubscriptionIsNotCalledAgain) {
  auto run = hub_.subscribe({"e", "p", "r"}, [&] { ++ready_; });
  EXPECT_TRUE(hub_.wanted());
  run.reset();
  EXPECT_FALSE(hub_.wanted());
  hub_.publish(rows_of("e/p/r", 1));
  hub_.pump();
  EXPECT_EQ(ready_, 0);
}

class LiveIngestTest : public IngestFixture {
 protected:
  void SetUp() override {
    options_.background = true;  // the hub's own thread
    IngestFixture::SetUp();
  }
};

TEST_F(LiveIngestTest, ACommitIsToldWithItsNewKeysStateAndLines) {
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<LiveEvent> events;
  std::unique_ptr<LiveSubscription> subscription;
  bool ready = false;
  subscription = ingest_->live().subscribe({"alice", "p", "r1"}, [&] {
    const std::scoped_lock lock(mutex);
    ready = true;
    wake.notify_one();
  });
  protocol::FileStreamBody body;
  body.history = make_lines(0, rows(0, 2));
  body.console = make_lines(0, {"hello"});
  body.summary = R"({"loss":0.5})";
  body.uploaded = {"f.txt"};
  ASSERT_TRUE(send(body));
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(wake.wait_for(lock, std::chrono::seconds(60), [&] { return ready; }));
  }
  std::map<std::string, std::string> told;
  events = subscription->take();
  for (const auto& event : events) told[event.type] = event.data;
  EXPECT_THAT(told["rows"], testing::HasSubstr(R"("rows":2,"last_step":1)"));
  EXPECT_THAT(told["rows"], testing::HasSubstr(R"("loss")"));
  EXPECT_THAT(told["run"], testing::HasSubstr(R"("state":"running")"));
  EXPECT_THAT(told["run"], testing::HasSubstr(R"("summary":{"loss":0.5})"));
  EXPECT_THAT(told["console"], testing::HasSubstr(R"([[0,"hello"]])"));
  EXPECT_THAT(told["files"], testing::HasSubstr(R"(["f.txt"])"));
}

}  // namespace
}  // namespace runstone::ingest
