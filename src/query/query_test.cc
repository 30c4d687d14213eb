#include "query/query.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "objects/object_store.h"
#include "store/memory/memory_store.h"
#include "store/parts/part.h"
#include "store/parts/sample_lines.h"
#include "store/sqlite/sqlite_store.h"
#include "store/tail_lines.h"

namespace runstone::query {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using MakeStore = std::unique_ptr<store::Store> (*)(const std::filesystem::path& folder);

std::unique_ptr<store::Store> memory_store(const std::filesystem::path&) {
  return store::memory::make_store();
}
std::unique_ptr<store::Store> sqlite_store(const std::filesystem::path& folder) {
  auto opened = store::sqlite::open_store(folder / "query.db");
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

/// The lowest and highest `_step` of lines, -1 for none, as the store's index of a tail keeps them.
std::pair<std::int64_t, std::int64_t> steps_of(const std::vector<std::string>& lines) {
  std::int64_t first = -1, last = -1;
  for (const auto& line : lines) {
    const auto parsed = json::parse(line);
    const Value* step = parsed ? parsed->get("_step") : nullptr;
    if (step == nullptr || !step->is_int()) continue;
    first = first < 0 ? step->int_or(-1) : std::min(first, step->int_or(-1));
    last = std::max(last, step->int_or(-1));
  }
  return {first, last};
}

/// A store with one project, and a folder of objects; writes lines as ingest would.
class QueryTest : public ::testing::TestWithParam<MakeStore> {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("runstone_query_" + std::to_string(::getpid()) + "_" +
               std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    std::filesystem::create_directories(folder_ / "objects");
    objects_ = *objects::open_folder_store(folder_ / "objects");
    store_ = GetParam()(folder_);
    ASSERT_NE(store_, nullptr);
    store::User user;
    user.name = "alice";
    ASSERT_TRUE(store_->create_user(user));
    const auto entity = store_->find_entity("alice");
    ASSERT_TRUE(entity);
    project_ = *store_->create_project(entity->id, "digits", 1);
    query_ = std::make_unique<Query>(*store_, *objects_);
  }
  void TearDown() override {
    query_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  store::RunInfo make_run(const std::string& name, std::int64_t created = 1,
                          const store::RunUpdate& update = {}) {
    store::NewRun run;
    run.project = project_.id;
    run.name = name;
    run.display_name = name + "-shown";
    run.created_at_us = created;
    const auto made = store_->create_run(run, update);
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }

  void add_chunk(const store::RunInfo& run, store::Stream stream, std::int64_t first,
                 const std::vector<std::string>& lines) {
    store::TailChunk chunk;
    chunk.run = run.id;
    chunk.stream = stream;
    chunk.first_line = first;
    chunk.line_count = static_cast<std::int64_t>(lines.size());
    if (stream == store::Stream::kHistory) {
      std::tie(chunk.first_step, chunk.last_step) = steps_of(lines);
    }
    chunk.data = store::encode_lines(std::vector<std::string_view>(lines.begin(), lines.end()));
    store::Batch batch;
    batch.put_chunks.push_back(chunk);
    ASSERT_TRUE(store_->commit(batch));
  }

  /// A part in the folder or in the store, optionally in place of chunks.
  void add_part(const store::RunInfo& run, std::int64_t first,
                const std::vector<std::string>& lines, bool in_folder,
                const std::vector<std::int64_t>& replaced_chunks = {},
                const std::vector<store::PartId>& replaced_parts = {}) {
    parts::RowBatch rows;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      rows.add_line_or_keep(first + static_cast<std::int64_t>(i), lines[i]);
    }
    auto bytes = parts::write_part(rows);
    ASSERT_TRUE(bytes);
    store::NewPart part;
    part.info.run = run.id;
    part.info.first_line = bytes->info.first_line;
    part.info.end_line = bytes->info.last_line + 1;
    part.info.line_count = bytes->info.lines;
    part.info.first_step = bytes->info.first_step;
    part.info.last_step = bytes->info.last_step;
    part.info.size_bytes = static_cast<std::int64_t>(bytes->parquet.size());
    if (in_folder) {
      const std::string key = "parts/" + run.name + "/" + std::to_string(++parts_made_);
      ASSERT_TRUE(objects_->put(key + ".parquet", bytes->parquet));
      ASSERT_TRUE(objects_->put(key + ".overview", bytes->overview));
      part.info.object_key = key + ".parquet";
      part.info.overview_key = key + ".overview";
    } else {
      part.bytes = bytes->parquet;
      part.overview = bytes->overview;
    }
    store::Batch batch;
    for (const auto line : replaced_chunks)
      batch.remove_chunks.push_back({run.id, store::Stream::kHistory, line});
    batch.remove_parts = replaced_parts;
    batch.add_parts.push_back(part);
    ASSERT_TRUE(store_->commit(batch));
  }

  std::vector<std::string> history(const store::RunInfo& run, HistoryRange range = {}) {
    const auto lines = query_->history(run, store::Stream::kHistory, range);
    EXPECT_TRUE(lines) << lines.error().message;
    return lines ? *lines : std::vector<std::string>();
  }

  std::filesystem::path folder_;
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<store::Store> store_;
  store::Project project_;
  std::unique_ptr<Query> query_;
  int parts_made_ = 0;
};

std::string row(int step, const std::string& rest) {
  return "{\"_step\":" + std::to_string(step) + rest + "}";
}

TEST_P(QueryTest, ReadsPartsAndTailAsOneHistory) {
  const auto run = make_run("r1");
  add_part(run, 0, {row(0, ",\"a\":1"), row(1, ",\"a\":NaN")}, true);
  add_part(run, 2, {row(2, ",\"b\":\"t\"")}, false);
  add_chunk(run, store::Stream::kHistory, 3,
            {row(3, ",\"n\":{\"x\":1}"), row(4, ",\"big\":9007199254740993")});
  EXPECT_THAT(history(run), ElementsAre(R"({"_step":0,"a":1})", R"({"_step":1,"a":NaN})",
                                        R"({"_step":2,"b":"t"})", R"({"_step":3,"n":{"x":1}})",
                                        R"({"_step":4,"big":9007199254740993})"));
  EXPECT_THAT(history(run, {1, 3, -1}),
              ElementsAre(R"({"_step":1,"a":NaN})", R"({"_step":2,"b":"t"})"));
  EXPECT_THAT(history(run, {1, 100, 1}), ElementsAre(R"({"_step":1,"a":NaN})"));
  EXPECT_THAT(history(run, {5, 100, -1}), IsEmpty());
}

TEST_P(QueryTest, TakesTheNewestOfALineThatIsInSeveralPlaces) {
  const auto run = make_run("r1");
  add_part(run, 0, {row(0, ",\"a\":1"), row(1, ",\"a\":1"), row(2, ",\"a\":1")}, true);
  add_part(run, 1, {row(1, ",\"a\":2"), row(2, ",\"a\":2")}, true);
  add_chunk(run, store::Stream::kHistory, 2, {row(2, ",\"a\":3")});
  EXPECT_THAT(history(run),
              ElementsAre(row(0, ",\"a\":1"), row(1, ",\"a\":2"), row(2, ",\"a\":3")));
  SeriesRequest request;
  request.key = "a";
  const auto series = query_->series(run, request);
  ASSERT_TRUE(series);
  EXPECT_EQ(series->mean, (std::vector<double>{1, 2, 3}));
}

TEST_P(QueryTest, SeesEachLineOnceWhileATailGrowsAndIsCompacted) {
  const auto run = make_run("r1");
  std::vector<std::string> all;
  SeriesRequest request;
  request.key = "a";
  request.points = 10'000;
  for (int i = 0; i < 60; ++i) {
    std::vector<std::string> lines;
    for (int k = 0; k < 5; ++k)
      lines.push_back(row(i * 5 + k, ",\"a\":" + std::to_string(i * 5 + k)));
    add_chunk(run, store::Stream::kHistory, i * 5, lines);
    all.insert(all.end(), lines.begin(), lines.end());
    if (i == 40) {
      std::vector<std::int64_t> replaced;
      for (int chunk = 0; chunk < 30; ++chunk) replaced.push_back(chunk * 5);
      add_part(run, 0, {all.begin(), all.begin() + 150}, true, replaced);
    }
    ASSERT_EQ(history(run), all);
    const auto series = query_->series(run, request);
    ASSERT_TRUE(series);
    ASSERT_EQ(series->count, static_cast<std::int64_t>(all.size()));
    ASSERT_EQ(series->mean.back(), i * 5 + 4);
  }
}

TEST_P(QueryTest, AReplacedChunkReplacesItsLines) {
  const auto run = make_run("r1");
  add_chunk(run, store::Stream::kHistory, 0, {row(0, ",\"a\":1")});
  EXPECT_THAT(history(run), ElementsAre(row(0, ",\"a\":1")));
  add_chunk(run, store::Stream::kHistory, 0, {row(0, ",\"a\":2")});
  EXPECT_THAT(history(run), ElementsAre(row(0, ",\"a\":2")));
}

TEST_P(QueryTest, GivesRandomHistoryBackWithEqualValues) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto run = make_run("r1");
  std::vector<std::string> lines;
  std::vector<Dict> rows;
  for (int i = 0; i < 900; ++i) {
    Dict one = parts::random_row(random);
    one.set("_step", i);
    lines.push_back(json::to_text(Value(one)));
    rows.push_back(std::move(one));
  }
  add_part(run, 0, {lines.begin(), lines.begin() + 400}, true);
  add_part(run, 400, {lines.begin() + 400, lines.begin() + 700}, false);
  add_chunk(run, store::Stream::kHistory, 700, {lines.begin() + 700, lines.end()});
  const auto got = history(run);
  ASSERT_EQ(got.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto value = json::parse(got[i]);
    ASSERT_TRUE(value) << got[i];
    const auto have = parts::plain_leaves(*value->if_dict());
    const auto want = parts::plain_leaves(rows[i]);
    ASSERT_EQ(have.size(), want.size()) << lines[i] << "\n" << got[i];
    for (const auto& [path, leaf] : want)
      ASSERT_TRUE(same_value(have.at(path), leaf)) << path << " " << lines[i];
  }
}

TEST_P(QueryTest, SampledHistoryHasOnlyRowsWithAllKeys) {
  const auto run = make_run("r1");
  std::vector<std::string> lines;
  for (int i = 0; i < 100; ++i) {
    lines.push_back(row(i, std::string(i % 2 == 0 ? ",\"l\":" + std::to_string(i) : "") +
                               (i % 3 == 0 ? ",\"a.b\":1,\"n\":{\"x\":2,\"y\":3}" : "")));
  }
  add_part(run, 0, {lines.begin(), lines.begin() + 50}, true);
  add_chunk(run, store::Stream::kHistory, 50, {lines.begin() + 50, lines.end()});
  auto spec = SampledHistorySpec::parse(
      R"({"keys":["_step","l","_step"],"minStep":10,"maxStep":60,"samples":1000})");
  ASSERT_TRUE(spec);
  auto rows = query_->sampled_history(run, *spec);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 26u);  // even steps 10 to 60, the last inclusive
  EXPECT_EQ(json::to_text(rows->front()), R"({"_step":10,"l":10})");
  EXPECT_EQ(json::to_text(rows->back()), R"({"_step":60,"l":60})");

