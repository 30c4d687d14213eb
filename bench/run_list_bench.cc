// How long a page of runs takes, filtered and sorted by a summary key, and the pages behind it;
// what the first page after a start costs; how large the index is; what keeping change numbers
// costs a commit. Prints one JSON object a line. `run_list_bench [RUNS [KEYS]]`, by default 10000
// and 200.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "objects/object_store.h"
#include "query/query.h"
#include "store/sqlite/sqlite_store.h"

namespace {

using namespace runstone;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

long rss_kib() {
  std::ifstream statm("/proc/self/statm");
  long size = 0, resident = 0;
  statm >> size >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

void print(const std::string& name, double value, const char* unit) {
  std::printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\"}\n", name.c_str(), value, unit);
  std::fflush(stdout);
}

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

std::string config_of(std::mt19937_64& random, int keys) {
  std::uniform_real_distribution<double> number(0, 1);
  Dict config;
  for (int i = 0; i < keys; ++i) {
    const std::string name = "param_" + std::to_string(i);
    Value value = number(random);
    if (i % 10 == 3) value = "choice-" + std::to_string(random() % 7);
    if (i % 10 == 5) value = static_cast<std::int64_t>(random() % 1000);
    config.set(name, Dict{{"value", std::move(value)}, {"desc", nullptr}});
  }
  config.set("_wandb",
             Dict{{"value", Dict{{"cli_version", "0.31.0"}, {"python_version", "3.11"}}}});
  return json::to_text(Value(std::move(config)));
}

std::string summary_of(std::mt19937_64& random, int keys) {
  std::uniform_real_distribution<double> number(0, 1);
  Dict summary{{"_step", 1000}, {"_runtime", number(random) * 1000}, {"loss", number(random)}};
  for (int i = 0; i < keys; ++i) summary.set("metric/" + std::to_string(i), number(random));
  return json::to_text(Value(std::move(summary)));
}

double percentile(std::vector<double> times, double at) {
  std::sort(times.begin(), times.end());
  return times[static_cast<std::size_t>(at * static_cast<double>(times.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const int keys = argc > 2 ? std::atoi(argv[2]) : 200;
  const auto folder =
      std::filesystem::temp_directory_path() / ("runstone_run_list_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "objects");
  auto objects = must(objects::open_folder_store(folder / "objects"));
  auto store = must(store::sqlite::open_store(folder / "bench.db"));
  store::User user;
  user.name = "bench";
  must(store->create_user(user));
  const auto project = must(store->create_project(must(store->find_entity("bench")).id, "runs", 1));
  std::mt19937_64 random(7);
  std::vector<store::RunId> ids;
  store::Batch batch;
  for (int i = 0; i < runs; ++i) {
    store::NewRun run;
    run.project = project.id;
    run.name = "run" + std::to_string(i);
    run.display_name = "quick-otter-" + std::to_string(i);
    run.state = i % 10 == 0 ? store::RunState::kRunning : store::RunState::kFinished;
    run.created_at_us = 1'795'000'000'000'000 + i * 1'000'000LL;
    const auto made = must(store->create_run(run, {}));
    ids.push_back(made.id);
    store::RunUpdate update;
    update.run = made.id;
    update.config_json = config_of(random, keys / 2);
    update.summary_json = summary_of(random, keys - keys / 2);
    update.tags = std::vector<std::string>{"t" + std::to_string(i % 5)};
    batch.runs.push_back(std::move(update));
    if (batch.runs.size() == 500 || i + 1 == runs) {
      must(store->commit(batch));
      batch = {};
    }
  }

  const query::Query query(*store, *objects);
  query::RunListRequest request;
  request.project = project.id;
  request.filters = R"({"$and":[{"state":"finished"},{"config.param_0":{"$gt":0.1}}]})";
  request.order = "-summary_metrics.metric/3";
  request.first = 50;
  request.columns = {false, false};

  const auto reading = Clock::now();
  std::size_t bytes = 0;
  must(store->changed_runs(project.id, -1, [&](store::ChangedRun&& run) {
    bytes += run.run.config_json.size() + run.run.summary_json.size();
  }));
  print("run_list_json_mib", static_cast<double>(bytes) / (1 << 20), "MiB");
  print("run_list_read_all_ms", ms_since(reading), "ms");
  malloc_trim(0);
  const auto rss_before = rss_kib();
  const auto cold = Clock::now();
  auto page = must(query.runs(request));
  print("run_list_cold_ms", ms_since(cold), "ms");
  malloc_trim(0);
  print("run_index_mib", static_cast<double>(rss_kib() - rss_before) / 1024, "MiB");

  std::vector<double> first, hundredth, other_key;
  std::int64_t pages = 1;
  auto deep = request;
  while (page.has_next && pages < 99) {
    deep.after = page.items.back().cursor;
    page = must(query.runs(deep));
    ++pages;
  }
  for (int i = 0; i < 30; ++i) {
    auto begin = Clock::now();
    must(query.runs(request));
    first.push_back(ms_since(begin));
    begin = Clock::now();
    must(query.runs(deep));
    hundredth.push_back(ms_since(begin));
    auto another = request;
    another.order = "+summary_metrics.metric/" + std::to_string(10 + i);
    begin = Clock::now();
    must(query.runs(another));
    other_key.push_back(ms_since(begin));
  }
  print("run_list_page_1_ms", percentile(first, 0.5), "ms");
  print("run_list_page_100_ms", percentile(hundredth, 0.5), "ms");
  print("run_list_page_1_p95_ms", percentile(first, 0.95), "ms");
  print("run_list_new_key_ms", percentile(other_key, 0.5), "ms");
  auto full = request;
  full.columns = {true, true};
  std::vector<double> with_json;
  for (int i = 0; i < 20; ++i) {
    const auto begin = Clock::now();
    must(query.runs(full));
    with_json.push_back(ms_since(begin));
  }
  print("run_list_full_page_ms", percentile(with_json, 0.5), "ms");

  // 200 live runs whose summary was replaced since the last page.
  std::vector<double> live, commits;
  for (int round = 0; round < 10; ++round) {
    store::Batch changes;
    for (int i = 0; i < 200 && i < runs; ++i) {
      store::RunUpdate update;
      update.run = ids[static_cast<std::size_t>(i)];
      update.summary_json = summary_of(random, keys - keys / 2);
      update.heartbeat_at_us = 1'795'000'000'000'000 + round;
      changes.runs.push_back(std::move(update));
    }
    auto begin = Clock::now();
    must(store->commit(changes));
    commits.push_back(ms_since(begin));
    begin = Clock::now();
    must(query.runs(request));
    live.push_back(ms_since(begin));
  }
  print("run_list_after_200_summaries_ms", percentile(live, 0.5), "ms");
  print("commit_200_summaries_ms", percentile(commits, 0.5), "ms");
  store.reset();
  std::filesystem::remove_all(folder);
  return 0;
}
