#include "uplink/uplink.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <new>
#include <thread>

#include "base/clock.h"
#include "base/no_threads.h"
#include "net/client/scripted_server.h"
#include "uplink/fake_tracker.h"
#include "uplink/file_sender.h"
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
  const auto made = contact(server.target(), {.run_id = "ab12", .project = "digits"});
  ASSERT_TRUE(made) << made.error().message;
  const RunIdentity* identity = &made->identity;
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
    const auto identity = contact(server.target(), {.run_id = "r"}, {}, {.timeout_us = 50'000});
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, code) << answer.status << " " << answer.body;
    const bool names_the_key =
        identity.error().message.find("RUNSTONE_API_KEY") != std::string::npos;
    EXPECT_EQ(names_the_key, code == ErrorCode::kUnauthenticated) << identity.error().message;
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

TEST(Uplink, WithoutAThreadThereIsNoneAndTheServerIsAskedAllTheSame) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  const NoThreads none;
  const auto uplink = Uplink::start({.target = server.target(), .journal_path = journal.path()});
  ASSERT_FALSE(uplink);
  EXPECT_EQ(uplink.error().code, ErrorCode::kResourceExhausted);
  const auto made = contact(server.target(), {.run_id = "ab12", .project = "digits"}, {},
                            {.timeout_us = 60'000'000, .keeps_asking = true});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->identity.run_id, "ab12");
}

TEST(Uplink, WhatIsThrownOnItsThreadEndsTheSendingAndNothingElse) {
  TrackerServer server;
  server.misbehave = [](const auto&) { return std::optional(ScriptedAnswer{500, "{}"}); };
  TestJournal journal;
  journal.header_and_run();
  journal.row(0, 1);
  UplinkOptions options{.target = server.target(), .journal_path = journal.path()};
  options.on_message = [](MessageLevel, const std::string&) { throw std::bad_alloc(); };
  auto uplink = Uplink::start(std::move(options));
  ASSERT_TRUE(uplink) << uplink.error().message;
  journal.exit();
  const auto report = (*uplink)->finish(60'000'000, 1);
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.left_rows, 1u);
  EXPECT_THAT(report.error, HasSubstr("sending has stopped"));
}

TEST(FilePool, SendsItselfWhereTheSystemGivesNoThread) {
  net::ScriptedServer server([](const ScriptedRequest&) { return ScriptedAnswer{200, ""}; });
  int woken = 0;
  FilePool pool(
      {.base_url = server.url(), .api_key = "key"}, system_clock(),
      [] { return net::make_http_client(); }, [&] { ++woken; });
  const NoThreads none;
  for (const char* name : {"a.txt", "b.txt"}) {
    FileJob job;
    job.url.url = server.url() + "/" + name;
    job.upload = {.name = name, .bytes = name};
    job.timeout_us = 60'000'000;
    pool.start(std::move(job));
  }
  const auto finished = pool.take_finished();
  ASSERT_EQ(finished.size(), 2u);
  for (const auto& file : finished) EXPECT_FALSE(file.trouble) << file.trouble->message;
  EXPECT_EQ(finished[0].upload.name, "a.txt");
}

TEST(Uplink, ALargeFileDoesNotHoldUpRows) {
  TrackerServer server;
  std::promise<void> putting;
  bool told = false;
  server.misbehave = [&](const ScriptedRequest& request) -> std::optional<ScriptedAnswer> {
    if (request.method != "PUT") return std::nullopt;
    if (!std::exchange(told, true)) putting.set_value();
    return hang();  // as an upload that takes for ever
  };
  TestJournal journal;
  journal.header_and_run();
  journal.write_file("media/big.bin", "big");
  journal.append(protocol::FilesRecord{.files = {{.path = "media/big.bin"}}});
  auto uplink = start(server, journal);
  putting.get_future().wait();
  journal.row(0, 1);
  while (uplink->acked_rows() < 1) std::this_thread::yield();  // for ever, if the file held it up
  const auto report = uplink->finish(0, 1);
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.left_rows, 0u);
}

TEST(Uplink, ManyFilesArriveBesideTheRows) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  for (int i = 0; i < 30; ++i) {
    const std::string name = "media/" + std::to_string(i) + ".txt";
    journal.write_file(name, name);
    journal.append(protocol::FilesRecord{.files = {{.path = name}}});
    journal.row(i, i);
  }
  journal.exit();
  auto uplink = start(server, journal);
  const auto report = uplink->finish(60'000'000, 30);
  EXPECT_TRUE(report.complete) << report.error;
  for (int i = 0; i < 30; ++i) {
    const std::string name = "media/" + std::to_string(i) + ".txt";
    EXPECT_EQ(server.tracker.files[name], name);
    EXPECT_EQ(server.tracker.uploaded.count(name), 1u);
  }
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

