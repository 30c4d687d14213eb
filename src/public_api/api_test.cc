#include "runstone/api.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cmath>

#include "public_api/lists.h"
#include "public_api/test_server.h"

namespace runstone::public_api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

double seconds_of(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(Api, OpenRefusesWhatCannotBe) {
  ApiOptions options;
  options.api_key = "key";
  options.base_url = "ftp://x";
  EXPECT_EQ(Api::open(options).error().code, ErrorCode::kInvalidArgument);
  options.base_url = "http://127.0.0.1:9/";
  options.timeout_secs = 0;
  EXPECT_EQ(Api::open(options).error().code, ErrorCode::kInvalidArgument);
  options.timeout_secs = 1;
  const auto api = Api::open(options);
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_EQ(api->base_url(), "http://127.0.0.1:9");
}

TEST(Api, ARunIsReadWholeAndItsPathHasManyForms) {
  TestServer server;
  server.has_run();
  const auto api = server.api();
  for (const std::string& path : {std::string("ent/p/r"), std::string("p/r"), std::string("p:r"),
                                  std::string("ent/p/runs/r"), server.url() + "/ent/p/runs/r"}) {
    const auto run = api.run(path);
    ASSERT_TRUE(run) << path << ": " << run.error().message;
    EXPECT_EQ(server.asked("Run").back().get("project")->string_or(""), "p");
    EXPECT_THAT(run->path(), ElementsAre("ent", "p", "r"));
  }
  const auto run = api.run("p/r");
  EXPECT_EQ(run->name(), "brave");
  EXPECT_EQ(run->config().value(), (Dict{{"lr", 0.1}}));
  EXPECT_TRUE(run->raw_config()->contains("_wandb"));
  EXPECT_TRUE(std::isnan(run->summary().get({"loss"})->value().number_or(0)));
  EXPECT_EQ(run->url(), server.url() + "/ent/p/runs/r");
  EXPECT_EQ(api.run("r").error().code, ErrorCode::kInvalidArgument);  // of which project?
  EXPECT_EQ(api.run("a/b/c/d").error().code, ErrorCode::kInvalidArgument);
}

TEST(Api, WhatIsNotThereIsNotFoundAndTheMessageNamesIt) {
  TestServer server;
  server.data("Run", R"({"project":{"run":null}})");
  server.data("Runs", R"({"project":null})");
  server.data("GetSweep", R"({"project":null})");
  server.data("ArtifactMembershipByName", R"({"project":{"artifactCollectionMembership":null}})");
  const auto api = server.api();
  const auto run = api.run("p/r");
  EXPECT_EQ(run.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(run.error().message, HasSubstr("ent/p/r"));
  EXPECT_EQ(api.runs("p")->next().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(api.sweep("p/s").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(api.artifact("p/a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(server.asked("ArtifactMembershipByName")[0].get("name")->string_or(""), "a:latest");
  EXPECT_FALSE(api.artifact_exists("p/a:v0").value());
}

TEST(Api, TroubleHasACodeAndSaysWhatToDo) {
  TestServer server;
  const auto met = [&](net::ScriptedAnswer answer, double timeout_secs = 20) {
    server.on("Run", [answer](const Value&) { return answer; });
    return server.api(timeout_secs).run("p/r").error();
  };
  EXPECT_EQ(met({.status = 401}).code, ErrorCode::kUnauthenticated);
  EXPECT_THAT(met({.status = 401}).message, HasSubstr("runstone key"));
  EXPECT_EQ(met({.status = 403}).code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(met({.body = "<html>sign in</html>"}).code, ErrorCode::kUnavailable);
  EXPECT_THAT(met({.body = "<html>sign in</html>"}).message, HasSubstr("no JSON"));
  const auto refused = met({.body = R"({"errors":[{"message":"no such field"}]})"});
  EXPECT_EQ(refused.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.message, HasSubstr("no such field"));
  const auto busy = met({.status = 503, .body = R"({"error":"full"})"}, 0.5);
  EXPECT_EQ(busy.code, ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(busy.message, HasSubstr("full"));
  EXPECT_THAT(busy.message, HasSubstr("tries"));
}

TEST(Api, AServerThatIsAwayIsTriedThreeTimes) {
  std::string url;
  {
    url = net::ScriptedServer([](const auto&) { return net::ScriptedAnswer(); }).url();
  }
  ApiOptions options;
  options.base_url = url;
  options.api_key = "key";
  const auto api = Api::open(options);
  const double seconds = seconds_of([&] {
    const auto run = api->run("e/p/r");
    EXPECT_EQ(run.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(run.error().message, HasSubstr("does the server run"));
  });
  EXPECT_LT(seconds, 5);
}

TEST(Api, RetryAfterIsObeyedAndBoundedByTheTimeout) {
  TestServer server;
  int requests = 0;
  server.on("GetViewer", [&](const Value&) -> net::ScriptedAnswer {
    if (++requests == 1) return {.status = 429, .headers = {{"Retry-After", "0.3"}}};
    return {
        .body =
            R"({"data":{"viewer":{"username":"ada","teams":{"edges":[{"node":{"name":"t"}}]}}}})"};
  });
  const double seconds = seconds_of([&] {
    const auto viewer = server.api().viewer();
    ASSERT_TRUE(viewer) << viewer.error().message;
    EXPECT_EQ(viewer->username, "ada");
    EXPECT_THAT(viewer->teams, ElementsAre("t"));
  });
  EXPECT_GE(seconds, 0.3);
  server.on("GetViewer", [](const Value&) -> net::ScriptedAnswer {
    return {.status = 429, .headers = {{"Retry-After", "3600"}}};
  });
  const double refused = seconds_of(
      [&] { EXPECT_THAT(server.api().viewer().error().message, HasSubstr("asks to wait")); });
  EXPECT_LT(refused, 2);
}

TEST(Api, DeletionIsNotAskedTwiceWhenTheAnswerGotLost) {
  TestServer server;
  server.has_run();
  server.on("DeleteRun", [](const Value&) {
    return net::ScriptedAnswer{.kind = net::ScriptedAnswer::Kind::kCloseHalf};
  });
  auto run = server.api().run("p/r");
  EXPECT_EQ(run->remove(true).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(server.asked("DeleteRun").size(), 1u);
  EXPECT_TRUE(server.asked("DeleteRun")[0].get("deleteArtifacts")->bool_or(false));
}

TEST(Api, ListsComePageByPageAndAServerThatRepeatsACursorEndsThem) {
  TestServer server;
  server.on("Runs", [](const Value& variables) {
    const Value* cursor = variables.get("cursor");
    const std::string at(cursor != nullptr ? cursor->string_or("") : "");
    const std::string next = at.empty() ? "c1" : "c2";
    return net::ScriptedAnswer{
        .body = R"({"data":{"project":{"runCount":3,"runs":{"edges":[{"node":{"name":"run-)" + at +
                R"(","state":"failed"}}],"pageInfo":{"hasNextPage":true,"endCursor":")" + next +
                R"("}}}}})"};
  });
  auto runs = server.api().runs("p", {.filters = {{"state", "failed"}}, .per_page = 1});
  EXPECT_EQ(runs->count().value(), 3);
  const auto all = runs->rest();
  ASSERT_TRUE(all) << all.error().message;
  std::vector<std::string> ids;
  for (const auto& run : *all) ids.push_back(run.id());
  EXPECT_THAT(ids, ElementsAre("run-", "run-c1", "run-c2"));
  EXPECT_EQ(server.asked("Runs")[0].get("filters")->string_or(""), R"({"state":"failed"})");
  EXPECT_EQ(server.api().runs("p", {.per_page = 0}).error().code, ErrorCode::kInvalidArgument);
}

TEST(PublicRun, PA2_UpdateSendsOnlyWhatWasChangedOverWhatTheServerHas) {
  TestServer server;
  server.has_run();
  server.data("UpsertBucket", R"({"upsertBucket":{"bucket":{"id":"UnVu"}}})");
  auto run = server.api().run("p/r");
  run->set_name("new");
  ASSERT_TRUE(run->update());
  const Value named = server.asked("UpsertBucket").back();
  EXPECT_EQ(named.get("displayName")->string_or(""), "new");
  EXPECT_TRUE(named.get("notes")->is_null());
  EXPECT_EQ(named.get("config"), nullptr);
  EXPECT_EQ(named.get("tags"), nullptr);

  // Meanwhile somebody else has set wd and theirs.
  server.data("Run", R"({"project":{"run":{"id":"UnVu","name":"r",)"
                     R"("config":"{\"lr\":{\"value\":0.1},\"wd\":{\"value\":2}}",)"
                     R"("summaryMetrics":"{\"theirs\":1,\"n\":{\"x\":1}}"}}})");
  ASSERT_TRUE(run->set_config({{"lr", 0.5}}));
  ASSERT_TRUE(run->summary().set({"n", "y"}, 2));
  ASSERT_TRUE(run->summary().set({"gone"}, Value()));
  EXPECT_EQ(run->summary().get({"n"})->value(), Value(Dict{{"x", 1}, {"y", 2}}));
  ASSERT_TRUE(run->update());
  const Value sent = server.asked("UpsertBucket").back();
  EXPECT_EQ(
      json::parse(sent.get("config")->string_or("")).value(),
      Value(Dict{{"lr", Dict{{"value", 0.5}, {"desc", nullptr}}}, {"wd", Dict{{"value", 2}}}}));
  EXPECT_EQ(json::parse(sent.get("summaryMetrics")->string_or("")).value(),
            Value(Dict{{"theirs", 1}, {"n", Dict{{"x", 1}, {"y", 2}}}}));
  const auto before = server.asked("UpsertBucket").size();
  ASSERT_TRUE(run->update());  // nothing was changed since
  EXPECT_EQ(server.asked("UpsertBucket").size(), before);
}

