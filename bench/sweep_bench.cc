// What a suggestion costs the server: Bayes over 10 parameters with 300 finished runs.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sweeps/suggest.h"

namespace {

using runstone::Value;
using runstone::sweeps::Observation;

constexpr int kParameters = 10;
constexpr int kFinishedRuns = 300;
constexpr std::int64_t kSeed = 1;

// A valley with bumps; what it is does not matter to the time.
double loss_of(const std::vector<Value>& values) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = values[i].number_or(0) - 0.1 * static_cast<double>(i);
    sum += x * x + 0.1 * std::cos(9 * x);
  }
  return sum;
}

}  // namespace

// Arguments: how many suggestions; 1000 if not given.
int main(int argc, char** argv) {
  const int suggestions = argc > 1 ? std::atoi(argv[1]) : 1000;
  std::string yaml = "{method: bayes, metric: {name: loss}, parameters: {";
  for (int i = 0; i < kParameters; ++i)
    yaml += "x" + std::to_string(i) + ": {min: 0.0, max: 1.0}, ";
  const auto config = runstone::sweeps::parse_config(yaml + "}}");
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return 1;
  }
  auto random = *config;
  random.method = runstone::sweeps::Method::kRandom;
  std::vector<Observation> seen;
  for (std::int64_t i = 0; i < kFinishedRuns; ++i) {
    auto values = runstone::sweeps::suggest(random, kSeed, i, {})->values;
    const double loss = loss_of(values);
    seen.push_back({std::move(values), loss, true});
  }
  std::vector<double> times_ms;
  for (int i = 0; i < suggestions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto next = runstone::sweeps::suggest(*config, kSeed, kFinishedRuns + i, seen);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (!next) return 1;
    times_ms.push_back(took.count());
  }
  std::sort(times_ms.begin(), times_ms.end());
  double sum = 0;
  for (const double time : times_ms) sum += time;
  const auto count = times_ms.size();
  std::printf(
      "{\"name\":\"sweep_bayes_suggestion\",\"unit\":\"ms\",\"value\":%.2f,\"p99\":%.2f,"
      "\"max\":%.2f,\"suggestions\":%zu,\"parameters\":%d,\"finished_runs\":%d}\n",
      sum / static_cast<double>(count), times_ms[count * 99 / 100], times_ms.back(), count,
      kParameters, kFinishedRuns);
  return 0;
}
