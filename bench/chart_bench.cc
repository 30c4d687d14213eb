// What history costs the server: lines decoded, parts written, charts drawn.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <benchmark/benchmark.h>

#include "base/json.h"
#include "objects/object_store.h"
#include "query/query.h"
#include "query/series_format.h"
#include "store/memory/memory_store.h"
#include "store/parts/part.h"
#include "store/tail_lines.h"

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

/// A run of a million rows: parts of 64k rows in a folder, and a tail of 16,960.
class MillionRows {
 public:
  MillionRows() {
    folder_ = std::filesystem::temp_directory_path() /
              ("runstone_chart_bench_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    objects_ = *objects::open_folder_store(folder_);
    store_ = store::memory::make_store();
    store::User user;
    user.name = "alice";
    discard(store_->create_user(user), "an empty store takes it");
    store::NewRun run;
    run.project = store_->create_project(store_->find_entity("alice")->id, "p", 1)->id;
    run.name = run.display_name = "r";
    run_ = *store_->create_run(run, {});
    constexpr std::int64_t kRows = 1'000'000, kPart = 65'536;
    for (std::int64_t first = 0; first < kRows; first += kPart) {
      if (first + kPart <= kRows) {
        add_part(first, kPart);
      } else {
        add_tail(first, kRows - first);
      }
    }
  }
  ~MillionRows() { std::filesystem::remove_all(folder_); }

  std::unique_ptr<query::Query> open() const {
    return std::make_unique<query::Query>(*store_, *objects_);
  }
  const store::RunInfo& run() const { return run_; }

 private:
  static constexpr int kMetrics = 3;
  void add_part(std::int64_t first, std::int64_t count) {
    parts::RowBatch rows;
    for (std::int64_t i = 0; i < count; ++i)
      rows.add_line_or_keep(first + i, make_line(first + i, kMetrics));
    const auto bytes = *parts::write_part(rows);
    store::NewPart part;
    part.info.run = run_.id;
    part.info.first_line = first;
    part.info.end_line = first + count;
    part.info.size_bytes = static_cast<std::int64_t>(bytes.parquet.size());
    part.info.object_key = "parts/" + std::to_string(first) + ".parquet";
    part.info.overview_key = "parts/" + std::to_string(first) + ".overview";
    discard(objects_->put(part.info.object_key, bytes.parquet),
            "a failure shows as an empty chart");
    discard(objects_->put(part.info.overview_key, bytes.overview), "likewise");
    store::Batch batch;
    batch.add_parts.push_back(part);
    discard(store_->commit(batch), "likewise");
  }
  void add_tail(std::int64_t first, std::int64_t count) {
    std::string lines;
    for (std::int64_t i = 0; i < count; ++i) lines += make_line(first + i, kMetrics) + "\n";
    store::TailChunk chunk;
    chunk.run = run_.id;
    chunk.first_line = first;
    chunk.line_count = count;
    chunk.data = store::encode_lines(lines);
    store::Batch batch;
    batch.put_chunks.push_back(chunk);
    discard(store_->commit(batch), "a failure shows as an empty chart");
  }

  std::filesystem::path folder_;
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<store::Store> store_;
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

}  // namespace
}  // namespace runstone

BENCHMARK_MAIN();