TEST(PublicRun, ARunOfALazyListAsksForItsConfigOnce) {
  TestServer server;
  server.data("Runs", R"({"project":{"runs":{"edges":[{"node":{"name":"r","state":"running"}}],)"
                      R"("pageInfo":{"hasNextPage":false}}}})");
  server.has_run();
  const auto run = server.api().runs("p")->next()->at(0);
  EXPECT_EQ(run.state(), "running");
  EXPECT_TRUE(server.asked("Run").empty());
  EXPECT_EQ(run.config().value(), (Dict{{"lr", 0.1}}));
  EXPECT_EQ(run.summary_metrics()->find("n")->get("x")->int_or(0), 1);
  EXPECT_EQ(server.asked("Run").size(), 1u);
}

TEST(PublicRun, WaitingEndsWithTheRunOrTheTime) {
  TestServer server;
  server.has_run();
  server.data("RunState", R"({"project":{"run":{"state":"running"}}})");
  auto run = server.api().run("p/r");
  EXPECT_FALSE(run->wait_until_finished(0.01).value());
  EXPECT_EQ(run->state(), "running");
  for (const char* state : {"finished", "failed", "crashed", "killed", "preempted"}) {
    server.data("RunState", std::string(R"({"project":{"run":{"state":")") + state + "\"}}}");
    EXPECT_TRUE(run->wait_until_finished().value()) << state;
    EXPECT_EQ(run->state(), state);
  }
  server.data("RunState", R"({"project":{"run":null}})");
  EXPECT_EQ(run->wait_until_finished().error().code, ErrorCode::kNotFound);
}

