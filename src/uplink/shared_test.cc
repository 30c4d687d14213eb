// One of several writers of a shared run: its server appends, and knows a retry by its bytes alone.
#include <gmock/gmock.h>

#include "base/json.h"
#include "uplink/delivery.h"
#include "uplink/fake_tracker.h"
#include "uplink/test_journal.h"

namespace runstone::uplink {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A writer's journal and the tracker that it is sent to, by one delivery after the other.
struct SharedWriter {
  TestJournal journal;
  FakeTracker tracker;
  HandClock clock;
  FakeTransport transport{tracker};
  bool saw_exit = false;

  explicit SharedWriter(protocol::WriterRecord writer = {.shared_id = "w1", .label = "node0"}) {
    protocol::RunRecord run;
    run.run_id = "r1";
    run.project = "p1";
    run.writer = std::move(writer);
    journal.append(protocol::HeaderRecord{"runstone-test", "0.70.0"});
    journal.append(run);
    tracker.known_run = true;
  }
  void row(double loss) {
    protocol::HistoryRecord row;
    row.items = {{{"loss"}, loss}};
    journal.append(row);
  }
  /// Takes turns until the end, or until `stop` says so.
  DeliveryReport send(const std::function<bool()>& stop = [] { return false; }) {
    Delivery delivery(fs::real_file_system(), clock, transport,
                      {.base_url = "http://tracker", .api_key = "key"},
                      {.journal = journal.path(), .journal_end = JournalEnd::kWriterGone});
    for (int i = 0; i < 10'000 && !stop(); ++i) {
      const auto turn = delivery.turn();
      if (turn.kind == Delivery::Turn::Kind::kEnded) break;
      if (turn.kind == Delivery::Turn::Kind::kWait) clock.advance_to(turn.wake_at_us);
    }
    return delivery.report(std::nullopt);
  }
  std::vector<double> losses() {
    std::vector<double> found;
    for (const auto& line : tracker.shared_lines["wandb-history.jsonl"]) {
      found.push_back(json::parse(line)->get("loss")->number_or(-1));
    }
    return found;
  }
};

TEST(Shared, LinesAreSentOnceWithTheWritersLabel) {
  SharedWriter writer;
  writer.row(1);
  writer.journal.console("half");
  writer.journal.console(" a line\rwhole line\n");
  writer.journal.console("an error\n", true);
  writer.row(2);
  writer.journal.console("no end");
  writer.journal.exit();
  writer.journal.close();
  EXPECT_EQ(writer.send().error, "");
  EXPECT_THAT(writer.losses(), ElementsAre(1, 2));
  const auto& console = writer.tracker.shared_lines["output.log"];
  ASSERT_EQ(console.size(), 3u);
  EXPECT_THAT(console[0], HasSubstr(" [node0] whole line"));
  EXPECT_THAT(console[1], testing::AllOf(HasSubstr("ERROR "), HasSubstr(" [node0] an error")));
  EXPECT_THAT(console[2], HasSubstr(" [node0] no end"));
  EXPECT_EQ(writer.tracker.exit_code, 0);
  EXPECT_TRUE(writer.tracker.lines["wandb-history.jsonl"].empty());  // all with the header
}

TEST(Shared, AnAnswerThatGetsLostCostsNoDouble) {
  SharedWriter writer;
  writer.row(1);
  writer.row(2);
  writer.journal.exit();
  writer.journal.close();
  writer.tracker.fault = [&, lost = false](const std::string&, const std::string& path) mutable {
    if (path.find("file_stream") != std::string::npos && !std::exchange(lost, true)) {
      writer.transport.lost_answers = 1;
    }
    return std::optional<FakeAnswer>();
  };
  EXPECT_EQ(writer.send().error, "");
  EXPECT_THAT(writer.losses(), ElementsAre(1, 2));
}

TEST(Shared, AWriterKilledBeforeTheAnswerIsCompletedWithoutDoubles) {
  SharedWriter writer;
  writer.row(1);
  writer.row(2);
  // The server has done the request, but the process dies before it hears of it.
  writer.transport.lost_answers = 0;
  writer.tracker.fault = [&](const std::string&, const std::string& path) {
    if (path.find("file_stream") != std::string::npos) writer.transport.lost_answers = 1;
    return std::optional<FakeAnswer>();
  };
  writer.journal.close();
  writer.send([&] { return !writer.losses().empty(); });
  EXPECT_THAT(writer.losses(), ElementsAre(1, 2));
  writer.tracker.fault = nullptr;
  writer.transport.lost_answers = 0;
  EXPECT_EQ(writer.send().error, "");
  EXPECT_THAT(writer.losses(), ElementsAre(1, 2));
  EXPECT_EQ(writer.tracker.upserts.back().get("state")->string_or(""), "crashed");
}

TEST(Shared, OnlyThePrimarySendsTheRunsFilesAndItsEnd) {
  SharedWriter writer(
      {.shared_id = "w2", .label = "node1", .is_secondary = true, .leaves_state = true});
  writer.journal.append(protocol::EnvironmentRecord{Dict{{"writerId", "w2"}, {"os", "Linux"}}});
  writer.journal.write_file("wandb-metadata.json", "{}");
  writer.journal.write_file("config.yaml", "a: 1");
  writer.journal.append(protocol::FilesRecord{{{"wandb-metadata.json"}}});
  writer.row(1);
  writer.journal.console("said\n");
  writer.journal.exit(3);
  writer.journal.close();
  EXPECT_EQ(writer.send().error, "");
  EXPECT_THAT(writer.losses(), ElementsAre(1));
  EXPECT_FALSE(writer.tracker.exit_code.has_value());
  EXPECT_EQ(writer.tracker.files.count("wandb-metadata.json"), 0u);
  EXPECT_EQ(writer.tracker.files.count("config.yaml"), 0u);
  EXPECT_EQ(writer.tracker.files.count("output_node1.log"), 1u);
  EXPECT_EQ(writer.tracker.config.get("_wandb")->get("value")->get("e"), nullptr);
}

}  // namespace
}  // namespace runstone::uplink
