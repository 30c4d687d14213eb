// Run::log() from C++: the median of a call, and the bytes of journal that it makes.
#include <benchmark/benchmark.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runstone/runstone.h"

namespace {

runstone::Run start_run(const std::string& directory) {
  runstone::InitOptions options;
  options.mode = "offline";
  options.dir = directory;
  options.printer = [](runstone::MessageLevel, const std::string&) {};
  auto run = runstone::Run::init(options);
  if (!run) std::abort();
  return std::move(*run);
}

void log_doubles(benchmark::State& state) {
  const auto key_count = static_cast<std::size_t>(state.range(0));
  char name[] = "/tmp/runstone-bench-XXXXXX";
  const std::string directory = mkdtemp(name);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < key_count; ++i) names.push_back("metric_" + std::to_string(i));
  if (key_count == 1) names[0] = "loss";
  {
    runstone::Run run = start_run(directory);
    std::vector<runstone::Field> row;
    for (const auto& key : names) row.emplace_back(key, 0.0);
    std::vector<double> microseconds;
    double value = 0.123;
    for (auto _ : state) {
      for (auto& field : row) field.value = (value += 0.001);
      const auto begin = std::chrono::steady_clock::now();
      runstone::discard(run.log({row.data(), row.size()}), "a bench");
      const auto end = std::chrono::steady_clock::now();
      const std::chrono::duration<double> taken = end - begin;
      state.SetIterationTime(taken.count());
      microseconds.push_back(taken.count() * 1e6);
    }
    std::nth_element(microseconds.begin(), microseconds.begin() + microseconds.size() / 2,
                     microseconds.end());
    state.counters["median_us"] = microseconds[microseconds.size() / 2];
    const std::string journal = run.sync_dir() + "/run-" + run.id() + ".wandb";
    const auto rows = static_cast<double>(run.row_count());
    run.finish();
    struct stat info {};
    stat(journal.c_str(), &info);
    state.counters["bytes_per_row"] = static_cast<double>(info.st_size) / rows;
  }
  std::filesystem::remove_all(directory);
}
BENCHMARK(log_doubles)->Arg(1)->Arg(10)->Iterations(500'000)->UseManualTime();
BENCHMARK(log_doubles)->Arg(1000)->Iterations(5'000)->UseManualTime();

void init_offline(benchmark::State& state) {
  char name[] = "/tmp/runstone-bench-XXXXXX";
  const std::string directory = mkdtemp(name);
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    runstone::Run run = start_run(directory);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(taken.count());
    run.finish();
  }
  std::filesystem::remove_all(directory);
}
BENCHMARK(init_offline)->Iterations(50)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
