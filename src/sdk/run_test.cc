#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/json.h"
#include "sdk/test_run.h"
#include "sdk/where_to_send.h"

namespace runstone {
namespace {

using testing_support::Journal;
using testing_support::read_journal;
using testing_support::read_text;
using testing_support::Workplace;
namespace stdfs = std::filesystem;

void expect_refused(const InitOptions& options, ErrorCode code, const std::string& words) {
  const auto run = runstone::Run::init(options);
  ASSERT_FALSE(run) << words;
  EXPECT_EQ(run.error().code, code) << run.error().message;
  EXPECT_NE(run.error().message.find(words), std::string::npos) << run.error().message;
}

TEST(Init, I1WrongArgumentsHaveTheirErrors) {
  Workplace place;
  const auto with = [&](auto&& change) {
    InitOptions options = place.options();
    change(options);
    return options;
  };
  using O = InitOptions;
  const auto wrong = ErrorCode::kInvalidArgument, misuse = ErrorCode::kFailedPrecondition;
  expect_refused(with([](O& o) { o.project = std::string(129, 'p'); }), misuse,
                 "exceeded 128 characters");
  for (const char* bad : {"a/b", "a\\b", "a#b", "a?b", "a%b", "a:b"}) {
    expect_refused(with([&](O& o) { o.project = bad; }), misuse, "cannot contain characters");
  }
  for (const char* bad : {"", " x", "x ", "a:b", "a;b", "a,b", "a#b", "a?b", "a/b", "a'b"}) {
    expect_refused(with([&](O& o) { o.id = bad; }), misuse, "Run ID");
  }
  expect_refused(with([](O& o) { o.id = std::string(201, 'x'); }), misuse, "more than 200 bytes");
  expect_refused(with([](O& o) { o.tags = {{""}}; }), wrong, "Tags must be between 1 and 64");
  expect_refused(with([](O& o) { o.tags = {{std::string(65, 't')}}; }), wrong, "Tags must be");
  expect_refused(with([](O& o) { o.mode = "sideways"; }), wrong, "mode");
  expect_refused(with([](O& o) { o.resume = "perhaps"; }), wrong, "resume");
  expect_refused(with([](O& o) { o.resume = "must", o.fork_from = "a?_step=1"; }), wrong,
                 "mutually exclusive");
  for (const char* bad : {"", "a", "a?_step=x", "a?_step=", "?_step=1", "a?loss=1"}) {
    expect_refused(with([&](O& o) { o.fork_from = bad; }), wrong, "Could not parse passed run mom");
    expect_refused(with([&](O& o) { o.resume_from = bad; }), wrong, "Could not parse passed run");
  }
  std::string umlauts;  // limits are of characters
  for (int i = 0; i < 129; ++i) umlauts += "\u00fc";
  expect_refused(with([&](O& o) { o.project = umlauts; }), misuse, "exceeded 128 characters");
  EXPECT_EQ(place.start(with([&](O& o) { o.project = umlauts.substr(2); })).project().size(), 256u);
  expect_refused(with([](O& o) { o.resume_from = "a?_step=1", o.id = "b"; }), wrong, "resume_from");
  expect_refused(with([](O& o) {
                   o.config_exclude_keys = {"a"};
                   o.config_include_keys = {"b"};
                 }),
                 misuse, "at most only one");
}

TEST(Init, OneThatGoesOnFromAStoredRunNeedsTheServerAndLeavesNothing) {
  Workplace place;
  for (auto field : {&InitOptions::resume, &InitOptions::resume_from, &InitOptions::fork_from}) {
    InitOptions options = place.options();
    options.mode = "online";
    ASSERT_TRUE(options.settings.set("base_url", "http://127.0.0.1:9"));
    ASSERT_TRUE(options.settings.set("api_key", "k"));
    ASSERT_TRUE(options.settings.set("init_timeout", 0.3));
    options.*field = field == &InitOptions::resume ? "allow" : "abc?_step=3";
    expect_refused(options, ErrorCode::kUnavailable, "init_timeout");
  }
  EXPECT_FALSE(stdfs::exists(place.path() + "/runstone"));
}

TEST(Init, V1_TheEnvironmentIsReadOnceAndAChangeIsTold) {
  Workplace place;
  setenv("RUNSTONE_PROJECT", "first", 1);
  InitOptions options = place.options();
  options.project.reset();
  EXPECT_EQ(place.start(options).project(), "first");
  setenv("RUNSTONE_PROJECT", "second", 1);
  EXPECT_EQ(place.start(options).project(), "first");
  EXPECT_NE(place.all_lines().find("RUNSTONE_PROJECT was changed"), std::string::npos);
  forget_environment();
  EXPECT_EQ(place.start(options).project(), "second");
  unsetenv("RUNSTONE_PROJECT");
}

TEST(Init, SharedModeNumbersNoRowAndLabelsItsWriter) {
  Workplace place;
  InitOptions options = place.options();
  options.mode = "shared";  // no server is known: recorded for `sync`
  ASSERT_TRUE(options.settings.set("x_label", "node/1"));
  ASSERT_TRUE(options.settings.set("x_primary", false));
  runstone::Run run = place.start(options);
  EXPECT_EQ(run.step(), -1);
  ASSERT_TRUE(run.log({{"a", 1}}, {.step = 7}));
  ASSERT_TRUE(run.log({{"a", 2}}, {.step = 3}));
  run.finish();
  const Journal journal = read_journal(run.sync_dir());
  ASSERT_EQ(journal.rows.size(), 2u);
  EXPECT_EQ(journal.rows[0].step, -1);
  const auto record = journal.all<protocol::RunRecord>().front();
  ASSERT_TRUE(record.writer);
  EXPECT_EQ(record.writer->shared_id.size(), 36u);
  EXPECT_EQ(record.writer->label, "node_1");
  EXPECT_TRUE(record.writer->is_secondary);
  EXPECT_FALSE(stdfs::exists(run.dir() + "/wandb-metadata.json"));
  EXPECT_NE(place.all_lines().find("step= is ignored in shared mode"), std::string::npos);
}

TEST(Init, AnOfflineWishToGoOnIsRecorded) {
  Workplace place;
  InitOptions options = place.options();
  options.fork_from = "base?_step=4";
  runstone::Run run = place.start(options);
  EXPECT_EQ(run.step(), 0);
  EXPECT_FALSE(run.resumed());
  run.finish();
  const auto record = read_journal(run.sync_dir()).all<protocol::RunRecord>().front();
  ASSERT_TRUE(record.branch_point);
  EXPECT_EQ(record.branch_point->run, "base");
  EXPECT_EQ(record.branch_point->value, 4);
}

TEST(Init, NamedServerWithoutAKeyIsRefused) {
  Workplace place;
  InitOptions options = place.options();
  options.mode = "online";
  ASSERT_TRUE(options.settings.set("base_url", "http://127.0.0.1:9"));
  expect_refused(options, ErrorCode::kFailedPrecondition, "No API key configured");
}

TEST(Init, NoServerKnownMeansOfflineWithOneLine) {
  Workplace place;
  InitOptions options = place.options();
  options.mode.reset();
  runstone::Run run = place.start(options);
  EXPECT_TRUE(run.offline());
  EXPECT_NE(place.all_lines().find("runstone sync"), std::string::npos);
}

TEST(Init, ServerThatIsAwayIsNoError) {
  Workplace place;
  InitOptions options = place.options();
  options.mode = "online";
  ASSERT_TRUE(options.settings.set("base_url", "http://127.0.0.1:9"));
  ASSERT_TRUE(options.settings.set("api_key", "k"));
  ASSERT_TRUE(options.settings.set("finish_timeout", 0.05));
  runstone::Run run = place.start(options);
  EXPECT_FALSE(run.offline());
  EXPECT_TRUE(run.name());
  ASSERT_TRUE(run.log({{"a", 1}}));
  const FinishReport report = run.finish();
  EXPECT_FALSE(report.delivered);
  EXPECT_EQ(report.left_records, 1u);
  EXPECT_NE(report.message.find("runstone sync"), std::string::npos);
  EXPECT_EQ(read_journal(run.sync_dir()).rows.size(), 1u);
}

TEST(Init, I2SameIdTwiceGetsTwoDirectories) {
  Workplace place;
  InitOptions options = place.options();
  options.id = "same";
  // Both may fall on either side of a second; a third is in the second of one of them or later.
  std::set<std::string> directories;
  for (int i = 0; i < 3; ++i) directories.insert(place.start(options).sync_dir());
  EXPECT_EQ(directories.size(), 3u);
}

TEST(Init, PrecedenceGoesFromFilesToArguments) {
  Workplace place;
  stdfs::create_directories(place.path() + "/.config/runstone");
  std::ofstream(place.path() + "/.config/runstone/settings")
      << "[default]\nproject = of-file\nentity = of-file\nrun_group = of-file\n"
         "run_job_type = of-file\nrun_notes = of-file\n";
  setenv("WANDB_ENTITY", "of-env", 1);
  setenv("WANDB_PROJECT", "of-wandb", 1);
  setenv("RUNSTONE_PROJECT", "of-env", 1);
  setenv("RUNSTONE_RUN_GROUP", "of-env", 1);
  setenv("RUNSTONE_JOB_TYPE", "of-env", 1);
  setenv("RUNSTONE_TAGS", "a,b c,d", 1);
  InitOptions options = place.options();
  ASSERT_TRUE(options.setup_settings.set("run_group", "of-setup"));
  ASSERT_TRUE(options.setup_settings.set("run_job_type", "of-setup"));
  ASSERT_TRUE(options.settings.set("run_job_type", "of-settings"));
  ASSERT_TRUE(options.settings.set("entity", "of-settings"));
  options.entity = "of-argument";
  runstone::Run run = place.start(options);
  EXPECT_EQ(*run.notes(), "of-file");
  EXPECT_EQ(run.project(), "of-env");
  EXPECT_EQ(run.group(), "of-setup");
  EXPECT_EQ(run.job_type(), "of-settings");
  EXPECT_EQ(run.entity(), "of-argument");
  EXPECT_EQ(run.tags(), (std::vector<std::string>{"a", "b c", "d"}));
}

TEST(Init, PR1_PR2PropertiesOfAnOfflineRun) {
  Workplace place;
  InitOptions options = place.options();
  options.project = "p";
  options.group = "g";
  options.job_type = "train";
  options.notes = "n";
  options.id = "x1";
  runstone::Run run = place.start(options);
  EXPECT_EQ(run.path(), "p/x1");
  EXPECT_EQ(run.group() + run.job_type() + *run.notes() + run.id(), "gtrainnx1");
  EXPECT_FALSE(run.name());
  EXPECT_FALSE(run.url());
  EXPECT_TRUE(stdfs::is_directory(run.dir()));
  ASSERT_TRUE(run.set_name("new"));
  ASSERT_TRUE(run.set_tags({"t"}));
  ASSERT_TRUE(run.set_tags({""}));  // a warning, and the old tags stay
  EXPECT_EQ(*run.name(), "new");
  EXPECT_EQ(run.tags(), std::vector<std::string>{"t"});
  EXPECT_NE(place.all_lines().find("Invalid tag detected"), std::string::npos);
  run.finish();
  EXPECT_EQ(run.set_name("late").error().code, ErrorCode::kFailedPrecondition);
  const auto runs = read_journal(run.sync_dir()).all<protocol::RunRecord>();
  EXPECT_EQ(runs.back().display_name, "new");
  EXPECT_EQ(runs.back().tags, std::vector<std::string>{"t"});
}

TEST(Init, V1TheEnvironmentSetsWhatNoOptionDoes) {
  Workplace place;
  const std::pair<const char*, std::string> variables[] = {
      {"PROJECT", "of-env"},
      {"ENTITY", "team"},
      {"NAME", "shown"},
      {"NOTES", "two words"},
      {"TAGS", "a,b c,d"},
      {"RUN_GROUP", "group"},
      {"JOB_TYPE", "train"},
      {"RUN_ID", "abc123"},
      {"SWEEP_ID", "sweep7"},
      {"MODE", "offline"},
      {"DIR", place.path() + "/elsewhere"},
  };
  for (const auto& [name, value] : variables) {
    setenv(("RUNSTONE_" + std::string(name)).c_str(), value.c_str(), 1);
  }
  InitOptions options;
  options.printer = [](MessageLevel, const std::string&) {};
  runstone::Run run = place.start(options);
  EXPECT_EQ(run.path(), "team/of-env/abc123");
  EXPECT_EQ(*run.name() + "|" + *run.notes(), "shown|two words");
  EXPECT_EQ(run.tags(), (std::vector<std::string>{"a", "b c", "d"}));
  EXPECT_EQ(run.group() + "|" + run.job_type(), "group|train");
  EXPECT_EQ(run.settings().text("sweep_id"), "sweep7");
  EXPECT_EQ(run.sync_dir().rfind(place.path() + "/elsewhere/runstone/offline-run-", 0), 0u);
}

TEST(Init, PR4SettingsAreACopy) {
  Workplace place;
  runstone::Run run = place.start();
  Settings settings = run.settings();
  ASSERT_TRUE(settings.set("project", "another"));
  EXPECT_NE(run.project(), "another");
  EXPECT_NE(run.settings().text("project"), "another");
}

TEST(Finish, F0EverythingThatWritesIsRefusedAfterwards) {
  Workplace place;
  runstone::Run run = place.start();
  run.finish();
  const std::vector<std::pair<const char*, ErrorCode>> answers = {
      {"log", run.log({{"a", 1}}).error().code},
      {"save", run.save("*").error().code},
      {"define_metric", run.define_metric("a").error().code},
      {"alert", run.alert("a", "b").error().code},
      {"log_artifact", run.log_artifact(place.path()).error().code},
      {"upsert_artifact", run.upsert_artifact(*Artifact::create("a", "t"), "id").error().code},
      {"finish_artifact", run.finish_artifact(*Artifact::create("a", "t"), "id").error().code},
      {"log_model", run.log_model(place.path()).error().code},
      {"log_code", run.log_code(place.path()).error().code},
      {"mark_preempting", run.mark_preempting().error().code},
      {"status", run.status().error().code},
      {"pin_config_keys", run.pin_config_keys({"a"}).error().code},
      {"set_name", run.set_name("a").error().code},
      {"set_notes", run.set_notes("a").error().code},
      {"set_tags", run.set_tags({"a"}).error().code},
      {"config", run.config().set("a", 1).error().code},
      {"summary", run.summary().set("a", 1).error().code},
  };
  for (const auto& [name, code] : answers) EXPECT_EQ(code, ErrorCode::kFailedPrecondition) << name;
  EXPECT_FALSE(run.finish().first_call);
  EXPECT_TRUE(stdfs::is_directory(run.dir()));  // the facts can still be read
}

TEST(Init, DirectoryThatCannotBeMadeFallsBackToTemp) {
  Workplace place;
  std::ofstream(place.path() + "/file") << "x";
  InitOptions options = place.options();
  options.dir = place.path() + "/file/below";
  runstone::Run run = place.start(options);
  EXPECT_NE(place.all_lines().find("not writable"), std::string::npos);
  const std::string made = run.sync_dir();
  run.finish();
  stdfs::remove_all(made);
}

TEST(Disabled, D1KeepsASummaryAndMakesNothing) {
  Workplace place;
  InitOptions options = place.options();
  options.mode = "disabled";
  runstone::Run run = place.start(options);
  ASSERT_TRUE(run.log({{"a", 1}, {"n", Value({{"x", 2}})}}));
  ASSERT_TRUE(run.define_metric("a"));
  EXPECT_EQ(json::to_text(Value(run.summary().all())), "{\"a\":1,\"n\":{\"x\":2}}");
  EXPECT_EQ(*run.name(), "dummy-" + run.id());
  EXPECT_EQ(run.entity() + run.project(), "dummydummy");
  EXPECT_FALSE(stdfs::exists(run.dir()));
  run.finish();
  EXPECT_TRUE(run.log({{"a", 2}}));
  EXPECT_TRUE(stdfs::is_empty(place.path()));
}

TEST(Config, C3StoredConfigIsTheLatest) {
  Workplace place;
  InitOptions options = place.options();
  options.config = {{"lr", 0.1}, {"n", Value({{"a", 1}})}};
  runstone::Run run = place.start(options);
  EXPECT_EQ(run.config().set("lr", 0.3).error().code, ErrorCode::kConfigLocked);
  ASSERT_TRUE(run.config().update({{"lr", 0.2}}, true));
  ASSERT_TRUE(run.config().set("new", "v"));
  run.finish();
  EXPECT_EQ(run.config().set("late", 1).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(*run.config().get("lr"), Value(0.2));
  const std::string yaml = read_text(run.dir() + "/config.yaml");
  EXPECT_NE(yaml.find("lr:\n    value: 0.2\n"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("    value:\n        a: 1\n"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("_wandb:"), std::string::npos) << yaml;
}

TEST(Config, InitMayAllowAllChanges) {
  Workplace place;
  InitOptions options = place.options();
  options.allow_val_change = true;
  options.config = {{"lr", 1}};
  runstone::Run run = place.start(options);
  EXPECT_TRUE(run.config().set("lr", 2));
}

TEST(Finish, FI1RecordsTheExitCodeOnceAndWritesTheFiles) {
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.log({{"open", 1}}, {std::nullopt, false}));
  run.write_console(runstone::Run::Stream::kStdout, "a\rb\nhalf");
  EXPECT_TRUE(run.finish(3).first_call);
  EXPECT_FALSE(run.finish(0).first_call);
  const Journal journal = read_journal(run.sync_dir());
  const auto exits = journal.all<protocol::ExitRecord>();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_EQ(exits[0].exit_code, 3);
  EXPECT_EQ(journal.row_texts(), "0 {\"open\":1}\n");
  EXPECT_EQ(read_text(run.dir() + "/output.log"), "b\nhalf\n");
  EXPECT_NE(read_text(run.dir() + "/wandb-summary.json").find("\"open\":1"), std::string::npos);
  EXPECT_NE(read_text(run.dir() + "/wandb-metadata.json").find("startedAt"), std::string::npos);
}

TEST(Finish, DestructorFinishesWithZero) {
  Workplace place;
  std::string directory;
  {
    runstone::Run run = place.start();
    directory = run.sync_dir();
  }
  ASSERT_EQ(read_journal(directory).all<protocol::ExitRecord>().size(), 1u);
}

// --- processes -----------------------------------------------------------------------------------

int wait_for_child(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Processes, X2RowsOfForkedChildrenAndThreadsAllGetSteps) {
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.log({{"before", 1}}));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) discard(run.log({{"parent", i}}), "counted below");
    });
  }
  std::vector<pid_t> children;
  for (int c = 0; c < 2; ++c) {
    const pid_t child = fork();
    if (child == 0) {
      const bool ok = run.log({{"child", c}}).has_value() && run.is_child();
      _exit(ok ? 0 : 1);
    }
    children.push_back(child);
  }
  for (auto& thread : threads) thread.join();
  for (const pid_t child : children) EXPECT_EQ(wait_for_child(child), 0);
  run.finish();
  const Journal journal = read_journal(run.sync_dir());
  ASSERT_EQ(journal.rows.size(), 403u);
  std::set<std::int64_t> steps;
  int of_children = 0;
  for (const auto& row : journal.rows) {
    steps.insert(row.step);
    of_children += row.leaves.contains("child");
  }
  EXPECT_EQ(steps.size(), 403u);
  EXPECT_EQ(of_children, 2);
  EXPECT_EQ(journal.all<protocol::ExitRecord>().size(), 1u);
}

