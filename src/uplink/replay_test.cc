#include "uplink/replay.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/json.h"
#include "fs/memory_file_system.h"
#include "journal/format.h"
#include "journal/journal_reader.h"
#include "journal/journal_writer.h"

namespace runstone::uplink {
namespace {

// Field numbers by hand, as docs/format/journal.md lists them: this log is not our encoder's.
enum class Form { kKey, kNestedKey };
struct Item {
  Form form;
  std::vector<std::string> labels;
  std::string json;
};

std::string history_record(std::int64_t step, const std::vector<Item>& items) {
  std::string bytes;
  protozero::pbf_writer record(bytes);
  record.add_int64(1, step + 1);
  protozero::pbf_writer history(record, 2);
  for (const Item& item : items) {
    protozero::pbf_writer field(history, 1);
    if (item.form == Form::kKey) {
      field.add_string(1, item.labels.front());
    } else {
      for (const std::string& label : item.labels) field.add_string(2, label);
    }
    field.add_string(16, item.json);
    field.commit();
  }
  protozero::pbf_writer number(history, 2);
  number.add_int64(1, step);
  number.commit();
  history.commit();
  return bytes;
}

std::string padded_row(std::int64_t step) {
  return history_record(step, {{Form::kKey, {"pad"}, "\"" + std::string(5000, 'p') + "\""}});
}

struct Replayed {
  std::vector<Value> rows;
  std::uint64_t loss_count = 0, torn_tail_bytes = 0;
};

Replayed replay(std::string bytes) {
  auto reader = journal::JournalReader::from_bytes(std::move(bytes));
  EXPECT_TRUE(reader);
  RunReplay run;
  protocol::FileStreamRequest out;
  std::string_view record;
  while (*reader->next(record) == journal::ReadOutcome::kRecord) {
    const auto decoded = protocol::decode_record(record);
    EXPECT_TRUE(decoded);
    run.apply(*decoded, out);
  }
  Replayed found;
  const auto lines = json::parse("[" + out.history.text() + "]");
  EXPECT_TRUE(lines);
  for (const Value& line : *lines->if_list()) {
    auto row = json::parse(line.string_or(""));
    EXPECT_TRUE(row);
    found.rows.push_back(*std::move(row));
  }
  found.loss_count = reader->loss_count();
  found.torn_tail_bytes = reader->torn_tail_bytes();
  return found;
}

double number_at(const Value& row, const char* key) { return row.get(key)->number_or(0); }

// Every form of a row, a record over four blocks, and behind them damage and a torn tail.
TEST(DF3, ReplaysEveryFormOfARowAndOnlyDamageCostsRows) {
  constexpr std::int64_t kRows = 40;
  const std::string large(100 * 1024, 'l');
  fs::MemoryFileSystem disk;
  auto writer = journal::JournalWriter::create(disk, "run-x.wandb");
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->append(history_record(0, {{Form::kKey, {"nan"}, "NaN"},
                                                {Form::kKey, {"up"}, "Infinity"},
                                                {Form::kNestedKey, {"down"}, "-Infinity"},
                                                {Form::kNestedKey, {"a", "b", "c"}, "1.5"},
                                                {Form::kNestedKey, {"a", "b", "d.e"}, "2"},
                                                {Form::kKey, {"object"}, R"({"x":{"y":3}})"}})));
  const auto large_begin = writer->stats().size_bytes;
  ASSERT_TRUE(writer->append(history_record(1, {{Form::kKey, {"large"}, '"' + large + '"'}})));
  const auto large_end = writer->stats().size_bytes;
  ASSERT_GE(large_end / journal::kBlockBytes - large_begin / journal::kBlockBytes, 3u);
  for (std::int64_t step = 2; step < kRows; ++step) ASSERT_TRUE(writer->append(padded_row(step)));
  ASSERT_TRUE(std::move(*writer).close());
  const std::string intact = disk.content("run-x.wandb");

  const auto whole = replay(intact);
  ASSERT_EQ(whole.rows.size(), static_cast<std::size_t>(kRows));
  EXPECT_EQ(whole.loss_count + whole.torn_tail_bytes, 0u);
  const Value& first = whole.rows[0];
  EXPECT_TRUE(std::isnan(number_at(first, "nan")));
  EXPECT_EQ(number_at(first, "up"), HUGE_VAL);
  EXPECT_EQ(number_at(first, "down"), -HUGE_VAL);
  EXPECT_EQ(json::to_text(*first.get("a")), R"({"b":{"c":1.5,"d.e":2}})");
  EXPECT_EQ(json::to_text(*first.get("object")), R"({"x":{"y":3}})");
  EXPECT_EQ(whole.rows[1].get("large")->string_or(""), large);

  auto damaged = intact.substr(0, intact.size() - 5);
  damaged[5 * journal::kBlockBytes + 100] ^= 1;
  const auto rest = replay(damaged);
  EXPECT_EQ(rest.loss_count, 1u);
  EXPECT_GT(rest.torn_tail_bytes, 0u);
  // A block holds parts of at most eight such rows; the torn one is the last.
  EXPECT_GE(rest.rows.size(), static_cast<std::size_t>(kRows - 1 - 8));
  EXPECT_LT(rest.rows.size(), static_cast<std::size_t>(kRows - 1));
  EXPECT_EQ(number_at(rest.rows.back(), "_step"), kRows - 2);
  std::int64_t last_step = -1;
  for (const Value& row : rest.rows) {
    const auto step = static_cast<std::int64_t>(number_at(row, "_step"));
    EXPECT_GT(step, last_step);
    EXPECT_EQ(json::to_text(row), json::to_text(whole.rows[static_cast<std::size_t>(step)]));
    last_step = step;
  }
}

// Measured on the stock client's sync: what was logged offline stands behind the stored rows, and
// where log(step=) put it if that is further.
TEST(Replay, RowsThatGoOnFromAStoredRunKeepTheirStepsIfTheyAreBehindIt) {
  RunReplay run;
  protocol::FileStreamRequest out;
  protocol::Record head;
  head.body = protocol::RunRecord{};
  run.apply(head, out);
  protocol::StoredRun stored;
  stored.next_step = 8;
  stored.summary = {{"kept", 1}};
  run.continue_from(stored);
  for (const std::int64_t step : {0, 1, 3, 5, 9, 30, 31}) {
    const auto record = protocol::decode_record(
        history_record(step, {{Form::kKey, {"own"}, std::to_string(step)},
                              {Form::kKey, {"_step"}, std::to_string(step)}}));
    ASSERT_TRUE(record);
    run.apply(*record, out);
  }
  const auto lines = json::parse("[" + out.history.text() + "]");
  ASSERT_TRUE(lines);
  std::string steps;
  for (const Value& line : *lines->if_list()) {
    const auto row = json::parse(line.string_or(""));
    steps += json::to_text(*row->get("own")) + ":" + json::to_text(*row->get("_step")) + " ";
  }
  EXPECT_EQ(steps, "0:8 1:9 3:10 5:11 9:12 30:30 31:31 ");
  const auto summary = json::parse(run.summary_json());
  EXPECT_EQ(*summary->get("_step"), Value(31));
  EXPECT_EQ(*summary->get("kept"), Value(1));
}

}  // namespace
}  // namespace runstone::uplink
