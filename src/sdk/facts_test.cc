// What a run says about itself, in each mode and after its end; several runs; what a finished and a
// disabled one answer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::read_journal;
using testing_support::read_text;
using testing_support::Workplace;
namespace stdfs = std::filesystem;

void set_variables(const char* prefix,
                   std::initializer_list<std::pair<const char*, std::string>> all) {
  for (const auto& [name, value] : all)
    setenv((prefix + std::string(name)).c_str(), value.c_str(), 1);
}

class Variables : public testing::TestWithParam<const char*> {};
TEST_P(Variables, V1EveryFactFollowsItsVariable) {
  Workplace place;
  const std::string folder = place.path() + "/of env";
  set_variables(GetParam(), {{"PROJECT", "p"},
                             {"ENTITY", "e"},
                             {"NAME", "n"},
                             {"NOTES", "two\nlines"},
                             {"TAGS", "a,b c,d"},
                             {"RUN_GROUP", "g"},
                             {"JOB_TYPE", "j"},
                             {"RUN_ID", "r1"},
                             {"DIR", folder},
                             {"SWEEP_ID", "s1"},
                             {"MODE", "offline"}});
  InitOptions options;
  options.printer = [](MessageLevel, const std::string&) {};
  runstone::Run run = place.start(options);
  EXPECT_EQ(run.path(), "e/p/r1");
  EXPECT_EQ(*run.name(), "n");
  EXPECT_EQ(*run.notes(), "two\nlines");
  EXPECT_EQ(run.tags(), (std::vector<std::string>{"a", "b c", "d"}));
  EXPECT_EQ(run.group() + run.job_type(), "gj");
  EXPECT_EQ(*run.sweep_id(), "s1");
  EXPECT_EQ(run.dir().find(folder + "/runstone/"), 0u) << run.dir();
  EXPECT_TRUE(stdfs::is_directory(run.dir()));
}
INSTANTIATE_TEST_SUITE_P(Prefixes, Variables, testing::Values("RUNSTONE_", "WANDB_"));

TEST(Facts, PR1OfAnOfflineRunAlsoOnceItIsFinished) {
  Workplace place;
  InitOptions options = place.options();
  options.project = "p", options.group = "g", options.job_type = "train";
  options.notes = "n", options.id = "x1";
  runstone::Run run = place.start(options);
  for (const bool finished : {false, true}) {
    SCOPED_TRACE(finished);
    if (finished) run.finish();
    EXPECT_EQ(run.finished(), finished);
    EXPECT_EQ(run.path(), "p/x1");
    EXPECT_EQ(run.id() + run.project() + run.group() + run.job_type() + *run.notes(), "x1pgtrainn");
    EXPECT_EQ(run.entity(), "");
    EXPECT_TRUE(run.offline() && !run.disabled() && !run.resumed() && !run.is_child());
    EXPECT_FALSE(run.name() || run.url() || run.project_url() || run.sweep_url() || run.sweep_id());
    EXPECT_NE(run.to_html().find("not online"), std::string::npos);
    EXPECT_EQ(run.dir(), run.sync_dir() + "/files");
    EXPECT_TRUE(stdfs::is_directory(run.dir()));
    EXPECT_EQ(run.settings().text("mode"), "offline");
    EXPECT_GT(run.start_time(), 1.6e9);
    EXPECT_EQ(run.starting_step(), 0);
    EXPECT_TRUE(run.config().all().empty() && run.config_static().empty());
  }
}

