#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/json.h"
#include "uplink/delivery_bench.h"

namespace runstone::uplink {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Delivery, DeliversRowsConfigSummaryFilesAndExit) {
  Bench bench;
  bench.log(3);
  bench.journal.write_file("requirements.txt", "numpy==2.0\n");
  bench.journal.exit(3);
  bench.start();
  bench.run_for(60 * kSecondUs);

  EXPECT_TRUE(bench.delivery->complete());
  EXPECT_EQ(bench.tracker.history(), bench.rows(3));
  EXPECT_EQ(bench.tracker.exit_code, 3);
  const auto summary = json::parse(bench.tracker.summary);
  ASSERT_TRUE(summary);
  EXPECT_EQ(*summary->get("loss"), Value(0.5));
  EXPECT_EQ(*summary->get("_step"), Value(2));
  EXPECT_EQ(*bench.tracker.config.get("lr")->get("value"), Value(0.1));
  EXPECT_EQ(bench.tracker.files.at("requirements.txt"), "numpy==2.0\n");
  EXPECT_THAT(bench.tracker.files.at("config.yaml"), HasSubstr("lr:"));
  EXPECT_THAT(bench.tracker.uploaded, Contains("requirements.txt"));
  const auto report = bench.delivery->report(3);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.acked_rows, 3u);
  EXPECT_EQ(report.left_rows, 0u);
  EXPECT_EQ(report.error, "");
}

