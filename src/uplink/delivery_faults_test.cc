// What a bad road costs: nothing.
#include <gmock/gmock.h>

#include "uplink/delivery_bench.h"

namespace runstone::uplink {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Delivery, AServerAbsentAtInitGetsEverythingOnceItIsThere) {
  Bench bench;
  bench.log(10);
  bench.transport.away = true;
  bench.start();
  bench.run_for(300 * kSecondUs);
  EXPECT_EQ(bench.delivery->report(10).left_rows, 10u);
  EXPECT_EQ(bench.messages.size(), 1u) << "an outage is told once";
  bench.transport.away = false;
  bench.journal.exit();
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(10));
  EXPECT_TRUE(bench.delivery->complete());
}

TEST(Delivery, RetriesWaitLongerAndLonger) {
  Bench bench;
  bench.transport.away = true;
  bench.start();
  bench.run_for(600 * kSecondUs);
  // 0.5 s doubling to 30 s, plus up to a quarter: 600 s hold between 20 and 28 tries.
  EXPECT_GE(bench.transport.requests.size(), 20u);
  EXPECT_LE(bench.transport.requests.size(), 28u);
}

TEST(Delivery, AServerDyingInMidRunCostsNothing) {
  Bench bench;
  bench.log(5);
  bench.start();
  bench.run_for(kSecondUs);
  bench.transport.away = true;
  bench.log(5, 5);
  bench.run_for(100 * kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(5));
  bench.transport.away = false;
  bench.log(5, 10);
  bench.journal.exit();
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(15));
}

TEST(Delivery, ALostAnswerIsSentAgainAtTheSameOffset) {
  Bench bench;
  bench.log(5);
  bench.start();
  bench.run_for(kSecondUs);
  bench.log(5, 5);
  bench.transport.lost_answers = 3;
  bench.journal.exit();
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(10));
  EXPECT_GT(bench.tracker.lines_received, 10u) << "the fault did not happen";
  EXPECT_EQ(bench.delivery->report(10).acked_rows, 10u);
}

/// Each answer of the list to the first file stream posts; then the server is well.
void faulty_answers_cost_nothing(std::vector<FakeAnswer> answers) {
  Bench bench;
  bench.log(20);
  bench.journal.exit();
  std::size_t next = 0;
  bench.tracker.fault = [&](const std::string&, const std::string& path) {
    if (path.find("file_stream") == std::string::npos || next == answers.size()) {
      return std::optional<FakeAnswer>();
    }
    return std::optional<FakeAnswer>(answers[next++]);
  };
  bench.start();
  bench.run_for(1000 * kSecondUs);
  EXPECT_EQ(next, answers.size());
  EXPECT_EQ(bench.tracker.history(), bench.rows(20));
  EXPECT_TRUE(bench.delivery->complete());
}

TEST(Delivery, A500IsTriedAgain) { faulty_answers_cost_nothing({{500, "oops"}, {503, "{}"}}); }

TEST(Delivery, HtmlWith200IsNoAcknowledgement) {
  faulty_answers_cost_nothing({{200, "<html>please sign in</html>"}, {200, ""}, {302, ""}});
}

TEST(Delivery, A401AfterInitIsTriedAgain) {
  faulty_answers_cost_nothing({{401, R"({"errors":[{"message":"no key"}]})"}, {403, "{}"}});
}

TEST(Delivery, RetryAfterIsObeyed) {
  Bench bench;
  bench.log(1);
  bool limited = true;
  bench.tracker.fault = [&](const std::string&, const std::string& path) {
    if (!limited || path.find("file_stream") == std::string::npos) {
      return std::optional<FakeAnswer>();
    }
    return std::optional<FakeAnswer>({429, "{}", {{"retry-after", "7"}}});
  };
  bench.start();
  bench.run_for(6 * kSecondUs);
  const auto posts = [&] {
    return std::count_if(bench.transport.requests.begin(), bench.transport.requests.end(),
                         [](const auto& r) { return r.find("file_stream") != r.npos; });
  };
  EXPECT_EQ(posts(), 1);
  limited = false;
  bench.run_for(3 * kSecondUs);
  EXPECT_EQ(posts(), 2);
  EXPECT_EQ(bench.tracker.history(), bench.rows(1));
}

TEST(Delivery, RateLimitHeadersHoldEverythingBack) {
  Bench bench;
  bench.log(1);
  bench.tracker.fault = [&](const std::string&, const std::string& path) {
    if (path != "/graphql" || !bench.tracker.upserts.empty()) return std::optional<FakeAnswer>();
    bench.tracker.fault = nullptr;
    auto answer = bench.tracker.handle("POST", "/graphql",
                                       R"({"operationName":"UpsertBucket","variables":{}})");
    answer.headers = {{"ratelimit-remaining", "0"}, {"ratelimit-reset", "20"}};
    return std::optional<FakeAnswer>(answer);
  };
  bench.start();
  bench.run_for(19 * kSecondUs);
  EXPECT_EQ(bench.transport.requests.size(), 1u);
  bench.run_for(5 * kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(1));
}

TEST(Delivery, ARefusalStopsTheProgramIfThatIsAskedForAndItStillTrains) {
  struct Case {
    bool asked, finishing;
    int stops;
  };
  for (const Case& row : {Case{true, false, 1}, Case{false, false, 0}, Case{true, true, 0}}) {
    SCOPED_TRACE(testing::Message() << row.asked << row.finishing);
    Bench bench;
    bench.start({.stop_on_fatal_error = row.asked});
    bench.run_for(kSecondUs);
    bench.tracker.fault = [](const std::string&, const std::string& path) {
      return path.find("file_stream") == std::string::npos
                 ? std::nullopt
                 : std::optional<FakeAnswer>({404, R"({"error":"run was deleted"})"});
    };
    bench.log(3);
    if (row.finishing) {
      bench.journal.exit();
      bench.delivery->hurry();
    }
    bench.run_for(10 * kSecondUs);
    EXPECT_TRUE(bench.delivery->refused());
    EXPECT_EQ(bench.stops, row.stops);
  }
}

TEST(RetryAfter, IsReadAsSecondsOrAsADate) {
  constexpr std::int64_t kNowUs = 784'111'777'000'000;  // Sun, 06 Nov 1994 08:49:37 GMT
  const std::pair<const char*, std::int64_t> rows[] = {
      {"7", 7 * kSecondUs},
      {"0.5", kSecondUs / 2},
      {"Sun, 06 Nov 1994 08:49:57 GMT", 20 * kSecondUs},
      {"Sun, 06 Nov 1994 08:49:07 GMT", 0},
      {"Sun, 06 Nov 2094 08:49:37 GMT", kRetryAfterMaxUs},
      {"86400", kRetryAfterMaxUs},
      {"-3", 0},
      {"soon", 0},
      {"", 0}};
  for (const auto& [header, wait_us] : rows) {
    EXPECT_EQ(parse_retry_after_us(header, kNowUs), wait_us) << header;
  }
}

}  // namespace
}  // namespace runstone::uplink