TEST(Facts, PR1OfAnOnlineRunItsAddressesAreQuoted) {
  Workplace place;
  InitOptions options = place.options();
  options.mode = "online";
  options.entity = "my team", options.project = "p", options.id = "a=b+c d";
  ASSERT_TRUE(options.settings.set("base_url", "http://127.0.0.1:9"));
  ASSERT_TRUE(options.settings.set("api_key", "k"));
  ASSERT_TRUE(options.settings.set("sweep_id", "s1"));
  ASSERT_TRUE(options.settings.set("finish_timeout", 0.01));
  runstone::Run run = place.start(options);
  EXPECT_EQ(run.path(), "my team/p/a=b+c d");
  EXPECT_EQ(*run.url(), "http://127.0.0.1:9/my%20team/p/runs/a=b+c%20d");
  EXPECT_EQ(*run.project_url(), "http://127.0.0.1:9/my%20team/p");
  EXPECT_EQ(*run.sweep_url(), "http://127.0.0.1:9/my%20team/p/sweeps/s1");
  EXPECT_EQ(run.to_html(99),
            "<iframe src=\"http://127.0.0.1:9/my%20team/p/runs/a=b+c%20d?jupyter=true\" "
            "style=\"border:none;width:100%;height:99px;\"></iframe>");
  EXPECT_EQ(run.to_html(99, true).find("<button"), 0u);
  EXPECT_NE(run.to_html(99, true).find("display:none;"), std::string::npos);
}

TEST(Facts, PR2WrongTagsLeaveTheOldOnesAndWarn) {
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.set_tags({"a"}));
  for (const std::string& wrong : {std::string(), std::string(65, 't')}) {
    EXPECT_TRUE(run.set_tags({"b", wrong}));
    EXPECT_EQ(run.tags(), std::vector<std::string>{"a"});
  }
  EXPECT_NE(place.all_lines().find("Invalid tag detected"), std::string::npos);
  EXPECT_NE(place.all_lines().find("\". Tags not updated."), std::string::npos);
  run.finish();
  EXPECT_EQ(run.set_tags({""}).error().code, ErrorCode::kFailedPrecondition);
}

TEST(Facts, PR3ASnapshotOfTheConfigStaysAsItWas) {
  Workplace place;
  InitOptions options = place.options();
  options.config = {{"lr", 0.1}, {"_private", 1}};
  runstone::Run run = place.start(options);
  const Dict snapshot = run.config_static();
  ASSERT_TRUE(run.config().update({{"lr", 0.2}, {"more", 1}}, true));
  EXPECT_EQ(snapshot, (Dict{{"lr", 0.1}}));
}

TEST(Facts, PR4SettingsAreACopy) {
  Workplace place;
  InitOptions options = place.options();
  options.project = "p";
  runstone::Run run = place.start(options);
  Settings settings = run.settings();
  ASSERT_TRUE(settings.set("project", "z"));
  EXPECT_EQ(run.project(), "p");
  EXPECT_EQ(run.settings().text("project"), "p");
}

TEST(Facts, SE1UnknownSettingsAreRefusedAndACarriageReturnRestartsItsLine) {
  Workplace place;
  InitOptions options = place.options();
  EXPECT_EQ(options.settings.set("nope", 1).error().code, ErrorCode::kInvalidArgument);
  runstone::Run run = place.start(options);
  run.write_console(runstone::Run::Stream::kStdout, "a\rb\n");
  run.write_logs("a line of one's own");
  run.finish();
  run.write_logs("ignored");
  EXPECT_EQ(read_text(run.dir() + "/output.log"), "b\na line of one's own\n");
}

TEST(SeveralRuns, P1NeverMixWhatTheyAreGiven) {
  Workplace place;
  runstone::Run first = place.start(), second = place.start();
  EXPECT_NE(first.id(), second.id());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(first.log({{"first", i}}));
    ASSERT_TRUE(second.log({{"second", 10 * i}}));
  }
  ASSERT_TRUE(first.config().set("whose", "first"));
  first.finish(2);
  EXPECT_FALSE(first.log({{"late", 1}}));
  ASSERT_TRUE(second.log({{"second", 30}}));
  EXPECT_FALSE(second.config().get("whose"));
  second.finish();
  const auto of_first = read_journal(first.sync_dir()), of_second = read_journal(second.sync_dir());
  EXPECT_EQ(of_first.row_texts(), "0 {\"first\":0}\n1 {\"first\":1}\n2 {\"first\":2}\n");
  EXPECT_EQ(of_second.row_texts(),
            "0 {\"second\":0}\n1 {\"second\":10}\n2 {\"second\":20}\n3 {\"second\":30}\n");
  EXPECT_EQ(of_first.all<protocol::ExitRecord>()[0].exit_code, 2);
  EXPECT_EQ(of_second.all<protocol::ExitRecord>()[0].exit_code, 0);
}