  rows = query_->sampled_history(run,
                                 *SampledHistorySpec::parse(R"({"keys":["a.b","n"],"samples":3})"));
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3u);
  for (const auto& one : *rows) EXPECT_EQ(json::to_text(one), R"({"a.b":1,"n":{"x":2,"y":3}})");
  EXPECT_TRUE(query_->sampled_history(run, *SampledHistorySpec::parse(R"({"keys":["l","none"]})"))
                  ->empty());
  EXPECT_FALSE(SampledHistorySpec::parse(R"({"keys":"l"})"));
}

TEST_P(QueryTest, SpreadsSamplesOverAllRows) {
  const auto run = make_run("r1");
  std::vector<std::string> lines;
  for (int i = 0; i < 100; ++i) lines.push_back(row(i, ""));
  add_part(run, 0, {lines.begin(), lines.begin() + 70}, true);
  add_chunk(run, store::Stream::kHistory, 70, {lines.begin() + 70, lines.end()});
  EXPECT_THAT(*query_->history_samples(run, store::Stream::kHistory, 4),
              ElementsAre(row(0, ""), row(33, ""), row(66, ""), row(99, "")));
  EXPECT_EQ(query_->history_samples(run, store::Stream::kHistory, 500)->size(), 100u);
}

TEST_P(QueryTest, DescribesKeysAndTheLastStep) {
  const auto run = make_run("r1");
  EXPECT_EQ(query_->history_keys(run)->get("lastStep")->int_or(9), -1);
  add_part(run, 0, {row(0, ",\"up\":1,\"t\":\"x\""), row(1, ",\"up\":2,\"t\":1")}, true);
  add_chunk(
      run, store::Stream::kHistory, 2,
      {row(7, ",\"up\":3,\"img\":{\"_type\":\"image-file\"},\"down\":2"), row(8, ",\"down\":1")});
  const auto keys = query_->history_keys(run);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->get("lastStep")->int_or(-1), 8);
  EXPECT_EQ(json::to_text(*keys->get("keys")->get("up")),
            R"({"typeCounts":[{"type":"number","count":3}],"monotonic":true,"previousValue":3})");
  EXPECT_FALSE(keys->get("keys")->get("down")->get("monotonic")->bool_or(true));
  const auto infos = query_->keys(run);
  ASSERT_TRUE(infos);
  std::map<std::string, std::string> types;
  for (const auto& info : *infos) types[info.name] = info.type_name();
  EXPECT_EQ(types, (std::map<std::string, std::string>{{"_step", "number"},
                                                       {"down", "number"},
                                                       {"img", "media"},
                                                       {"t", "mixed"},
                                                       {"up", "number"}}));
}

