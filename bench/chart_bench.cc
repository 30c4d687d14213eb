// What history costs the server: lines decoded, parts written, charts drawn.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/task.h"
#include "base/thread_pool.h"
#include "ingest/ingest.h"
#include "objects/object_store.h"
#include "query/query.h"
#include "query/series_format.h"
#include "store/parts/part.h"
#include "store/sqlite/sqlite_store.h"

namespace runstone {
namespace {

std::string make_line(std::int64_t step, int metrics) {
  std::string line = "{\"_step\":" + std::to_string(step) + ",\"_runtime\":";
  json::append_double(line, static_cast<double>(step) * 0.0123);
  line += ",\"_timestamp\":";
  json::append_double(line, 1.7954406112279809e9 + static_cast<double>(step) * 0.0123);
  for (int m = 0; m < metrics; ++m) {
    line += ",\"train/metric_" + std::to_string(m) + "\":";
    json::append_double(line, std::sin(static_cast<double>(step * (m + 1)) * 1e-3) + m);
  }
  return line + "}";
}

void decode_lines(benchmark::State& state) {
  const int metrics = static_cast<int>(state.range(0));
  std::vector<std::string> lines;
  for (int i = 0; i < 2000; ++i) lines.push_back(make_line(i, metrics));
  for (auto _ : state) {
    parts::RowBatch rows;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      rows.add_line_or_keep(static_cast<std::int64_t>(i), lines[i]);
    }
    benchmark::DoNotOptimize(rows.leaves().size());
  }
  state.counters["values"] = benchmark::Counter(
      static_cast<double>(state.iterations() * 2000 * (metrics + 3)), benchmark::Counter::kIsRate);
}
BENCHMARK(decode_lines)->Arg(1)->Arg(10)->Arg(100);

void write_part(benchmark::State& state) {
  const int metrics = static_cast<int>(state.range(0));
  const std::int64_t lines = 650'000 / (metrics + 3);
  parts::RowBatch rows;
  for (std::int64_t i = 0; i < lines; ++i) rows.add_line_or_keep(i, make_line(i, metrics));
  std::size_t bytes = 0, overview_bytes = 0;
  for (auto _ : state) {
    const auto part = parts::write_part(rows);
    bytes = part->parquet.size();
    overview_bytes = part->overview.size();
  }
  const auto values = static_cast<double>(lines * (metrics + 3));
  state.counters["values"] = benchmark::Counter(static_cast<double>(state.iterations()) * values,
                                                benchmark::Counter::kIsRate);
  state.counters["bytes_per_value"] = static_cast<double>(bytes) / values;
  state.counters["overview_bytes_per_value"] = static_cast<double>(overview_bytes) / values;
}
BENCHMARK(write_part)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

/// A run of a million rows that came in through ingest: parts made by its compaction, as files of a
/// folder, and the rest in the tail of an SQLite file.
class MillionRows {
 public:
  static constexpr std::int64_t kRows = 1'000'000;

