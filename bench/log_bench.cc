// Run::log() from C++: the median time of a call and the bytes of journal a row, offline.
// `log_bench --json` prints one object on one line, for run_bench.py.
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "runstone/runstone.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Figures {
  double log_us = 0;
  double bytes_per_row = 0;
};

runstone::Run start_run(const std::string& directory) {
  auto run = runstone::Run::init({.dir = directory,
                                  .mode = "offline",
                                  .printer = [](runstone::MessageLevel, const std::string&) {}});
  if (!run) std::abort();
  return std::move(*run);
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/runstone-bench-XXXXXX";
    if (mkdtemp(name) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// A clock is read per batch, not per call: two readings cost half as much as a short call. Between
// batches the figures of the next rows are made, as a training would.
Figures measure_log(std::size_t key_count, int batch_count, int batch_calls) {
  const TemporaryDirectory directory;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < key_count; ++i) names.push_back("key_" + std::to_string(i));
  runstone::Run run = start_run(directory.path());
  std::vector<runstone::Field> row;
  for (const auto& key : names) row.emplace_back(key, 0.0);
  std::vector<double> call_us;
  double value = 0.123;
  for (int batch = 0; batch < batch_count; ++batch) {
    for (auto& field : row) field.value = (value += 0.001);
    const auto begin = Clock::now();
    for (int call = 0; call < batch_calls; ++call) {
      row[0].value = value + call;
      runstone::discard(run.log({row.data(), row.size()}), "what is lost shows in the row count");
    }
    const std::chrono::duration<double, std::micro> taken = Clock::now() - begin;
    call_us.push_back(taken.count() / batch_calls);
  }
  const std::string journal = run.sync_dir() + "/run-" + run.id() + ".wandb";
  const auto rows = static_cast<double>(run.row_count());
  run.finish();
  struct stat info {};
  if (stat(journal.c_str(), &info) != 0) std::abort();
  return {median(std::move(call_us)), static_cast<double>(info.st_size) / rows};
}

double measure_init_ms() {
  const TemporaryDirectory directory;
  std::vector<double> milliseconds;
  for (int i = 0; i < 50; ++i) {
    const auto begin = Clock::now();
    runstone::Run run = start_run(directory.path());
    const std::chrono::duration<double, std::milli> taken = Clock::now() - begin;
    milliseconds.push_back(taken.count());
    run.finish();
  }
  return median(std::move(milliseconds));
}

}  // namespace

int main(int argc, char** argv) {
  const Figures one = measure_log(1, 4000, 64);
  const Figures ten = measure_log(10, 2000, 64);
  const Figures thousand = measure_log(1000, 500, 4);
  const double init_ms = measure_init_ms();
  const bool as_json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  const char* format = as_json ? "{\"log_us_1\":%.4f,\"log_us_10\":%.4f,\"log_us_1000\":%.3f,"
                                 "\"bytes_per_row_1\":%.1f,\"bytes_per_row_10\":%.1f,"
                                 "\"init_offline_ms\":%.3f}\n"
                               : "log() of 1 / 10 / 1000 doubles: %.3f / %.3f / %.1f us (median)\n"
                                 "journal bytes a row of 1 / 10: %.0f / %.0f\n"
                                 "init() offline: %.2f ms (median)\n";
  std::printf(format, one.log_us, ten.log_us, thousand.log_us, one.bytes_per_row, ten.bytes_per_row,
              init_ms);
  return 0;
}
