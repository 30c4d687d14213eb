#include "uplink/origin.h"

#include <gmock/gmock.h>

#include <mutex>

#include "base/json.h"
#include "net/client/scripted_server.h"
#include "uplink/delivery.h"
#include "uplink/fake_tracker.h"
#include "uplink/test_journal.h"

namespace runstone::uplink {
namespace {

using Rule = StartFrom::Rule;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kStored =
    R"({"id":"RUNID","name":"r1","displayName":"old-name","notes":"old notes","group":"g","jobType":"j",)"
    R"("tags":["a"],"createdAt":"2026-11-23T13:29:27Z","historyLineCount":10,"eventsLineCount":4,)"
    R"("logLineCount":2,"historyTail":"[\"{\\\"_step\\\":9,\\\"_runtime\\\":33.5}\"]","eventsTail":"[]",)"
    R"("summaryMetrics":"{\"loss\":{\"min\":0.5},\"_step\":9,\"_wandb\":{\"runtime\":33}}",)"
    R"("config":"{\"lr\":{\"value\":0.1},\"old\":{\"value\":1},\"_wandb\":{\"value\":{\"t\":{},\"viz\":{\"c\":1}}}}",)"
    R"("wandbConfig":"{\"t\":{}}"})";

/// A tracker that holds kStored, behind a socket, since contact() makes its own connection.
struct StoredTracker {
  std::mutex mutex;
  FakeTracker tracker;
  int failures = 0;  ///< so many requests are answered with 503 first
  net::ScriptedServer server{[this](const net::ScriptedRequest& request) {
    const std::scoped_lock lock(mutex);
    if (failures > 0 && failures-- > 0) return net::ScriptedAnswer{503, "{}"};
    FakeAnswer answer = tracker.handle(request.method, request.target, request.body);
    return net::ScriptedAnswer{answer.status, answer.body, answer.headers};
  }};
  StoredTracker() { tracker.stored_run = kStored; }
  Result<Contacted> ask(const StartFrom& from, RunRequest request = {}) {
    request.run_id = request.run_id.empty() ? "r1" : request.run_id;
    request.project = "p1";
    if (request.config.is_null()) request.config = Dict{{"lr", 0.2}};
    return contact({.base_url = server.url(), .api_key = "key"}, request, from,
                   {.timeout_us = 20'000'000, .keeps_asking = true});
  }
};

Value sent_config(const FakeTracker& tracker) {
  return *json::parse(tracker.upserts.back().get("config")->string_or(""));
}

TEST(Origin, AResumedRunTakesWhatIsNotGivenFromTheServer) {
  StoredTracker stored;
  const auto made = stored.ask({Rule::kMust});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->origin.resumed);
  EXPECT_EQ(made->origin.next_step, 10);
  EXPECT_DOUBLE_EQ(made->origin.runtime_secs, 33.5);
  EXPECT_EQ(made->origin.lines.first_history_line, 10);
  EXPECT_EQ(made->origin.lines.first_event_line, 4);
  EXPECT_EQ(made->origin.lines.first_console_line, 2);
  EXPECT_EQ(made->request.display_name, "old-name");
  EXPECT_EQ(made->request.group, "g");
  EXPECT_THAT(*made->request.tags, ElementsAre("a"));
  EXPECT_EQ(json::to_text(*made->request.config.get("lr")), "0.2");
  EXPECT_EQ(json::to_text(*made->request.config.get("old")), "1");
  EXPECT_EQ(json::to_text(*made->request.config.get("_wandb")), R"({"viz":{"c":1}})");
  const Value& upsert = stored.tracker.upserts.back();
  EXPECT_EQ(upsert.get("id")->string_or(""), "RUNID");
  EXPECT_EQ(upsert.get("notes")->string_or(""), "old notes");
}

