// Offline runs of C++ programs, brought to the server by `runstone sync`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/run.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Dict;
using runstone::List;
using runstone::Value;

/// Everything that a run can hold of itself, the same for every run.
std::string run_in(const std::string& id, const std::string& mode) {
  runstone::InitOptions given = options(id, mode);
  given.config = {{"lr", 0.1}, {"net", {{"layers", 3}}}};
  given.name = "the same name";
  given.notes = "the same notes";
  given.tags = {"a", "b"};
  given.group = "g";
  given.job_type = "train";
  runstone::Run run = must(runstone::Run::init(given));
  runstone::MetricOptions best;
  best.summary = "min,max";
  must(run.define_metric("loss", best));
  for (int i = 0; i < 120; ++i) must(run.log({{"loss", 1.0 / (i + 1)}, {"i", i}}));
  must(run.log({{"loss", std::numeric_limits<double>::infinity()}, {"text", "é"}},
               {200, {}}));  // open yet
  const std::vector<double> values = {1, 2, 2, 3};
  must(run.log({{"h", runstone::Histogram::of(values, 3)},
                {"page", runstone::Html::from_text("<b>hi</b>", false)}}));
  must(run.summary().set({"by hand", "deep"}, List{1, "two"}));
  write("note.txt", "a note");
  must(run.save("note.txt"));
  run.write_console(runstone::Run::Stream::kStdout, "first line\nover\rsecond line\n");
  must(run.alert("Title", "text"));
  const std::string directory = run.sync_dir();
  finish(run);
  return directory;
}

/// The summary without what tells when.
Dict lasting_summary_of(const runstone::PublicRun& run) {
  Dict summary = must(run.summary().all());
  for (const char* of_time : {"_runtime", "_timestamp", "_wandb"}) {
    EXPECT_TRUE(summary.erase(of_time)) << of_time;
  }
  return summary;
}

void expect_equal(const runstone::PublicRun& online, const runstone::PublicRun& synced) {
  EXPECT_EQ(synced.state(), "finished");
  EXPECT_EQ(steps_of(synced), steps_of(online));
  EXPECT_EQ(rows_of(synced), rows_of(online));
  EXPECT_EQ(lasting_summary_of(synced), lasting_summary_of(online));
  EXPECT_EQ(must(synced.config()), must(online.config()));
  EXPECT_EQ(file_of(synced, "output.log"), file_of(online, "output.log"));
  EXPECT_EQ(file_of(synced, "note.txt"), file_of(online, "note.txt"));
  EXPECT_THAT(file_names_of(synced), testing::UnorderedElementsAreArray(file_names_of(online)));
  for (const char* of_media : {"page"}) {
    const auto path = std::string(summary_of(online, {of_media, "path"}).string_or(""));
    EXPECT_EQ(file_of(synced, path), file_of(online, path));
  }
  EXPECT_EQ(synced.name(), online.name());
  EXPECT_EQ(synced.notes(), online.notes());
  EXPECT_EQ(synced.tags(), online.tags());
  EXPECT_EQ(synced.group(), online.group());
  EXPECT_EQ(synced.job_type(), online.job_type());
}

TEST(Sync, SY1AnOfflineRunIsWhatItWouldHaveBeenOnline) {
  run_in("online", "online");
  const std::string directory = run_in("away", "offline");
  EXPECT_FALSE(must(runstone::Api::open()).run(project() + "/away").has_value());
  const Said said = sync("'" + directory + "'");
  ASSERT_EQ(said.exit_code, 0) << said.text;

  const runstone::PublicRun online = stored("online");
  ASSERT_EQ(steps_of(online).size(), 121u);
  EXPECT_EQ(steps_of(online).back(), 200);
  EXPECT_EQ(summary_of(online, {"loss", "min"}), Value(1.0 / 120));
  EXPECT_TRUE(std::isinf(summary_of(online, {"loss", "max"}).number_or(0)));
  EXPECT_EQ(file_of(online, "output.log"), "first line\nsecond line\n");
  expect_equal(online, stored("away"));
}

TEST(Sync, SY2ASecondSyncSendsNothing) {
  const std::string directory = run_in("away", "offline");
  Said said = sync("'" + directory + "'");
  ASSERT_EQ(said.exit_code, 0) << said.text;
  const auto before = rows_of(stored("away"));

  // To where nobody listens: whatever it sent would fail.
  said = sync("'" + directory + "'", "http://127.0.0.1:9");
  EXPECT_EQ(said.exit_code, 0) << said.text;
  EXPECT_NE(said.text.find("Nothing to send"), std::string::npos) << said.text;
  said = sync("--include-synced '" + directory + "'", "http://127.0.0.1:9");
  EXPECT_NE(said.exit_code, 0) << "what is asked for is sent: " << said.text;

  said = sync("--include-synced '" + directory + "'");
  EXPECT_EQ(said.exit_code, 0) << said.text;
  EXPECT_EQ(rows_of(stored("away")), before) << "sent again, no row is there twice";
  EXPECT_EQ(stored("away").state(), "finished");
}

}  // namespace
}  // namespace native
