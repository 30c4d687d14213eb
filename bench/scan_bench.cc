// What a whole scan_history() of 100,000 rows of 10 keys costs the server: 100 pages of 1000 steps,
// read and made into the text of the answer. One JSON object a line.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "base/json.h"
#include "objects/object_store.h"
#include "query/query.h"
#include "store/parts/part.h"
#include "store/sqlite/sqlite_store.h"
#include "store/tail_lines.h"

namespace {

using namespace runstone;
constexpr std::int64_t kRows = 100'000, kPartRows = 64'000, kChunkRows = 2'000, kPageRows = 1'000;

template <typename T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

void must(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

std::string make_line(std::int64_t step) {
  std::string line = "{\"_step\":" + std::to_string(step) + ",\"_runtime\":";
  json::append_double(line, static_cast<double>(step) * 0.0123);
  line += ",\"_timestamp\":";
  json::append_double(line, 1.7954406112279809e9 + static_cast<double>(step) * 0.0123);
  for (int m = 0; m < 10; ++m) {
    line += ",\"metric_" + std::to_string(m) + "\":";
    json::append_double(line, std::sin(static_cast<double>(step * (m + 1)) * 1e-3) + m);
  }
  return line + "}";
}

}  // namespace

int main() {
  const auto folder =
      std::filesystem::temp_directory_path() / ("runstone_scan_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / "objects");
  auto objects = must(objects::open_folder_store(folder / "objects"));
  auto store = must(store::sqlite::open_store(folder / "bench.db"));
  store::User user;
  user.name = "bench";
  must(store->create_user(user));
  const auto project = must(store->create_project(must(store->find_entity("bench")).id, "p", 1));
  const auto run = must(store->create_run({project.id, "r", "r"}, {}));

  store::Batch batch;
  parts::RowBatch rows;
  for (std::int64_t i = 0; i < kPartRows; ++i) rows.add_line_or_keep(i, make_line(i));
  auto written = must(parts::write_part(rows));
  must(objects->put("part.parquet", written.parquet));
  must(objects->put("part.overview", written.overview));
  store::NewPart part;
  part.info.run = run.id;
  part.info.object_key = "part.parquet";
  part.info.overview_key = "part.overview";
  part.info.first_line = part.info.first_step = 0;
  part.info.end_line = part.info.line_count = kPartRows;
  part.info.last_step = kPartRows - 1;
  part.info.size_bytes = static_cast<std::int64_t>(written.parquet.size());
  batch.add_parts.push_back(std::move(part));
  for (std::int64_t first = kPartRows; first < kRows; first += kChunkRows) {
    std::vector<std::string> lines;
    for (std::int64_t i = first; i < first + kChunkRows; ++i) lines.push_back(make_line(i));
    store::TailChunk chunk;
    chunk.run = run.id;
    chunk.first_line = chunk.first_step = first;
    chunk.line_count = kChunkRows;
    chunk.last_step = first + kChunkRows - 1;
    chunk.data = store::encode_lines(std::vector<std::string_view>(lines.begin(), lines.end()));
    batch.put_chunks.push_back(std::move(chunk));
  }
  must(store->commit(batch));

  const auto ms = [](auto begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
  };
  std::size_t bytes = 0;
  for (const bool keyed : {false, true}) {
    const query::Query query(*store, *objects);  // with nothing in its caches
    const auto begin = std::chrono::steady_clock::now();
    std::int64_t count = 0;
    for (std::int64_t first = 0; first < kRows; first += kPageRows) {
      List answer;
      if (keyed) {
        query::SampledHistorySpec spec;
        spec.keys = {"_step"};
        for (int m = 0; m < 10; ++m) spec.keys.push_back("metric_" + std::to_string(m));
        spec.samples = kPageRows;
        spec.min_step = first;
        spec.max_step = first + kPageRows - 1;
        for (auto& row : must(query.sampled_history(run, spec))) answer.push_back(std::move(row));
      } else {
        query::HistoryRange range;
        range.min_step = first;
        range.end_step = first + kPageRows;
        for (auto& row : must(query.history(run, store::Stream::kHistory, range))) {
          answer.emplace_back(std::move(row));
        }
      }
      count += static_cast<std::int64_t>(answer.size());
      bytes += json::to_text(Value(std::move(answer))).size();
    }
    std::printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ms\",\"rows\":%lld}\n",
                keyed ? "scan_history_keys_ms" : "scan_history_ms", ms(begin),
                static_cast<long long>(count));
  }
  std::fprintf(stderr, "%zu bytes of text\n", bytes);
  store.reset();
  std::filesystem::remove_all(folder);
  return 0;
}
