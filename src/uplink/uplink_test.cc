#include "uplink/uplink.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <future>
#include <mutex>

#include "base/clock.h"
#include "net/client/scripted_server.h"
#include "uplink/fake_tracker.h"
#include "uplink/sync.h"
#include "uplink/test_journal.h"

namespace runstone::uplink {
namespace {

using net::ScriptedAnswer;
using net::ScriptedRequest;
using testing::HasSubstr;

/// A FakeTracker behind a real socket. `misbehave` may answer in its place.
struct TrackerServer {
  std::mutex mutex;
  FakeTracker tracker;
  std::function<std::optional<ScriptedAnswer>(const ScriptedRequest&)> misbehave;
  net::ScriptedServer server{[this](const ScriptedRequest& request) {
    const std::scoped_lock lock(mutex);
    if (misbehave) {
      if (auto answer = misbehave(request)) return *answer;
    }
    FakeAnswer answer = tracker.handle(request.method, request.target, request.body);
    return ScriptedAnswer{answer.status, answer.body, answer.headers};
  }};
  Target target() const { return {.base_url = server.url(), .api_key = "key"}; }
};

ScriptedAnswer hang() { return {.kind = ScriptedAnswer::Kind::kHang}; }

std::unique_ptr<Uplink> start(const TrackerServer& server, const TestJournal& journal) {
  auto uplink = Uplink::start({.target = server.target(), .journal_path = journal.path()});
  if (!uplink) std::abort();
  return std::move(*uplink);
}

TEST(Contact, GivesTheIdentityThatTheServerMade) {
  TrackerServer server;
  const auto identity = contact(server.target(), {.run_id = "ab12", .project = "digits"});
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->run_id, "ab12");
  EXPECT_EQ(identity->project, "digits");
  EXPECT_EQ(identity->entity, "alice");
  EXPECT_EQ(identity->display_name, "brisk-otter-1");
  EXPECT_TRUE(identity->inserted);
}

TEST(Contact, SaysWhatTheCallerCanDo) {
  const std::pair<ScriptedAnswer, ErrorCode> rows[] = {
      {{401, R"({"errors":[{"message":"user is not logged in"}]})"}, ErrorCode::kUnauthenticated},
      {{403, "{}"}, ErrorCode::kPermissionDenied},
      {{400, "{}"}, ErrorCode::kInvalidArgument},
      {{200, R"({"errors":[{"message":"bad project"}],"data":null})"}, ErrorCode::kInvalidArgument},
      {{500, "{}"}, ErrorCode::kUnavailable},
      {{429, "{}"}, ErrorCode::kUnavailable},
      {{200, "<html></html>"}, ErrorCode::kUnavailable},
      {hang(), ErrorCode::kUnavailable}};
  for (const auto& [answer, code] : rows) {
    TrackerServer server;
    server.misbehave = [&answer = answer](const auto&) { return std::optional(answer); };
    const auto identity = contact(server.target(), {.run_id = "r"}, 50'000);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, code) << answer.status << " " << answer.body;
  }
}

TEST(Uplink, DeliversWhileTheRunIsWrittenAndFinishes) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  auto uplink = start(server, journal);
  std::vector<std::string> expected;
  for (int step = 0; step < 1000; ++step) {
    journal.row(step, step / 8.0);
    expected.push_back(row_json(step, step / 8.0));
  }
  journal.exit();
  const auto report = uplink->finish(60'000'000, 1000);
  EXPECT_TRUE(report.complete) << report.error;
  EXPECT_EQ(report.acked_rows, 1000u);
  EXPECT_EQ(server.tracker.history(), expected);
  EXPECT_EQ(server.tracker.exit_code, 0);
  EXPECT_EQ(uplink->identity().entity, "alice");
  EXPECT_TRUE(std::filesystem::exists(journal.path() + ".synced"));
}

TEST(Uplink, FinishReturnsWhileAServerHangsAndSaysWhatIsLeft) {
  TrackerServer server;
  std::promise<void> hanging;
  bool told = false;
  server.misbehave = [&](const ScriptedRequest& request) -> std::optional<ScriptedAnswer> {
    if (request.target.find("file_stream") == std::string::npos) return std::nullopt;
    if (!std::exchange(told, true)) hanging.set_value();
    return hang();
  };
  TestJournal journal;
  journal.header_and_run();
  journal.row(0, 1);
  journal.row(1, 2);
  auto uplink = start(server, journal);
  hanging.get_future().wait();
  journal.exit();
  const auto report = uplink->finish(30'000, 2);
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.acked_rows, 0u);
  EXPECT_EQ(report.left_rows, 2u);
  EXPECT_FALSE(std::filesystem::exists(journal.path() + ".synced"));
}

TEST(Uplink, DestructionWithoutFinishEndsTheThreadWhileAServerHangs) {
  TrackerServer server;
  std::promise<void> hanging;
  bool told = false;
  server.misbehave = [&](const ScriptedRequest&) {
    if (!std::exchange(told, true)) hanging.set_value();
    return std::optional(hang());
  };
  TestJournal journal;
  journal.header_and_run();
  auto uplink = start(server, journal);
  hanging.get_future().wait();
  uplink.reset();
}

TEST(Sync, SendsMarksAndThenSkips) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  journal.row(0, 0.5);
  journal.exit();
  journal.close();
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_FALSE(runs->front().online);
  const SyncOptions options{.target = server.target()};
  EXPECT_EQ(sync_runs(*runs, options).sent, 1u);
  EXPECT_EQ(server.tracker.history(), std::vector{row_json(0, 0.5)});
  EXPECT_EQ(server.tracker.exit_code, 0);
  const auto again = find_runs({journal.directory()});
  ASSERT_TRUE(again);
  EXPECT_EQ(sync_runs(*again, options).skipped, 1u);
}

