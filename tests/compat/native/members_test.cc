// What a run says of itself, and what people and machines are told while it is running.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/run.h>

#include <cmath>
#include <ctime>
#include <fstream>
#include <limits>
#include <string>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Dict;
using runstone::ErrorCode;
using runstone::List;
using runstone::Value;
using testing::ElementsAre;

TEST(Members, PR1OfAnOnlineRunAlsoOnceItIsFinished) {
  runstone::InitOptions given = options("a=b+c d");
  given.group = "g";
  given.job_type = "train";
  given.notes = "two\nlines";
  given.tags = {"t"};
  runstone::Run run = must(runstone::Run::init(given));
  const std::string name = run.name().value_or("");
  EXPECT_FALSE(name.empty()) << "the server gives one";
  must(run.log({{"x", 1}}));
  const std::string page =
      must(runstone::Api::open()).base_url() + "/" + entity() + "/" + project();
  for (const bool finished : {false, true}) {
    SCOPED_TRACE(finished);
    if (finished) finish(run);
    EXPECT_EQ(run.id(), "a=b+c d");
    EXPECT_EQ(run.entity(), entity());
    EXPECT_EQ(run.project(), project());
    EXPECT_EQ(run.path(), entity() + "/" + project() + "/a=b+c d");
    EXPECT_EQ(run.url(), page + "/runs/a=b+c%20d");
    EXPECT_EQ(run.project_url(), page);
    EXPECT_EQ(run.sweep_id(), std::nullopt);
    EXPECT_EQ(run.sweep_url(), std::nullopt);
    EXPECT_EQ(run.group() + run.job_type() + run.notes().value_or(""), "gtraintwo\nlines");
    EXPECT_THAT(run.tags(), ElementsAre("t"));
    EXPECT_EQ(run.name(), name);
    EXPECT_FALSE(run.offline() || run.disabled() || run.resumed() || run.is_child());
    EXPECT_EQ(run.dir(), run.sync_dir() + "/files");
    EXPECT_EQ(run.starting_step(), 0);
    EXPECT_LT(std::abs(run.start_time() - static_cast<double>(std::time(nullptr))), 60);
    EXPECT_EQ(run.settings().text("mode"), "online");
  }
  const runstone::PublicRun there = stored("a=b+c d");
  EXPECT_EQ(there.name(), name);
  EXPECT_EQ(there.url(), page + "/runs/a=b+c%20d");
  EXPECT_EQ(there.group() + there.job_type() + there.notes(), "gtraintwo\nlines");
  EXPECT_THAT(there.tags(), ElementsAre("t"));
}

TEST(Members, PR1NameNotesAndTagsThatAreSetAreOnTheServer) {
  runstone::Run run = start("r1");
  must(run.set_name("another"));
  must(run.set_notes("of later"));
  must(run.set_tags({"a", "b"}));
  eventually("the run's update", [] {
    const runstone::PublicRun there = stored("r1");
    return there.name() == "another" && there.notes() == "of later" && there.tags().size() == 2;
  });
  finish(run);
  expect_refused(run.set_name("late"), ErrorCode::kFailedPrecondition, "finished");
  EXPECT_EQ(stored("r1").name(), "another");
}

TEST(Members, C3_L5_S3TheServerHasTheConfigTheRowsAndTheSummaryOfTheRun) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  runstone::InitOptions given = options("r1");
  given.config = {{"lr", 0.1}, {"n", {{"a", 1}}}};
  runstone::Run run = must(runstone::Run::init(given));
  must(run.config().update({{"lr", 0.2}}, true));
  const Dict row = {{"nan", nan},           {"up", infinity},
                    {"down", -infinity},    {"wide", 9007199254740993},
                    {"text", "é\n"},        {"list", List{1, 2.5, nullptr}},
                    {"deep", {{"x", true}}}};
  must(run.log(row));
  must(run.log({{"loss", 0.5}}));
  must(run.summary().set({"by hand", "v"}, 1));
  must(run.summary().set({"by hand", "w"}, 5));
  const Dict summary = run.summary().all();
  finish(run);

  const runstone::PublicRun there = stored("r1");
  EXPECT_EQ(must(there.config()), (Dict{{"lr", 0.2}, {"n", {{"a", 1}}}}));
  EXPECT_THAT(rows_of(there), ElementsAre(row, Dict{{"loss", 0.5}}));
  for (const auto& [key, value] : summary) {
    if (key[0] == '_') continue;
    EXPECT_TRUE(same_value(summary_of(there, {key}), value)) << key;
  }
  EXPECT_EQ(summary_of(there, {"by hand"}), Value(Dict{{"v", 1}, {"w", 5}}));
  EXPECT_TRUE(std::isnan(summary_of(there, {"nan"}).number_or(0)));
  EXPECT_EQ(summary_of(there, {"_step"}), Value(1));
  EXPECT_EQ(file_of(there, "wandb-summary.json"), read(run.dir() + "/wandb-summary.json"));
  EXPECT_EQ(file_of(there, "config.yaml"), read(run.dir() + "/config.yaml"));
}

TEST(Members, SV3AppendingToALiveFileChangesTheStoredOne) {
  write("log.txt", "one\n");
  runstone::Run run = start("r1");
  must(run.save("log.txt"));
  const auto stored_size = [] {
    const auto file = stored("r1").file("log.txt");
    return file ? file->size() : 0;
  };
  eventually("the first state of the file", [&] { return stored_size() == 4; });
  std::ofstream("log.txt", std::ios::app) << "two\n";
  eventually("the second", [&] { return stored_size() == 8; });  // while the run goes on
  std::ofstream("log.txt", std::ios::app) << "three\n";
  finish(run);
  EXPECT_EQ(file_of(stored("r1"), "log.txt"), "one\ntwo\nthree\n") << "the last, at finish()";
}

TEST(Members, MP1APreemptingRunSaysSoWhileItRunsAndIsPreemptedIfItFails) {
  runstone::Run run = start("r1");
  must(run.mark_preempting());
  eventually("preempting", [] { return stored("r1").state() == "preempting"; });
  EXPECT_FALSE(run.finished());
  EXPECT_TRUE(run.finish(1).delivered);
  EXPECT_EQ(stored("r1").state(), "preempted");
}

TEST(Members, ST1NothingIsPendingOnceTheServerHasIt) {
  runstone::Run run = start("r1");
  for (int i = 0; i < 20; ++i) must(run.log({{"i", i}}));
  eventually("idle", [&] { return must(run.status()).sync_items_pending == 0; });
  const runstone::RunStatus status = must(run.status());
  EXPECT_EQ(status.sync_items_total, 20u);
  ASSERT_TRUE(status.sync_time.has_value());
  EXPECT_LT(std::abs(*status.sync_time - static_cast<double>(std::time(nullptr))), 60);
  EXPECT_EQ(rows_of(stored("r1")).size(), 20u) << "what is not pending is there";
  finish(run);
}

}  // namespace
}  // namespace native