TEST(Delivery, NumbersArriveExactlyAndNanAsTokens) {
  Bench bench;
  protocol::HistoryRecord row;
  row.items = {{{"big"}, std::int64_t{9007199254740993}},
               {{"nan"}, std::numeric_limits<double>::quiet_NaN()},
               {{"inf"}, -std::numeric_limits<double>::infinity()},
               {{"third"}, 1.0 / 3},
               {{"json"}, protocol::JsonText{"1.50e-7"}},
               {{"q\"k\n"}, std::string("a\"b\\\n\xF0\x9F\x8E\x89")},
               {{"no"}, nullptr}};
  row.step = 7;
  bench.journal.append(row);
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  ASSERT_EQ(bench.tracker.history().size(), 1u);
  const auto got = json::parse(bench.tracker.history()[0]);
  ASSERT_TRUE(got) << bench.tracker.history()[0];
  EXPECT_EQ(*got->get("big"), Value(std::int64_t{9007199254740993}));
  EXPECT_TRUE(std::isnan(got->get("nan")->number_or(0)));
  EXPECT_EQ(got->get("inf")->number_or(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(*got->get("third"), Value(1.0 / 3));
  EXPECT_EQ(*got->get("json"), Value(1.5e-7));
  EXPECT_EQ(*got->get("q\"k\n"), Value("a\"b\\\n\xF0\x9F\x8E\x89"));
  EXPECT_TRUE(got->get("no")->is_null());
  EXPECT_EQ(*got->get("_step"), Value(7));
}

TEST(Delivery, NestedLeavesBecomeObjectsAndADottedKeyStaysOne) {
  Bench bench;
  protocol::HistoryRecord row;
  row.items = {{{"n", "x"}, std::int64_t{1}},
               {{"n"}, protocol::JsonText{R"({"y":{"z":2}})"}},
               {{"n.x"}, std::int64_t{3}}};
  row.step = 0;
  bench.journal.append(row);
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(*json::parse(bench.tracker.history().at(0)),
            *json::parse(R"({"n":{"x":1,"y":{"z":2}},"n.x":3,"_step":0})"));
}

TEST(Delivery, ALiveRunIsFollowedAndSentOftenEnough) {
  Bench bench;
  bench.start();
  bench.log(1);
  bench.run_for(kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(1));
  bench.log(5, 1);
  bench.run_for(kSecondUs / 2);
  EXPECT_EQ(bench.tracker.history(), bench.rows(6));
  EXPECT_FALSE(bench.tracker.exit_code);
}

TEST(Delivery, ASilentRunSendsAHeartbeatEachHalfMinute) {
  Bench bench;
  bench.log(1);
  bench.start();
  bench.run_for(95 * kSecondUs);
  EXPECT_EQ(bench.tracker.heartbeats, 3u);
}

TEST(Delivery, ADeletedRunStopsTheSendingAndKeepsTheJournal) {
  Bench bench;
  bench.log(4);
  bench.start();
  bench.run_for(kSecondUs);
  bench.tracker.fault = [](const std::string&, const std::string& path) {
    return path.find("file_stream") == std::string::npos
               ? std::nullopt
               : std::optional<FakeAnswer>({404, R"({"error":"run was deleted"})"});
  };
  bench.log(3, 4);
  bench.run_for(100 * kSecondUs);
  const auto asked = bench.transport.requests.size();
  bench.journal.exit();
  bench.delivery->hurry();
  bench.run_for(100 * kSecondUs);
  EXPECT_EQ(bench.transport.requests.size(), asked) << "it went on asking";
  const auto report = bench.delivery->report(7);
  EXPECT_TRUE(report.stopped_by_server);
  EXPECT_EQ(report.acked_rows, 4u);
  EXPECT_EQ(report.left_rows, 3u);
  EXPECT_THAT(report.error, HasSubstr("run was deleted"));
}

TEST(Delivery, AStopButtonIsToldOnce) {
  Bench bench;
  bench.tracker.stop_runs = true;
  bench.log(1);
  bench.start();
  bench.run_for(kSecondUs);
  bench.log(1, 1);
  bench.run_for(kSecondUs);
  EXPECT_EQ(bench.stops, 1);
}

TEST(Delivery, ConsoleLinesAreNumberedAndAProgressBarIsRewritten) {
  Bench bench;
  bench.start();
  bench.journal.console("start\n10%");
  bench.run_for(kSecondUs);
  const auto text_of = [&](std::size_t i) {
    return bench.tracker.stream("output.log")
        .at(i)
        .substr(std::string("2026-11-23T13:26:40.096407 ").size());
  };
  ASSERT_EQ(bench.tracker.stream("output.log").size(), 2u);
  EXPECT_EQ(text_of(1), "10%");
  bench.journal.console("\r100%\nlast\r\n");
  bench.journal.console("bad\n", true);
  bench.journal.exit();
  bench.run_for(60 * kSecondUs);
  ASSERT_EQ(bench.tracker.stream("output.log").size(), 4u);
  EXPECT_EQ(text_of(0), "start");
  EXPECT_EQ(text_of(1), "100%");
  EXPECT_EQ(text_of(2), "last");
  EXPECT_THAT(bench.tracker.stream("output.log").at(3), testing::MatchesRegex("ERROR .*T.* bad"));
}

TEST(Delivery, ARowTooLongForAServerIsDroppedAndCountedWithoutAGap) {
  Bench bench;
  bench.log(1);
  protocol::HistoryRecord huge;
  huge.items = {{{"text"}, std::string(RunReplay::kMaxRowBytes + 1, 'x')}};
  huge.step = 1;
  bench.journal.append(huge);
  bench.log(1, 2);
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_THAT(bench.tracker.history(), ElementsAre(row_json(0, 0), row_json(2, 0.5)));
  EXPECT_EQ(bench.delivery->report(3).dropped_lines, 1u);
  EXPECT_EQ(bench.delivery->report(3).left_rows, 0u);
}

TEST(Delivery, BodiesStaySmallHoweverLongTheBacklog) {
  Bench bench;
  bench.log(40'000);
  bench.journal.exit();
  bench.start({.batch_bytes = 64 * 1024});
  bench.run_for(600 * kSecondUs);
  EXPECT_EQ(bench.tracker.history().size(), 40'000u);
  EXPECT_EQ(bench.tracker.history(), bench.rows(40'000));
  EXPECT_LT(bench.tracker.largest_body, 100'000u);
}

TEST(Delivery, AFileThatIsRefusedCostsOnlyItself) {
  Bench bench;
  bench.log(1);
  bench.journal.write_file("config.yaml", "lr:\n    value: 0.1\n");
  bench.journal.write_file("media/a.png", "png");
  bench.journal.append(protocol::FilesRecord{
      .files = {{.path = "media/a.png"}, {.path = "../../etc/passwd"}, {.path = "missing.bin"}}});
  bench.journal.exit();
  bench.tracker.fault = [](const std::string& method, const std::string& path) {
    return method == "PUT" && path.find("a.png") != std::string::npos
               ? std::optional<FakeAnswer>({403, ""})
               : std::nullopt;
  };
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_TRUE(bench.delivery->complete());
  EXPECT_EQ(bench.delivery->report(1).failed_files, 3u);
  EXPECT_EQ(bench.tracker.files.count("config.yaml"), 1u);
  EXPECT_EQ(bench.tracker.exit_code, 0);
}

TEST(Delivery, FilesThatCannotBeTakenNowDoNotHoldUpRows) {
  Bench bench;
  bench.journal.write_file("media/a.png", "png");
  bench.journal.append(protocol::FilesRecord{.files = {{.path = "media/a.png"}}});
  bench.log(1);
  bool broken = true;
  bench.tracker.fault = [&](const std::string& method, const std::string&) {
    return broken && method == "PUT" ? std::optional<FakeAnswer>({500, ""}) : std::nullopt;
  };
  bench.start();
  bench.run_for(5 * kSecondUs);
  bench.log(1, 1);
  bench.run_for(kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(2));
  broken = false;
  bench.run_for(100 * kSecondUs);
  EXPECT_EQ(bench.tracker.files.at("media/a.png"), "png");
}

TEST(Delivery, GoesOnWhereTheAcknowledgementEnded) {
  Bench bench;
  bench.log(6);
  bench.journal.console("one\ntwo\nthr");
  bench.start();
  bench.run_for(5 * kSecondUs);
  bench.log(2, 6);  // the process is killed here: the journal has more than the server
  bench.journal.console("ee\n");
  bench.journal.close();
  bench.tracker.lines_received = 0;
  bench.start({.journal_end = JournalEnd::kWriterGone, .use_sync_state = true});
  bench.run_for(60 * kSecondUs);
  EXPECT_TRUE(bench.delivery->complete());
  EXPECT_EQ(bench.tracker.history(), bench.rows(8));
  EXPECT_THAT(bench.tracker.stream("output.log").at(2), HasSubstr(" three"));
  EXPECT_LE(bench.tracker.lines_received, 2u + 3u + 2u)
      << "2 rows, the console lines that a cursor can still reach, summaries";
  EXPECT_EQ(*json::parse(bench.tracker.summary)->get("_step"), Value(7));
  EXPECT_FALSE(bench.tracker.exit_code) << "a crashed run is not completed";
  EXPECT_EQ(bench.tracker.upserts.back().get("state")->string_or(""), "crashed");
}

TEST(Delivery, AServerThatLostTheRunGetsAllOfItAgain) {
  Bench bench;
  bench.log(6);
  bench.start();
  bench.run_for(5 * kSecondUs);
  bench.journal.exit();
  bench.journal.close();
  bench.tracker.lines.clear();
  bench.tracker.known_run = false;
  bench.start({.journal_end = JournalEnd::kWriterGone, .use_sync_state = true});
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(6));
}

/// A server that takes no body beyond `bytes_max`, and says 413 to more.
void limit_bodies(Bench& bench, std::size_t bytes_max) {
  bench.transport.body_max_bytes = bytes_max;
}

TEST(Delivery, WhatIsTooLargeForTheServerIsSentInHalves) {
  Bench bench;
  limit_bodies(bench, 2000);
  bench.log(200);
  bench.journal.console("one\ntwo\n");
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_TRUE(bench.delivery->complete());
  EXPECT_EQ(bench.tracker.history(), bench.rows(200));
  EXPECT_EQ(bench.tracker.stream("output.log").size(), 2u);
  EXPECT_EQ(*json::parse(bench.tracker.summary)->get("_step"), Value(199));
  EXPECT_EQ(bench.tracker.exit_code, 0);
  EXPECT_EQ(bench.delivery->report(200).acked_rows, 200u);
  EXPECT_EQ(bench.delivery->report(200).dropped_lines, 0u);
}

TEST(Delivery, ALineThatTheServerFindsTooLargeCostsOnlyItselfAndIsCounted) {
  Bench bench;
  limit_bodies(bench, 2000);
  bench.log(3);
  protocol::HistoryRecord huge;
  huge.items = {{{"_step"}, std::int64_t{3}}, {{"text"}, std::string(3000, 'x')}};
  huge.step = 3;
  bench.journal.append(huge);
  bench.log(3, 4);
  // Else the summary has the text, too.
  bench.journal.append(protocol::SummaryRecord{.update = {{{"text"}, std::string("short")}}});
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_TRUE(bench.delivery->complete());
  auto expected = bench.rows(7);
  expected[3] = "<gap>";
  EXPECT_EQ(bench.tracker.history(), expected);
  EXPECT_EQ(bench.tracker.exit_code, 0);
  const auto report = bench.delivery->report(7);
  EXPECT_EQ(report.acked_rows, 6u);
  EXPECT_EQ(report.dropped_lines, 1u);
  EXPECT_THAT(bench.messages, Contains(HasSubstr("a row of 30")));
}

TEST(Delivery, ASummaryThatTheServerFindsTooLargeDoesNotHoldUpTheEnd) {
  Bench bench;
  limit_bodies(bench, 2000);
  bench.log(3);
  bench.journal.append(protocol::SummaryRecord{.update = {{{"text"}, std::string(3000, 'x')}}});
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_TRUE(bench.delivery->complete());
  EXPECT_EQ(bench.tracker.history(), bench.rows(3));
  EXPECT_EQ(bench.tracker.exit_code, 0);
  EXPECT_THAT(bench.messages, Contains(HasSubstr("the summary of 3")));
}

TEST(Delivery, RecordsOfNoKnownFormAreCounted) {
  Bench bench;
  bench.log(1);
  bench.journal.append_bytes("\xff\xff\xff");
  bench.log(1, 1);
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.history(), bench.rows(2));
  EXPECT_EQ(bench.delivery->report(2).unreadable_records, 1u);
}

TEST(Delivery, APatternAmongTheFilesSendsWhatItMatches) {
  Bench bench;
  bench.journal.write_file("media/a.png", "a");
  bench.journal.write_file("media/deep/b.png", "b");
  bench.journal.write_file("media/c.txt", "c");
  bench.journal.write_file("odd[1].txt", "odd");
  bench.journal.append(protocol::FilesRecord{
      .files = {{.path = "media/*.png", .policy = protocol::FilesRecord::Policy::kEnd},
                {.path = "odd[1].txt"}}});
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.files.count("media/a.png"), 1u);
  EXPECT_EQ(bench.tracker.files.count("media/deep/b.png"), 1u);
  EXPECT_EQ(bench.tracker.files.count("media/c.txt"), 0u);
  EXPECT_EQ(bench.tracker.files.count("odd[1].txt"), 1u);
  EXPECT_EQ(bench.delivery->report(0).failed_files, 0u);
}

TEST(Delivery, AFolderAmongTheFilesSendsAllBelowIt) {  // the stock client saves a folder so
  Bench bench;
  bench.journal.write_file("data/a.txt", "a");
  bench.journal.write_file("data/deep/b.txt", "b");
  bench.journal.write_file("later/c.txt", "c");
  bench.journal.append(protocol::FilesRecord{
      .files = {{.path = "data"},
                {.path = "later", .policy = protocol::FilesRecord::Policy::kEnd}}});
  bench.journal.exit();
  bench.start();
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.files.at("data/a.txt"), "a");
  EXPECT_EQ(bench.tracker.files.at("data/deep/b.txt"), "b");
  EXPECT_EQ(bench.tracker.files.at("later/c.txt"), "c");
  EXPECT_TRUE(bench.delivery->complete());
  EXPECT_EQ(bench.delivery->report(0).failed_files, 0u);
}

TEST(Delivery, TheConsoleOfAKilledRunBecomesItsLogFile) {
  Bench bench;
  bench.journal.console("start\n10%\r50%\r100%\nopen");
  bench.journal.close();
  bench.start({.journal_end = JournalEnd::kWriterGone});
  bench.run_for(60 * kSecondUs);
  EXPECT_EQ(bench.tracker.files.at("output.log"), "start\n100%\nopen\n");
}

}  // namespace
}  // namespace runstone::uplink