  MillionRows() {
    folder_ = std::filesystem::temp_directory_path() /
              ("runstone_chart_bench_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    objects_ = must(objects::open_folder_store(folder_ / "objects"));
    store_ = must(store::sqlite::open_store(folder_ / "bench.db"));
    store::User user;
    user.name = "alice";
    must(store_->create_user(user));
    ingest_ = must(
        ingest::Ingest::create(*store_, *objects_, system_clock(), pool_, {.background = false}));
    ingest::UpsertRun run;
    run.entity = "alice";
    run.project = "p";
    run.name = "r";
    run_ = must(ingest_->upsert_run(run)).run;
    for (std::int64_t first = 0; first < kRows; first += kBody) append(first);
    run_ = must(store_->get_run(run_.id));
  }
  ~MillionRows() {
    ingest_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<query::Query> open() const {
    return std::make_unique<query::Query>(*store_, *objects_);
  }
  const store::RunInfo& run() const { return run_; }

 private:
  static constexpr int kMetrics = 3;
  static constexpr std::int64_t kBody = 5000;  // rows a request

  template <typename T>
  static T must(Result<T> result) {
    if (!result) {
      std::fprintf(stderr, "chart_bench: %s\n", result.error().message.c_str());
      std::exit(1);
    }
    return *std::move(result);
  }
  void append(std::int64_t first) {
    protocol::FileStreamBody body;
    body.history.offset = first;
    for (std::int64_t i = first; i < first + kBody; ++i) {
      body.history.text += make_line(i, kMetrics);
      body.history.ends.push_back(static_cast<std::uint32_t>(body.history.text.size()));
      body.history.text += '\n';
    }
    body.history.text.append(protocol::StreamLines::kPaddingBytes, '\0');
    must(wait_for(ingest_->append({{"alice", "p", "r"}, std::move(body), false, "", ""})));
    if (first + kBody == kRows) return;  // a live run has a tail
    if (auto done = ingest_->compact(); !done) must(Result<int>(fail(done.error())));
  }

  std::filesystem::path folder_;
  ThreadPool pool_{2, 1000};
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ingest::Ingest> ingest_;
  store::RunInfo run_;
};

const MillionRows& million() {
  static const MillionRows rows;
  return rows;
}

query::SeriesRequest request_of(int kind) {
  query::SeriesRequest request;
  request.key = "train/metric_1";
  if (kind == 1) request.x = "_runtime";
  if (kind == 2) {
    request.min = 400'100;
    request.max = 530'077;
  }
  if (kind == 3) request.x = "train/metric_0";
  return request;
}

/// 0 the whole run by step, 1 by runtime, 2 a zoom, 3 over another metric.
void chart(benchmark::State& state) {
  const auto query = million().open();
  const auto request = request_of(static_cast<int>(state.range(0)));
  std::int64_t count = 0;
  for (auto _ : state) {
    auto series = query->series(million().run(), request);
    count = series->count;
    benchmark::DoNotOptimize(query::encode_series({{"r", request.key, *std::move(series), ""}}));
  }
  state.counters["rows"] = static_cast<double>(count);
}
BENCHMARK(chart)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

/// The first chart after a start: every overview is read, the tail is decoded.
void cold_chart(benchmark::State& state) {
  for (auto _ : state) {
    const auto query = million().open();
    const auto series = query->series(million().run(), request_of(0));
    benchmark::DoNotOptimize(series->count);
  }
}
BENCHMARK(cold_chart)->Unit(benchmark::kMillisecond);

void history_page(benchmark::State& state) {
  const auto query = million().open();
  for (auto _ : state) {
    const auto lines =
        query->history(million().run(), store::Stream::kHistory, {500'000, 501'000, -1});
    benchmark::DoNotOptimize(lines->size());
  }
}
BENCHMARK(history_page)->Unit(benchmark::kMillisecond);

/// A page of 50 charts that follows a live run: each query asks for what came since `after`.
std::vector<query::Query::SeriesOfRun> live_page(std::int64_t new_rows) {
  std::vector<query::Query::SeriesOfRun> page;
  for (int i = 0; i < 50; ++i) {
    auto request = request_of(0);
    request.key = "train/metric_" + std::to_string(i % 3);
    request.after = MillionRows::kRows - 1 - new_rows;
    page.push_back({&million().run(), request});
  }
  return page;
}

void live_page(benchmark::State& state) {
  const auto query = million().open();
  const auto page = live_page(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(query->series_many(page).size());
}
BENCHMARK(live_page)->Arg(0)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

template <typename Work>
double median_ms(int repeats, Work work) {
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[static_cast<std::size_t>(repeats / 2)];
}

/// One line for run_bench.py: medians of wall time, by what a user waits for.
void print_json() {
  const auto draw = [](const query::Query& query, int kind) {
    auto series = query.series(million().run(), request_of(kind));
    if (!series || series->count == 0) {
      std::fprintf(stderr, "chart_bench: an empty chart\n");
      std::exit(1);
    }
    benchmark::DoNotOptimize(query::encode_series({{"r", "k", *std::move(series), ""}}));
  };
  million();
  const double first_ms = median_ms(9, [&] { draw(*million().open(), 0); });
  const double any_x_first_ms = median_ms(5, [&] { draw(*million().open(), 3); });
  const auto query = million().open();
  for (const int kind : {0, 2, 3}) draw(*query, kind);
  const double chart_ms = median_ms(51, [&] { draw(*query, 0); });
  const double zoom_ms = median_ms(51, [&] { draw(*query, 2); });
  const double any_x_ms = median_ms(21, [&] { draw(*query, 3); });
  const auto read_page = [&] {
    const auto lines =
        query->history(million().run(), store::Stream::kHistory, {500'000, 501'000, -1});
    benchmark::DoNotOptimize(lines->size());
  };
  read_page();
  const double page_ms = median_ms(11, read_page);
  const auto live = live_page(100);
  const double live_ms = median_ms(51, [&] { query->series_many(live); });
  std::printf(
      "{\"chart_ms\":%.3f,\"chart_first_ms\":%.3f,\"zoom_ms\":%.3f,\"any_x_ms\":%.3f,"
      "\"any_x_first_ms\":%.3f,\"history_page_ms\":%.3f,\"live_page_ms\":%.3f}\n",
      chart_ms, first_ms, zoom_ms, any_x_ms, any_x_first_ms, page_ms, live_ms);
}

}  // namespace
}  // namespace runstone

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--json") == 0) {
    runstone::print_json();
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