TEST(Sync, FollowsALiveWriterUntilItsEnd) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  journal.row(0, 0.5);
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  std::vector<std::string> messages;
  auto sync = std::async(std::launch::async, [&] {
    return sync_runs(*runs, {.target = server.target(),
                             .on_message = [&](MessageLevel, const std::string& text) {
                               messages.push_back(text);
                             }});
  });
  const auto sent_rows = [&] {
    const std::scoped_lock lock(server.mutex);
    return server.tracker.history().size();
  };
  while (sent_rows() < 1) std::this_thread::yield();
  journal.row(1, 0.25);
  journal.exit(0);
  journal.close();
  EXPECT_EQ(sync.get().sent, 1u);
  EXPECT_EQ(server.tracker.history(), (std::vector{row_json(0, 0.5), row_json(1, 0.25)}));
  EXPECT_EQ(server.tracker.exit_code, 0);
  EXPECT_THAT(messages, testing::Contains(HasSubstr("a process is writing it")));
}

TEST(Sync, AWriterThatDiesWhileItIsFollowedIsACrash) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  journal.row(0, 0.5);
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  auto sync =
      std::async(std::launch::async, [&] { return sync_runs(*runs, {.target = server.target()}); });
  const auto sent_rows = [&] {
    const std::scoped_lock lock(server.mutex);
    return server.tracker.history().size();
  };
  while (sent_rows() < 1) std::this_thread::yield();
  journal.row(1, 0.25);
  journal.close();
  EXPECT_EQ(sync.get().sent, 1u);
  EXPECT_EQ(server.tracker.history().size(), 2u);
  EXPECT_FALSE(server.tracker.exit_code);
  EXPECT_EQ(server.tracker.upserts.back().get("state")->string_or(""), "crashed");
}