TEST_P(QueryTest, ReadsEventsConsoleAndTheLastLine) {
  auto run = make_run("r1");
  add_chunk(run, store::Stream::kEvents, 0,
            {R"({"system.cpu":1,"_runtime":15})", R"({"system.cpu":2,"_runtime":30})"});
  EXPECT_EQ(*query_->last_line(run, store::Stream::kEvents), R"({"system.cpu":2,"_runtime":30})");
  EXPECT_FALSE(query_->last_line(run, store::Stream::kHistory)->has_value());
  SeriesRequest request;
  request.key = "system\\.cpu";
  request.x = "_runtime";
  request.stream = store::Stream::kEvents;
  EXPECT_EQ(query_->series(run, request)->mean, (std::vector<double>{1, 2}));

  add_chunk(run, store::Stream::kConsole, 0, {"one", "two", "three"});
  run.console_lines = 3;
  auto page = query_->console(run, -2, 10);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->total, 3);
  ASSERT_EQ(page->lines.size(), 2u);
  EXPECT_EQ(page->lines[0].number, 1);
  EXPECT_EQ(page->lines[0].text, "two");
  EXPECT_TRUE(query_->console(run, 3, 10)->lines.empty());
}

TEST_P(QueryTest, FollowsALiveRunWithoutOpeningWhatIsOlder) {
  const auto run = make_run("r1");
  add_part(run, 0, {row(0, ",\"a\":0"), row(1, ",\"a\":1")}, true);
  ASSERT_TRUE(objects_->put("parts/r1/1.overview", "damaged"));  // so that opening it would show
  add_chunk(run, store::Stream::kHistory, 2, {row(2, ",\"a\":2"), row(3, ",\"a\":3")});
  add_chunk(run, store::Stream::kHistory, 4, {row(4, ",\"a\":4")});
  SeriesRequest request;
  request.key = "a";
  EXPECT_EQ(query_->series(run, request).error().code, ErrorCode::kCorrupt);
  for (const std::int64_t after : {1, 2, 3, 4, 9}) {
    request.after = after;
    const auto series = query_->series(run, request);
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->count, std::max<std::int64_t>(0, 4 - after));
    EXPECT_EQ(series->last_step, after < 4 ? 4 : -1);
  }
}