TEST(Processes, ChildsFinishWritesItsOpenRowAndNotTheExit) {
  Workplace place;
  runstone::Run run = place.start();
  const pid_t child = fork();
  if (child == 0) {
    discard(run.log({{"open", 1}}, {std::nullopt, false}), "checked by the parent");
    discard(run.summary().set("best", 7), "checked by the parent");
    run.finish(1);
    _exit(0);
  }
  EXPECT_EQ(wait_for_child(child), 0);
  ASSERT_TRUE(run.log({{"mine", 1}}));
  run.finish();
  const Journal journal = read_journal(run.sync_dir());
  EXPECT_EQ(journal.rows.size(), 2u);
  ASSERT_EQ(journal.all<protocol::ExitRecord>().size(), 1u);
  EXPECT_EQ(journal.all<protocol::ExitRecord>()[0].exit_code, 0);
  EXPECT_EQ(*journal.summary_of_records().find("best"), Value(7));
}

TEST(Processes, WhatAChildSaysOfTheRunReachesIt) {
  Workplace place;
  runstone::Run run = place.start();
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    bool ok = read(gate[0], &byte, 1) == 1;  // the parent has changed its notes since the fork
    ok = ok && run.set_name("by the child") && run.set_tags({"c"});
    MetricOptions least;
    least.summary = "min";
    ok = ok && run.define_metric("loss", least);
    for (const int loss : {3, 1, 2}) ok = ok && run.log({{"loss", loss}});
    _exit(ok ? 0 : 1);
  }
  ASSERT_TRUE(run.set_notes("by the parent"));
  ASSERT_EQ(write(gate[1], "x", 1), 1);
  ASSERT_EQ(wait_for_child(child), 0);
  run.finish();
  EXPECT_EQ(run.name(), "by the child");
  EXPECT_EQ(run.notes(), "by the parent");
  EXPECT_EQ(run.tags(), std::vector<std::string>{"c"});
  const Journal journal = read_journal(run.sync_dir());
  const auto last = journal.all<protocol::RunRecord>().back();
  EXPECT_EQ(last.display_name + ", " + last.notes, "by the child, by the parent");
  EXPECT_EQ(last.tags, std::vector<std::string>{"c"});
  EXPECT_EQ(last.project, run.project());
  EXPECT_EQ(*journal.summary_of_records().find("loss"), Value(Dict{{"min", 1}}));
}

