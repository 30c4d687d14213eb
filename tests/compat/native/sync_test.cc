// Offline runs of C++ programs, brought to the server by `runstone sync`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/artifact.h>
#include <runstone/media.h>
#include <runstone/run.h>
#include <runstone/table.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
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
  auto table = must(runstone::Table::create({"n", "text"}));
  must(table.add_data({1, "one"}));
  must(run.log({{"table", table}}));
  runstone::Artifact data = must(runstone::Artifact::create("data-of-" + id, "dataset"));
  must(data.add_bytes("a/b.bin", noise(50'000, 5)));
  must(run.log_artifact(data, {{"best"}}));
  if (run.offline()) expect_refused(data.wait(1), runstone::ErrorCode::kFailedPrecondition);
  const std::string directory = run.sync_dir();
  finish(run);
  return directory;
}

/// Without the addresses of the table's artifact, which has a random id in each run.
Dict without_addresses(Dict values) {
  Value* table = values.find("table");
  if (table == nullptr || table->if_dict() == nullptr) return values;
  for (const char* address : {"artifact_path", "_latest_artifact_path"}) {
    EXPECT_TRUE(table->if_dict()->erase(address)) << address;
  }
  return values;
}

std::vector<Dict> comparable_rows_of(const runstone::PublicRun& run) {
  std::vector<Dict> rows = rows_of(run);
  for (Dict& row : rows) row = without_addresses(std::move(row));
  return rows;
}

/// The summary without what tells when.
Dict lasting_summary_of(const runstone::PublicRun& run) {
  Dict summary = must(run.summary().all());
  for (const char* of_time : {"_runtime", "_timestamp", "_wandb"}) {
    EXPECT_TRUE(summary.erase(of_time)) << of_time;
  }
  return without_addresses(std::move(summary));
}

/// Type, content and aliases of what the run logged.
std::vector<std::string> artifacts_of(const runstone::PublicRun& run) {
  std::vector<std::string> found;
  for (const auto& version : must(run.logged_artifacts().rest())) {
    std::string text = version.type() + " " + must(version.version()) + " " + version.digest();
    for (const std::string& alias : must(version.aliases())) text += " " + alias;
    found.push_back(text);
  }
  return found;
}

void expect_equal(const runstone::PublicRun& online, const runstone::PublicRun& synced) {
  EXPECT_EQ(synced.state(), "finished");
  EXPECT_EQ(steps_of(synced), steps_of(online));
  EXPECT_EQ(comparable_rows_of(synced), comparable_rows_of(online));
  EXPECT_EQ(lasting_summary_of(synced), lasting_summary_of(online));
  EXPECT_EQ(must(synced.config()), must(online.config()));
  EXPECT_EQ(file_of(synced, "output.log"), file_of(online, "output.log"));
  EXPECT_EQ(file_of(synced, "note.txt"), file_of(online, "note.txt"));
  EXPECT_THAT(file_names_of(synced), testing::UnorderedElementsAreArray(file_names_of(online)));
  const auto page = std::string(summary_of(online, {"page", "path"}).string_or(""));
  EXPECT_EQ(file_of(synced, page), file_of(online, page));
  EXPECT_EQ(artifacts_of(online).size(), 2u) << "the data and the table";
  EXPECT_THAT(artifacts_of(synced), testing::UnorderedElementsAreArray(artifacts_of(online)));
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
  ASSERT_EQ(steps_of(online).size(), 122u);
  EXPECT_EQ(steps_of(online).back(), 201);
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

  said = sync("--include-synced '" + directory + "'");
  EXPECT_EQ(said.exit_code, 0) << said.text;
  EXPECT_EQ(rows_of(stored("away")), before) << "sent again, no row is there twice";
  EXPECT_EQ(stored("away").state(), "finished");
}

}  // namespace
}  // namespace native