TEST_P(QueryTest, AReplacedLineDoesNotComeBackWhenARunIsFollowed) {
  const auto run = make_run("r1");
  add_part(run, 0, {row(0, ",\"a\":0"), row(100, ",\"a\":1"), row(101, ",\"a\":2")}, true);
  add_chunk(run, store::Stream::kHistory, 1, {row(7, ",\"a\":7")});
  SeriesRequest request;
  request.key = "a";
  request.after = 50;
  EXPECT_EQ(query_->series(run, request)->x, (std::vector<double>{101}));
}

TEST_P(QueryTest, ManySeriesAtOnceAreThoseAskedOneByOne) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::vector<store::RunInfo> runs;
  for (int r = 0; r < 3; ++r) {
    runs.push_back(make_run("r" + std::to_string(r)));
    std::vector<std::string> lines;
    for (int i = 0; i < 1200; ++i) {
      std::string rest = ",\"a\":" + std::to_string(random() % 1000);
      if (random() % 3 == 0) rest += ",\"b\":" + std::to_string(random() % 50);
      lines.push_back(row(i * 2, rest));
    }
    add_part(runs[r], 0, {lines.begin(), lines.begin() + 500}, true);
    add_part(runs[r], 500, {lines.begin() + 500, lines.begin() + 1000}, false);
    for (int at = 1000; at < 1200; at += 40) {
      add_chunk(runs[r], store::Stream::kHistory, at,
                {lines.begin() + at, lines.begin() + at + 40});
    }
    add_chunk(runs[r], store::Stream::kEvents, 0, {R"({"b":1})", R"({"b":2})"});
  }
  std::vector<Query::SeriesOfRun> asked;
  for (int i = 0; i < 200; ++i) {
    SeriesRequest request;
    request.key = random() % 2 == 0 ? "a" : "b";
    request.x = random() % 2 == 0 ? "_step" : random() % 2 == 0 ? "b" : "a";
    request.points = random() % 2 == 0 ? 10 : 10'000;
    if (random() % 2 == 0) request.after = static_cast<std::int64_t>(random() % 2500);
    if (random() % 8 == 0) request.stream = store::Stream::kEvents;
    asked.push_back({&runs[random() % runs.size()], request});
  }
  for (int round = 0; round < 2; ++round) {  // the second from the caches
    const auto together = query_->series_many(asked);
    ASSERT_EQ(together.size(), asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto alone = Query(*store_, *objects_).series(*asked[i].run, asked[i].request);
      ASSERT_TRUE(together[i] && alone);
      EXPECT_EQ(together[i]->count, alone->count);
      EXPECT_EQ(together[i]->last_step, alone->last_step);
      EXPECT_EQ(together[i]->x, alone->x);
      EXPECT_EQ(together[i]->mean, alone->mean);
      EXPECT_EQ(together[i]->max, alone->max);
      if (asked[i].request.x != "_step" || asked[i].request.points < 1200) continue;
      // What came after a step is the end of the whole.
      auto whole = asked[i].request;
      whole.after.reset();
      const auto all = query_->series(*asked[i].run, whole);
      ASSERT_GE(all->x.size(), alone->x.size());
      EXPECT_TRUE(std::equal(alone->x.rbegin(), alone->x.rend(), all->x.rbegin()));
      EXPECT_EQ(static_cast<std::int64_t>(alone->x.size()),
                std::count_if(all->x.begin(), all->x.end(), [&](double x) {
                  return !asked[i].request.after ||
                         x > static_cast<double>(*asked[i].request.after);
                }));
    }
  }
}