TEST(Origin, R2_RulesThatAreBrokenAreRefusedAndNothingIsMade) {
  StoredTracker stored;
  const auto never = stored.ask({Rule::kNever});
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(never.error().message, HasSubstr("already exists"));
  stored.tracker.stored_run.clear();
  const auto must = stored.ask({Rule::kMust});
  ASSERT_FALSE(must);
  EXPECT_EQ(must.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(must.error().message, HasSubstr("does not exist"));
  for (const auto rule : {Rule::kRewind, Rule::kFork}) {
    const auto branch = stored.ask({rule, "base", 3});
    ASSERT_FALSE(branch);
    EXPECT_EQ(branch.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(branch.error().message, HasSubstr("run not found"));
  }
  EXPECT_TRUE(stored.tracker.upserts.empty());
  EXPECT_TRUE(stored.tracker.rewound_to.empty());
}

TEST(Origin, ARunThatOnlyWaitsInAQueueWasNotStarted) {
  StoredTracker stored;
  const std::string started = R"("wandbConfig":"{\"t\":{}}")";
  auto& run = stored.tracker.stored_run;
  run.replace(run.find(started), started.size(), R"("wandbConfig":"{}")");
  const auto made = stored.ask({Rule::kNever});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->origin.resumed);
  EXPECT_EQ(made->origin.next_step, 0);
}

TEST(Origin, ARewoundRunBeginsBehindItsStep) {
  StoredTracker stored;
  const auto made = stored.ask({Rule::kRewind, "r1", 2});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(stored.tracker.rewound_to, ElementsAre(2.0));
  EXPECT_EQ(made->origin.next_step, 3);
  EXPECT_EQ(made->origin.lines.first_history_line, 3);
  EXPECT_EQ(
      json::to_text(*sent_config(stored.tracker).get("_wandb")->get("value")->get("branch_point")),
      R"({"run_id":"r1","step":2})");
}

TEST(Origin, AForkNumbersItsOwnLinesFromZero) {
  StoredTracker stored;
  const auto made = stored.ask({Rule::kFork, "base", 4}, {.run_id = "twig"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(stored.tracker.rewound_to.empty());
  EXPECT_FALSE(made->origin.resumed);
  EXPECT_EQ(made->origin.next_step, 5);
  EXPECT_EQ(made->origin.lines.first_history_line, 0);
  EXPECT_EQ(stored.tracker.upserts.back().get("name")->string_or(""), "twig");
}

TEST(Origin, AServerThatIsBusyIsAskedAgain) {
  StoredTracker stored;
  stored.failures = 2;
  const auto made = stored.ask({Rule::kAllow});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->origin.resumed);
}

TEST(Origin, WhoeverWaitsCanGiveUp) {
  StoredTracker stored;
  stored.failures = 1'000'000;
  int asked = 0;
  const auto made =
      contact({.base_url = stored.server.url(), .api_key = "key"}, {.run_id = "r1"}, {Rule::kMust},
              {.timeout_us = 60'000'000, .keeps_asking = true, .is_interrupted = [&] {
                 return ++asked == 3;
               }});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
}

/// A journal that was written offline is sent to a tracker in memory; its state stays beside it.
struct OfflineJournal {
  TestJournal journal;
  FakeTracker tracker;
  explicit OfflineJournal(const protocol::RunRecord& run) {
    journal.append(protocol::HeaderRecord{"runstone-test", "0.70.0"});
    journal.append(run);
    journal.row(0, 0.25);
    journal.row(1, 0.5);
    journal.console("said offline\n");
    journal.exit();
    journal.close();
    tracker.stored_run = kStored;
    tracker.known_run = true;
  }
  DeliveryReport send() {
    HandClock clock;
    FakeTransport transport(tracker);
    Delivery delivery(fs::real_file_system(), clock, transport,
                      {.base_url = "http://tracker", .api_key = "key"},
                      {.journal = journal.path(), .journal_end = JournalEnd::kWriterGone});
    for (int i = 0; i < 1000; ++i) {
      const auto turn = delivery.turn();
      if (turn.kind == Delivery::Turn::Kind::kEnded) break;
      if (turn.kind == Delivery::Turn::Kind::kWait) clock.advance_to(turn.wake_at_us);
    }
    return delivery.report(std::nullopt);
  }
  std::vector<std::int64_t> steps() const {
    std::vector<std::int64_t> steps;
    for (const auto& [number, line] : tracker.lines.at("wandb-history.jsonl")) {
      steps.push_back(static_cast<std::int64_t>(number) * 100 +
                      json::parse(line)->get("_step")->int_or(-1));
    }
    return steps;
  }
};

protocol::RunRecord run_record(const std::string& id) {
  protocol::RunRecord run;
  run.run_id = id;
  run.project = "p1";
  return run;
}

TEST(Origin, AnOfflineResumeIsActedUponOnceWhenItIsSent) {
  auto run = run_record("r1");
  run.resume = true;
  OfflineJournal offline(run);
  EXPECT_EQ(offline.send().error, "");
  EXPECT_THAT(offline.steps(), ElementsAre(1010, 1111));  // line 10 is step 10, line 11 step 11
  EXPECT_EQ(offline.tracker.lines.at("output.log").begin()->first, 2u);
  EXPECT_THAT(offline.tracker.summary, HasSubstr(R"("_step":11)"));
  EXPECT_EQ(json::to_text(*offline.tracker.config.get("lr")->get("value")), "0.1");
  // By now the server has twelve rows; the same ones go to the same places again.
  auto& stored = offline.tracker.stored_run;
  stored.replace(stored.find("\"historyLineCount\":10"), 21, "\"historyLineCount\":12");
  EXPECT_EQ(offline.send().error, "");
  EXPECT_THAT(offline.steps(), ElementsAre(1010, 1111));
}

TEST(Origin, AnOfflineRewindIsDoneOnce) {
  auto run = run_record("r1");
  run.branch_point = protocol::BranchPoint{"r1", 2, "_step"};
  OfflineJournal offline(run);
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(offline.send().error, "");
    EXPECT_THAT(offline.steps(), ElementsAre(303, 404));
  }
  EXPECT_THAT(offline.tracker.rewound_to, ElementsAre(2.0));
}

TEST(Origin, AnOfflineForkOfAnUnknownRunSaysSoAndSendsNothing) {
  auto run = run_record("twig");
  run.branch_point = protocol::BranchPoint{"base", 2, "_step"};
  OfflineJournal offline(run);
  offline.tracker.stored_run.clear();
  EXPECT_THAT(offline.send().error, HasSubstr("run not found: base"));
  EXPECT_TRUE(offline.tracker.lines.empty());
}

TEST(Origin, AnOnlineWritersJournalSaysWhereItsLinesBegin) {
  auto run = run_record("r1");
  run.storage_id = "RUNID";
  run.starting_step = 10;
  run.resume = true;
  run.writer = protocol::WriterRecord{.first_history_line = 10, .first_console_line = 2};
  OfflineJournal offline(run);
  EXPECT_EQ(offline.send().error, "");
  EXPECT_THAT(offline.steps(), ElementsAre(1000, 1101));  // its rows have their steps already
  EXPECT_EQ(offline.tracker.lines.at("output.log").begin()->first, 2u);
}

}  // namespace
}  // namespace runstone::uplink
