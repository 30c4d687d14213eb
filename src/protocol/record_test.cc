#include "protocol/record.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/json.h"
#include "protocol/history_encoder.h"

namespace runstone::protocol {
namespace {

std::string encode(RecordBody body, std::int64_t num = 7) {
  std::string bytes;
  encode_record(bytes, Record{num, std::move(body)});
  return bytes;
}
template <typename Body>
Body round_trip(Body body) {
  const auto record = decode_record(encode(std::move(body)));
  EXPECT_TRUE(record);
  EXPECT_EQ(record->num, 7);
  const Body* const found = std::get_if<Body>(&record->body);
  EXPECT_NE(found, nullptr);
  return found != nullptr ? *found : Body();
}
HistoryRecord history_of(std::string_view bytes) {
  const auto record = decode_record(bytes);
  EXPECT_TRUE(record);
  return std::get<HistoryRecord>(record->body);
}

TEST(Record, IsItsNumberAndThenItsBody) {
  StatsRecord stats;
  stats.timestamp_us = 5'000'000;
  stats.items = {{"cpu", "1.5"}};
  std::string halves;
  encode_number(halves, 300);
  encode_body(halves, stats);
  EXPECT_EQ(halves, encode(stats, 300));
}

TEST(Record, DF1EncodesTheFormatsTestVectors) {
  HeaderRecord header;
  header.producer = "x";
  EXPECT_EQ(to_hex(encode(header, 1)), "0801aa01050a030a0178");
  // A stock client's row: nested_key of one label, JSON text.
  const auto record = decode_record(*from_hex("080212120a0c12046c6f7373820103302e3512020803"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->num, 2);
  const auto& history = std::get<HistoryRecord>(record->body);
  EXPECT_EQ(history.step, 3);
  ASSERT_EQ(history.items.size(), 1u);
  EXPECT_EQ(history.items[0], (RecordItem{{"loss"}, JsonText{"0.5"}}));
  EXPECT_EQ(*item_value(history.items[0]), Value(0.5));
}

TEST(Record, KeepsEveryKindOfHistoryValue) {
  HistoryRecord history;
  history.step = 0;
  history.items = {{{"none"}, nullptr},
                   {{"flag"}, true},
                   {{"int"}, std::int64_t{9007199254740993}},
                   {{"least"}, std::numeric_limits<std::int64_t>::min()},
                   {{"inf"}, -std::numeric_limits<double>::infinity()},
                   {{"text"}, std::string("a\"\n\xF0\x9F\x98\x80")},
                   {{"a", "b.c", ""}, JsonText{"[1,NaN]"}},
                   {{""}, 0.0}};
  const auto found = round_trip(history);
  EXPECT_EQ(found.items, history.items);
  EXPECT_EQ(found.step, 0);
  history.items = {{{"nan"}, std::nan("")}};
  EXPECT_TRUE(std::isnan(std::get<double>(round_trip(history).items[0].value)));
}

TEST(Record, WritesSummaryAndConfigAsJsonText) {
  SummaryRecord summary;
  summary.update = {{{"loss", "min"}, 0.5}, {{"n"}, std::int64_t{3}}};
  summary.remove = {{"old"}, {"x", "y"}};
  const auto found = round_trip(summary);
  EXPECT_EQ(found.update[0], (RecordItem{{"loss", "min"}, JsonText{"0.5"}}));
  EXPECT_EQ(found.update[1], (RecordItem{{"n"}, JsonText{"3"}}));
  EXPECT_EQ(found.remove, summary.remove);
}

TEST(Record, KeepsWhatARunSays) {
  RunRecord run;
  run.run_id = "abc";
  run.project = "p";
  run.display_name = "näme";
  run.tags = {"a", "b"};
  run.start_time_us = 1'795'440'611'227'981;
  run.starting_step = 12;
  run.branch_point = BranchPoint{"other", 3, "_step"};
  run.git_commit = "c0ffee";
  run.config.update = {{{"lr"}, JsonText{"0.1"}}};
  run.resumed = true;
  run.writer = WriterRecord{.first_history_line = 7, .shared_id = "w", .leaves_state = true};
  const auto found = round_trip(run);
  EXPECT_EQ(found.writer, run.writer);
  EXPECT_EQ(found.run_id, "abc");
  EXPECT_EQ(found.display_name, "näme");
  EXPECT_EQ(found.tags, run.tags);
  EXPECT_EQ(found.start_time_us, run.start_time_us);
  EXPECT_EQ(found.starting_step, 12);
  EXPECT_EQ(found.branch_point->run, "other");
  EXPECT_EQ(found.branch_point->value, 3);
  EXPECT_EQ(found.git_commit, "c0ffee");
  EXPECT_EQ(found.config.update, run.config.update);
  EXPECT_TRUE(found.resumed);
}

TEST(Record, KeepsTheOtherKinds) {
  MetricRecord metric;
  metric.glob_name = "val/*";
  metric.step_metric = "ep";
  metric.step_sync = metric.defined = metric.summary_mean = metric.overwrite = true;
  metric.goal = MetricRecord::Goal::kMaximize;
  const auto found = round_trip(metric);
  EXPECT_EQ(found.glob_name, "val/*");
  EXPECT_EQ(found.step_metric, "ep");
  EXPECT_TRUE(found.step_sync && found.defined && found.summary_mean && found.overwrite);
  EXPECT_FALSE(found.hidden || found.summary_min || found.summary_first);
  EXPECT_EQ(found.goal, MetricRecord::Goal::kMaximize);

  EXPECT_TRUE(round_trip(OutputRawRecord{true, 5'000'001, "E\n"}).is_stderr);
  EXPECT_EQ(round_trip(OutputRawRecord{false, 5'000'001, "o"}).timestamp_us, 5'000'001);
  EXPECT_EQ(round_trip(ExitRecord{-1, 9, true}).exit_code, -1);
  EXPECT_EQ(round_trip(AlertRecord{"t", "x", "WARN", 250}).wait_duration_ms, 250);
  EXPECT_EQ(round_trip(TelemetryRecord{"3.11", "0.1", "0.1", "linux"}).platform, "linux");
  round_trip(PreemptingRecord{});
  const auto files =
      round_trip(FilesRecord{{{"a/b.png", FilesRecord::Policy::kLive, FilesRecord::Type::kMedia}}});
  EXPECT_EQ(files.files[0].policy, FilesRecord::Policy::kLive);
  EXPECT_EQ(files.files[0].type, FilesRecord::Type::kMedia);
  EXPECT_EQ(round_trip(StatsRecord{1, {{"cpu", "0.5"}}}).items[0].second, "0.5");
  ArtifactRecord artifact;
  artifact.name = "m";
  artifact.manifest.contents.push_back({.path = "a.txt", .digest = "d", .size_bytes = 6});
  EXPECT_EQ(round_trip(artifact).manifest.contents[0].size_bytes, 6);
  EXPECT_EQ(round_trip(UseArtifactRecord{"i", "t", "n"}).name, "n");
}

TEST(Record, KeepsTheEnvironmentUnderItsMetadataNames) {
  const auto text =
      R"({"os":"Linux","startedAt":"2026-11-23T13:29:27.123456Z","args":["a","b"],)"
      R"("git":{"remote":"r","commit":"c"},"cpu_count":2,"gpu":"H100",)"
      R"("disk":{"/":{"total":"264212084000","used":"5"}},"memory":{"total":"8000000000"},)"
      R"("gpu_nvidia":[{"name":"H100","memoryTotal":"85899345920"}],"slurm":{"job_id":"7"}})";
  const auto metadata = json::parse(text);
  ASSERT_TRUE(metadata);
  const auto found = round_trip(EnvironmentRecord{*metadata->if_dict()});
  EXPECT_EQ(json::to_text(Value(found.metadata)), json::to_text(*metadata));
}

TEST(Record, SkipsUnknownRecordsAndFields) {
  // Field 90 of Record, and field 9 in a history item: both unknown here.
  const auto unknown = decode_record(*from_hex("0805d2050178"));
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->num, 5);
  EXPECT_EQ(std::get<OtherRecord>(unknown->body).field, 90u);
  const auto history = history_of(*from_hex("080512080a064a01780a0161"));
  ASSERT_EQ(history.items.size(), 1u);
  EXPECT_EQ(history.items[0].path, std::vector<std::string>{"a"});
}

// Who walks a value needs as much stack as it is deep.
TEST(Record, AKeyOfVeryManyLabelsIsRefused) {
  const auto row_of = [](std::size_t labels) {
    HistoryRecord history;
    history.items = {{std::vector<std::string>(labels, "a"), 0.5}};
    return encode(history);
  };
  EXPECT_TRUE(decode_record(row_of(512)));
  const auto refused = decode_record(row_of(513));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(refused.error().message.find("too many labels"), std::string::npos);
}

// protobuf's own readers refuse it, too; a server would refuse the whole request with it inside.
TEST(Record, ATextThatIsNoUtf8IsRefused) {
  for (const auto& bad : {std::string("\xff"), std::string("a\xc3"), std::string("\xed\xa0\x80")}) {
    HistoryRecord key, value;
    key.items = {{{bad}, 0.5}};
    value.items = {{{"a"}, bad}};
    const OutputRawRecord console{false, 1, bad};
    for (const auto& bytes : {encode(key), encode(value), encode(console)}) {
      const auto refused = decode_record(bytes);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
    }
  }
}

TEST(Record, DamagedBytesAreAnErrorAndNeverACrash) {
  HistoryRecord history;
  history.step = 3;
  history.items = {{{"a", "b"}, 0.5}, {{"t"}, std::string("text")}};
  const auto bytes = encode(history);
  EXPECT_EQ(decode_record("\x12\xff").error().code, ErrorCode::kCorrupt);
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  int errors = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = bytes.substr(0, 1 + random() % bytes.size());
    for (int flips = static_cast<int>(random() % 3); flips > 0; --flips) {
      damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    }
    errors += !decode_record(damaged);
  }
  EXPECT_GT(errors, 0);
}

TEST(HistoryEncoder, WritesWhatDecodeRecordReads) {
  const std::string path[] = {"n", "x"};
  const EncodedKey nested{Span<const std::string>(path)};
  HistoryEncoder encoder;
  for (int row = 0; row < 3; ++row) {  // a used encoder starts afresh
    encoder.begin();
    encoder.add(EncodedKey("loss"), 0.5 + row);
    encoder.add(nested, std::int64_t{-5});
    encoder.add("flag", true);
    encoder.add_text(EncodedKey("t"), std::string(5000, 'x'));
    encoder.add_json(EncodedKey("j"), "{\"_type\":\"x\"}");
    encoder.add_null(EncodedKey(""));
    const auto history = history_of(encoder.finish(7 + row, std::int64_t{1} << 60));
    EXPECT_EQ(history.step, std::int64_t{1} << 60);
    const std::vector<RecordItem> want = {
        {{"loss"}, 0.5 + row},           {{"n", "x"}, std::int64_t{-5}},         {{"flag"}, true},
        {{"t"}, std::string(5000, 'x')}, {{"j"}, JsonText{"{\"_type\":\"x\"}"}}, {{""}, nullptr}};
    EXPECT_EQ(history.items, want);
  }
  encoder.begin();
  EXPECT_FALSE(history_of(encoder.finish(1, -1)).step) << "shared mode numbers rows later";
}

TEST(HistoryEncoder, WritesJsonTextForOlderClients) {
  HistoryEncoder encoder(true);
  encoder.add(EncodedKey("a"), std::numeric_limits<double>::infinity());
  encoder.add(EncodedKey("b"), false);
  encoder.add_text(EncodedKey("c"), "q\"");
  const auto items = history_of(encoder.finish(1, 0)).items;
  EXPECT_EQ(std::get<JsonText>(items[0].value).text, "Infinity");
  EXPECT_EQ(std::get<JsonText>(items[1].value).text, "false");
  EXPECT_EQ(std::get<JsonText>(items[2].value).text, "\"q\\\"\"");
}

TEST(HistoryEncoder, ARowOfOneOrTenNumbersStaysSmall) {
  constexpr std::size_t kChunkHeaderBytes = 7;  // of the journal
  for (const auto& [count, bytes_max] : {std::pair{1, 100u}, std::pair{10, 250u}}) {
    HistoryEncoder encoder;
    for (int i = 0; i < count; ++i) encoder.add("loss" + std::to_string(i), 0.1 * i);
    encoder.add("_runtime", 0.117200285);
    encoder.add("_timestamp", 1795440611.2279809);
    EXPECT_LE(encoder.finish(1'000'000, 1'000'000).size() + kChunkHeaderBytes, bytes_max);
  }
}

}  // namespace
}  // namespace runstone::protocol