TEST(Sync, ADryRunSendsNothing) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  journal.exit();
  journal.close();
  const auto runs = find_runs({journal.path()});
  ASSERT_TRUE(runs);
  sync_runs(*runs, {.target = server.target(), .dry_run = true});
  EXPECT_TRUE(server.tracker.upserts.empty());
}

TEST(Sync, ATornTailCostsOnlyTheTornRecord) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  journal.row(0, 0.5);
  journal.row(1, 0.25);
  journal.close();
  std::filesystem::resize_file(journal.path(), std::filesystem::file_size(journal.path()) - 3);
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  EXPECT_EQ(sync_runs(*runs, {.target = server.target()}).sent, 1u);
  EXPECT_EQ(server.tracker.history(), std::vector{row_json(0, 0.5)});
  EXPECT_EQ(server.tracker.upserts.back().get("state")->string_or(""), "crashed");
}

TEST(Sync, OverridesReplaceWhatWasRecorded) {
  TrackerServer server;
  TestJournal journal;
  journal.append(protocol::RunRecord{.run_id = "r1", .project = "old", .tags = {"a", "b"}});
  journal.exit();
  journal.close();
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  sync_runs(*runs, {.target = server.target(),
                    .run_id = "r2",
                    .project = "new",
                    .entity = "team",
                    .job_type = "eval",
                    .replace_tags = {{"a", "z"}}});
  const Value& upsert = server.tracker.upserts.front();
  EXPECT_EQ(upsert.get("name")->string_or(""), "r2");
  EXPECT_EQ(upsert.get("project")->string_or(""), "new");
  EXPECT_EQ(upsert.get("entity")->string_or(""), "team");
  EXPECT_EQ(upsert.get("jobType")->string_or(""), "eval");
  EXPECT_EQ(*upsert.get("tags"), Value(List{"z", "b"}));
}

TEST(Sync, AServerThatRefusesIsAFailure) {
  TrackerServer server;
  server.misbehave = [](const auto&) { return std::optional(ScriptedAnswer{401, "{}"}); };
  TestJournal journal;
  journal.header_and_run();
  journal.close();
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  const auto report = sync_runs(*runs, {.target = server.target()});
  EXPECT_FALSE(report.all_delivered());
}

TEST(Sync, AnUnknownPathIsNotFound) {
  const auto runs = find_runs({"/nonexistent"});
  ASSERT_FALSE(runs);
  EXPECT_EQ(runs.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace runstone::uplink