TEST(Processes, GrandchildHasAFileOfItsOwn) {
  Workplace place;
  runstone::Run run = place.start();
  const pid_t child = fork();
  if (child == 0) {
    discard(run.log({{"who", "child"}}), "checked by the parent");
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      discard(run.log({{"who", "grandchild"}}), "checked by the parent");
      _exit(0);
    }
    _exit(wait_for_child(grandchild));
  }
  EXPECT_EQ(wait_for_child(child), 0);
  run.finish();
  EXPECT_EQ(read_journal(run.sync_dir()).rows.size(), 2u);
}

TEST(Processes, AttachedRunLogsIntoTheRunOfItsToken) {
  Workplace place;
  runstone::Run run = place.start();
  auto attached = runstone::Run::attach(run.child_token());
  ASSERT_TRUE(attached);
  EXPECT_TRUE(attached->is_child());
  EXPECT_EQ(attached->id(), run.id());
  ASSERT_TRUE(attached->log({{"from", "child"}}));
  attached->finish();
  run.finish();
  EXPECT_EQ(read_journal(run.sync_dir()).row_texts(), "0 {\"from\":\"child\"}\n");
}

TEST(Processes, EveryRowOutlivesSigkill) {
  Workplace place;
  const std::string marker = place.path() + "/directory";
  const pid_t child = fork();
  if (child == 0) {
    auto run = runstone::Run::init(place.options());
    std::ofstream(marker) << run->sync_dir();
    for (int i = 0; i < 1000; ++i) discard(run->log({{"i", i}, {"x", i * 0.5}}), "counted");
    kill(getpid(), SIGKILL);
  }
  EXPECT_TRUE(WIFSIGNALED(wait_for_child(child)));
  const Journal journal = read_journal(read_text(marker));
  ASSERT_EQ(journal.rows.size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(*journal.rows[i].leaves.find("i"), Value(i));
    EXPECT_EQ(*journal.rows[i].leaves.find("x"), Value(i * 0.5));
  }
}