/// One reader's look: every chart is rows 0, 1, ... without a gap or a double.
void check_gapless(const Query& query, const store::RunInfo& run, std::int64_t& seen) {
  SeriesRequest all, live, by_metric;
  all.key = live.key = by_metric.key = "a";
  all.points = live.points = by_metric.points = 10'000;
  live.after = seen - 1;
  by_metric.x = "down";
  const auto got = query.series_many({{&run, all}, {&run, by_metric}});
  const auto newer = query.series(run, live);
  ASSERT_TRUE(got[0] && got[1] && newer);
  ASSERT_GE(got[0]->count, seen);
  for (std::size_t i = 0; i < got[0]->mean.size(); ++i) {
    ASSERT_EQ(got[0]->mean[i], static_cast<double>(i));
  }
  ASSERT_EQ(got[1]->count, got[0]->count);
  ASSERT_TRUE(std::is_sorted(got[1]->mean.rbegin(), got[1]->mean.rend()));
  for (std::size_t i = 0; i < newer->mean.size(); ++i) {
    ASSERT_EQ(newer->mean[i], static_cast<double>(seen) + static_cast<double>(i));
  }
  seen = got[0]->count;
}

TEST_P(QueryTest, ReadersSeeEveryRowOnceWhileAWriterAppendsAndCompacts) {
  const auto run = make_run("r1");
  // Small bounds, so that the caches drop what others still read.
  const Query query(*store_, *objects_, {40'000, 40'000, 40'000});
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int r = 0; r < 4; ++r) {
    readers.emplace_back([&] {
      std::int64_t seen = 0;
      do {
        check_gapless(query, run, seen);
      } while (!done && !::testing::Test::HasFatalFailure());
    });
  }
  std::vector<std::string> all;
  std::size_t in_parts = 0;
  for (int i = 0; i < 120 && !HasFatalFailure(); ++i) {
    std::vector<std::string> lines;
    for (int k = 0; k < 10; ++k) {
      const int at = i * 10 + k;
      lines.push_back(row(at, ",\"a\":" + std::to_string(at) + ",\"down\":" + std::to_string(-at)));
    }
    add_chunk(run, store::Stream::kHistory, i * 10, lines);
    all.insert(all.end(), lines.begin(), lines.end());
    if (i % 12 != 11) continue;
    // Every third time all parts become one.
    std::vector<std::int64_t> chunks;
    for (std::size_t at = in_parts; at < all.size(); at += 10) {
      chunks.push_back(static_cast<std::int64_t>(at));
    }
    std::vector<store::PartId> old;
    if (i % 36 == 35) {
      in_parts = 0;
      const auto parts = store_->parts(run.id, store::Stream::kHistory);
      for (const auto& part : *parts) old.push_back(part.id);
    }
    add_part(run, static_cast<std::int64_t>(in_parts),
             {all.begin() + static_cast<std::ptrdiff_t>(in_parts), all.end()}, true, chunks, old);
    in_parts = all.size();
  }
  done = true;
  for (auto& reader : readers) reader.join();
  std::int64_t seen = 0;
  check_gapless(query, run, seen);
  EXPECT_EQ(seen, static_cast<std::int64_t>(all.size()));
}

TEST_P(QueryTest, ADamagedPartIsAnErrorThatNamesTheRun) {
  const auto run = make_run("r1");
  add_part(run, 0, {row(0, ",\"a\":1")}, true);
  auto overview = *objects_->get("parts/r1/1.overview");
  overview[70] = static_cast<char>(overview[70] ^ 4);
  ASSERT_TRUE(objects_->put("parts/r1/1.overview", overview));
  const auto lines = query_->history(run, store::Stream::kHistory, {});
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(lines.error().message, ::testing::HasSubstr("r1"));
}

TEST_P(QueryTest, PagesThroughRunsInAnyOrderWithoutLossWhileRunsCome) {
  std::mt19937 random(3);
  for (int i = 0; i < 40; ++i) {
    store::RunUpdate update;
    if (i % 4 != 0) update.summary_json = "{\"loss\":" + std::to_string(random() % 10) + "}";
    update.config_json = "{\"lr\":{\"value\":" + std::to_string(i % 7) + "}}";
    make_run("run" + std::to_string(i), 1000 + i / 3, update);
  }
  for (const char* order : {"", "-created_at", "+summary_metrics.loss", "-summary_metrics.loss",
                            "+config.lr.value,-display_name", "heartbeat_at"}) {
    std::vector<std::string> paged;
    std::string after;
    for (int page = 0; page < 100; ++page) {
      const auto got = query_->runs({project_.id, "", order, 7, after});
      ASSERT_TRUE(got) << got.error().message;
      for (const auto& item : got->items) paged.push_back(item.run.name);
      if (!got->has_next) break;
      after = got->items.back().cursor;
    }
    const auto all = query_->runs({project_.id, "", order, -1, ""});
    ASSERT_TRUE(all);
    std::vector<std::string> names;
    for (const auto& item : all->items) names.push_back(item.run.name);
    EXPECT_EQ(paged, names) << order;
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 40u) << order;
  }
  const auto best = query_->runs({project_.id, R"({"summary_metrics.loss":{"$exists":true}})",
                                  "+summary_metrics.loss", 1, ""});
  ASSERT_TRUE(best);
  const auto count =
      query_->count_runs(project_.id, R"({"summary_metrics.loss":{"$exists":true}})");
  EXPECT_EQ(*count, 30);
  EXPECT_EQ(*query_->count_runs(project_.id, ""), 40);
  EXPECT_FALSE(query_->runs({project_.id, "", "", 5, "rubbish"}));
  EXPECT_FALSE(query_->runs({project_.id, "{", "", 5, ""}));
}