// Each call that writes, as its error; nothing for one that took it.
std::vector<std::pair<const char*, std::optional<Error>>> write_everything(runstone::Run& run) {
  const auto error_of = [](auto&& result) -> std::optional<Error> {
    return result ? std::nullopt : std::optional<Error>(result.error());
  };
  const Artifact artifact = *Artifact::create("a", "dataset");
  const std::string_view keys[] = {"b"};
  const double values[] = {1};
  return {{"log", error_of(run.log({{"a", 1}, {"n", Value({{"x", 2}})}}))},
          {"log", error_of(run.log_numbers(keys, values))},
          {"log", error_of(run.log(Dict{{"c", 3}}))},
          {"config.update", error_of(run.config().update({{"lr", 0.1}}))},
          {"config.setdefaults", error_of(run.config().set_defaults({{"seed", 1}}))},
          {"config.persist", error_of(run.config().persist())},
          {"summary", error_of(run.summary().set("best", 1))},
          {"summary", error_of(run.summary().erase("best"))},
          {"define_metric", error_of(run.define_metric("a"))},
          {"save", error_of(run.save("nothing-*"))},
          {"save", error_of(run.add_file("f"))},
          {"alert", error_of(run.alert("title", "text"))},
          {"log_artifact", error_of(run.log_artifact(artifact))},
          {"upsert_artifact", error_of(run.upsert_artifact(artifact, "id"))},
          {"finish_artifact", error_of(run.finish_artifact(artifact, "id"))},
          {"log_model", error_of(run.log_model("/proc/self/cmdline", "net"))},
          {"log_code", error_of(run.log_code("/nowhere"))},
          {"mark_preempting", error_of(run.mark_preempting())},
          {"config", error_of(run.pin_config_keys({"lr"}))},
          {"status", error_of(run.status())},
          {"name", error_of(run.set_name("n"))},
          {"notes", error_of(run.set_notes("n"))},
          {"tags", error_of(run.set_tags({"t"}))}};
}

TEST(Finished, F0EverythingThatWritesSaysThatTheRunIsFinished) {
  Workplace place;
  runstone::Run run = place.start();
  run.finish();
  const std::string before = read_text(run.sync_dir() + "/run-" + run.id() + ".wandb");
  for (const auto& [method, error] : write_everything(run)) {
    ASSERT_TRUE(error) << method;
    EXPECT_EQ(error->code, ErrorCode::kFailedPrecondition) << method << ": " << error->message;
    EXPECT_NE(error->message.find("(" + run.id() + ") is finished. The call to `" + method + "`"),
              std::string::npos)
        << error->message;
  }
  run.write_console(runstone::Run::Stream::kStdout, "ignored\n");
  EXPECT_FALSE(run.finish(1).first_call);
  EXPECT_EQ(read_text(run.sync_dir() + "/run-" + run.id() + ".wandb"), before);
}

TEST(Disabled, D1EveryMethodWorksAndTheDirectoryStaysEmpty) {
  Workplace place;
  InitOptions options = place.options();
  options.mode = "disabled";
  runstone::Run run = place.start(options);
  for (const bool finished : {false, true}) {
    for (const auto& [method, error] : write_everything(run)) {
      EXPECT_FALSE(error) << method << ": " << error->message;
    }
    run.write_console(runstone::Run::Stream::kStdout, "a line\n");
    run.write_logs("a line");
    EXPECT_EQ(json::to_text(Value(run.summary().all())),
              "{\"a\":1,\"n\":{\"x\":2},\"b\":1,\"c\":3}");
    EXPECT_EQ(run.config().update({{"lr", 9}}).error().code, ErrorCode::kConfigLocked);
    EXPECT_FALSE(run.url() || run.project_url() || run.sweep_url());
    EXPECT_FALSE(run.to_html().empty());
    EXPECT_EQ(run.step(), 0);
    if (!finished) run.finish();
  }
  EXPECT_TRUE(stdfs::is_empty(place.path()));
}

}  // namespace
}  // namespace runstone