// --- where to send -------------------------------------------------------------------------------

TEST(WhereToSend, KeyGoesOnlyToTheAddressItWasSetFor) {
  Workplace place;
  const std::string file = place.path() + "/client.json";
  std::ofstream(file) << R"({"base_url":"http://local:1/","api_key":"local"})";
  KeyPlaces places;
  places.client_file = file;
  Settings none, code, wandb, ours;
  ASSERT_TRUE(code.set("base_url", "http://code"));
  ASSERT_TRUE(wandb.set("base_url", "http://wandb"));
  ASSERT_TRUE(wandb.set("api_key", "wandb"));
  ASSERT_TRUE(ours.set("api_key", "ours"));
  using Kind = AddressSource::Kind;
  const auto ask = [&](const Settings& w, const Settings& o, const Settings& c) {
    const Address a = where_to_send(
        {{Kind::kWandbVariables, &w}, {Kind::kRunstoneVariables, &o}, {Kind::kCode, &c}}, places);
    return a.base_url + " " + a.api_key;
  };
  EXPECT_EQ(ask(none, none, none), "http://local:1 local");
  EXPECT_EQ(ask(none, ours, none), "http://local:1 local");  // set for no address: not for this one
  EXPECT_EQ(ask(wandb, none, none), "http://wandb wandb");
  EXPECT_EQ(ask(wandb, none, code), "http://code ");
  EXPECT_EQ(ask(wandb, ours, code), "http://code ours");
  Settings local;
  ASSERT_TRUE(local.set("base_url", "http://local:1"));
  EXPECT_EQ(ask(none, none, local), "http://local:1 local");
}

TEST(SettingsTable, SE1UnknownNamesAndWrongTypesAreRefused) {
  Settings settings;
  EXPECT_EQ(settings.set("nope", 1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(settings.set("nope", 1).error().message.find("Extra inputs"), std::string::npos);
  EXPECT_FALSE(settings.set("sync_dir", "x"));  // computed
  EXPECT_FALSE(settings.set("silent", "perhaps"));
  EXPECT_FALSE(settings.set("project", 3));
  EXPECT_TRUE(settings.set("silent", "YES"));
  EXPECT_TRUE(settings.flag("silent"));
  EXPECT_TRUE(settings.set("mode", "dryrun"));
  EXPECT_EQ(settings.text("mode"), "offline");
  EXPECT_EQ(settings.set("x_stats_sampling_interval", 0.01).error().code,
            ErrorCode::kFailedPrecondition);
}

}  // namespace
}  // namespace runstone