TEST_P(QueryTest, ListsProjectsByActivityAndPages) {
  const auto all = [](const store::Project&) { return true; };
  const auto entity = store_->find_entity("alice");
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(store_->create_project(entity->id, "p" + std::to_string(i), 10 + i));
  std::vector<std::string> names;
  std::string after;
  for (int page = 0; page < 10; ++page) {
    const auto got = query_->projects("alice", 2, after, all);
    ASSERT_TRUE(got);
    for (const auto& item : got->items) names.push_back(item.project.name);
    if (!got->has_next) break;
    after = got->items.back().cursor;
  }
  EXPECT_THAT(names, ElementsAre("p4", "p3", "p2", "p1", "p0", "digits"));
  const auto odd = [](const store::Project& p) { return p.name == "p1" || p.name == "p3"; };
  const auto visible = query_->projects("alice", 2, "", odd);
  ASSERT_EQ(visible->items.size(), 2u);
  EXPECT_EQ(visible->items[0].project.name, "p3");
  EXPECT_FALSE(visible->has_next);
  EXPECT_EQ(query_->projects("nobody", 2, "", all).error().code, ErrorCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Engines, QueryTest, ::testing::Values(&memory_store, &sqlite_store),
                         [](const auto& info) { return info.index == 0 ? "Memory" : "Sqlite"; });

}  // namespace
}  // namespace runstone::query