TEST(PublicRun, AFilesNameCannotLeadOutOfTheFolder) {
  TestServer server;
  server.has_run();
  for (const char* name : {"../evil", "/etc/evil", "a/../../evil"}) {
    server.data("RunFiles",
                std::string(R"({"project":{"run":{"files":{"edges":[{"node":{"name":")") + name +
                    R"(","url":"/f"}}],"pageInfo":{"hasNextPage":false}}}}})");
    const auto file = server.api().run("p/r")->file(name);
    ASSERT_TRUE(file) << file.error().message;
    const auto done = file->download({.root = testing::TempDir()});
    EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument) << name;
  }
}

TEST(Sweep, ItsMetricIsReadFromBlocksFlowsAndJson) {
  EXPECT_EQ(
      order_of_sweep("method: grid\nmetric:\n  name: loss\n  goal: minimize\nparameters: {}\n"),
      "+summary_metrics.loss");
  EXPECT_EQ(order_of_sweep("metric: {goal: maximize, name: 'val/acc'}\n"),
            "-summary_metrics.val/acc");
  EXPECT_EQ(order_of_sweep("metric:\n    goal: \"maximize\" # the best\n    name: acc\n"),
            "-summary_metrics.acc");
  EXPECT_EQ(order_of_sweep(R"({"metric":{"name":"l"},"method":"random"})"), "+summary_metrics.l");
  EXPECT_EQ(order_of_sweep("method: grid\nparameters:\n  metric:\n    name: x\n"), "");
  EXPECT_EQ(order_of_sweep(""), "");
}

}  // namespace
}  // namespace runstone::public_api