TEST(Sync, AForeignClientsOpenJournalIsFollowedNotTrimmed) {
  TrackerServer server;
  TestJournal journal;
  journal.append(protocol::HeaderRecord{.producer = "0.31.0", .min_consumer = "0.70.0"});
  journal.append(protocol::RunRecord{.run_id = "r1", .project = "p1"});
  journal.row(0, 0.5);
  journal.close();
  // Its writer takes no lock, and has written half of a record.
  std::ofstream writer(journal.path(), std::ios::app | std::ios::binary);
  writer << "half" << std::flush;
  const auto size_bytes = std::filesystem::file_size(journal.path());
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  auto sync =
      std::async(std::launch::async, [&] { return sync_runs(*runs, {.target = server.target()}); });
  const auto sent_rows = [&] {
    const std::scoped_lock lock(server.mutex);
    return server.tracker.history().size();
  };
  while (sent_rows() < 1) std::this_thread::yield();
  EXPECT_EQ(sync.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  writer.close();
  EXPECT_EQ(sync.get().sent, 1u);
  EXPECT_EQ(std::filesystem::file_size(journal.path()), size_bytes);
  EXPECT_EQ(server.tracker.upserts.back().get("state")->string_or(""), "crashed");
}

TEST(Sync, TrimsTheTornTailOfADeadRun) {
  TrackerServer server;
  TestJournal journal;
  journal.append(protocol::HeaderRecord{.producer = "runstone-0.1.0", .min_consumer = "0.70.0"});
  journal.append(protocol::RunRecord{.run_id = "r1", .project = "p1"});
  journal.close();
  const auto intact_bytes = std::filesystem::file_size(journal.path());
  std::filesystem::resize_file(journal.path(), intact_bytes + 100'000);  // zeros, as reserved space
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  EXPECT_EQ(sync_runs(*runs, {.target = server.target()}).sent, 1u);
  EXPECT_EQ(std::filesystem::file_size(journal.path()), intact_bytes);
}

TEST(Sync, SeveralDirectoriesOfOneRunAreSentInOrderOfStartTime) {
  TrackerServer server;
  TestJournal second("r1"), first("r1");
  protocol::RunRecord run{.run_id = "r1", .project = "p1", .start_time_us = 1'000'000};
  first.append(run);
  first.row(0, 0.5);
  first.row(1, 0.5);
  first.exit();
  first.close();
  run.start_time_us = 2'000'000;
  run.resumed = true;
  run.starting_step = 2;
  second.append(run);
  second.row(2, 0.25);
  second.exit(3);
  second.close();
  const auto runs = find_runs({second.directory(), first.directory()});
  ASSERT_TRUE(runs);
  EXPECT_EQ(sync_runs(*runs, {.target = server.target()}).sent, 2u);
  EXPECT_EQ(server.tracker.history(),
            (std::vector{row_json(0, 0.5), row_json(1, 0.5), row_json(2, 0.25)}));
  EXPECT_EQ(server.tracker.exit_code, 3);
}

protocol::ArtifactRecord artifact_record(TestJournal& journal) {
  journal.write_file("a.txt", "hello\n");
  protocol::ArtifactRecord record{.run_id = "r1", .type = "dataset", .name = "ds", .digest = "d1"};
  record.client_id = "client";
  record.finalize = true;
  record.manifest.contents = {{.path = "a.txt",
                               .digest = "sZRqySSS0jR8YjW00mERhA==",
                               .size_bytes = 6,
                               .local_path = journal.directory() + "/files/a.txt"},
                              {.path = "ref", .digest = "s3://b/k", .ref = "s3://b/k"}};
  return record;
}

TEST(Sync, SendsArtifactsWithTheirFilesAndTheirManifest) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  journal.append(artifact_record(journal));
  journal.append(protocol::UseArtifactRecord{.id = "other"});
  journal.exit();
  journal.close();
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  EXPECT_TRUE(sync_runs(*runs, {.target = server.target()}).all_delivered());
  EXPECT_EQ(server.tracker.files["a.txt"], "hello\n");
  EXPECT_THAT(server.tracker.committed, testing::ElementsAre("art-d1"));
  EXPECT_THAT(server.tracker.used, testing::ElementsAre("other"));
  EXPECT_EQ(server.tracker.files["manifest-art-d1"],
            R"({"version":1,"storagePolicy":"wandb-storage-policy-v1",)"
            R"("storagePolicyConfig":{"storageLayout":"V2"},"contents":{)"
            R"("a.txt":{"digest":"sZRqySSS0jR8YjW00mERhA==","size":6,"birthArtifactID":"birth"},)"
            R"("ref":{"digest":"s3://b/k","ref":"s3://b/k"}}})");
  EXPECT_TRUE(find_runs({journal.directory()})->front().synced);
}

TEST(Sync, AnArtifactThatIsRefusedIsToldAndTheRunHasMoreToSend) {
  TrackerServer server;
  server.tracker.refuses_artifacts = true;
  TestJournal journal;
  journal.header_and_run();
  journal.append(artifact_record(journal));
  journal.row(0, 0.5);
  journal.exit();
  journal.close();
  const auto runs = find_runs({journal.directory()});
  ASSERT_TRUE(runs);
  std::vector<std::string> messages;
  const auto report = sync_runs(
      *runs, {.target = server.target(), .on_message = [&](MessageLevel, const std::string& text) {
                messages.push_back(text);
              }});
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(server.tracker.history().size(), 1u);
  EXPECT_THAT(messages, testing::Contains(HasSubstr("artifact \"ds\" was not sent")));
  EXPECT_THAT(messages, testing::Contains(HasSubstr("1 artifacts were not sent")));
  EXPECT_FALSE(find_runs({journal.directory()})->front().synced);
}

TEST(Sync, AnArtifactWhoseFileHasGoneCostsOnlyItself) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  auto record = artifact_record(journal);
  record.manifest.contents[0].local_path = journal.directory() + "/gone";
  journal.append(record);
  record = artifact_record(journal);
  record.digest = "d2";
  journal.append(record);
  journal.exit();
  journal.close();
  EXPECT_TRUE(
      sync_runs(*find_runs({journal.directory()}), {.target = server.target()}).all_delivered());
  EXPECT_THAT(server.tracker.committed, testing::ElementsAre("art-d2"));
}

TEST(Sync, AnArtifactSurvivesAnswersThatAreLostAndFilesThatFail) {
  TrackerServer server;
  TestJournal journal;
  journal.header_and_run();
  journal.append(artifact_record(journal));
  journal.exit();
  journal.close();
  std::map<std::string, int> seen;
  server.tracker.fault = [&](const std::string& method,
                             const std::string& path) -> std::optional<FakeAnswer> {
    if (++seen[method + path] % 2 == 1) return FakeAnswer{503, "{}"};  // every other one
    return std::nullopt;
  };
  EXPECT_TRUE(
      sync_runs(*find_runs({journal.directory()}), {.target = server.target()}).all_delivered());
  EXPECT_THAT(server.tracker.committed, testing::ElementsAre("art-d1"));
  EXPECT_EQ(server.tracker.files["a.txt"], "hello\n");
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
