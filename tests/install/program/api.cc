// Logs a run to the server that the environment names, then reads and changes it through the public
// API. Exits with 0 if everything is as it was logged; else it says what is not.
#include <runstone/api.h>
#include <runstone/login.h>
#include <runstone/runstone.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("FAILED: %s\n", what);
  ++failures;
}

template <typename T>
bool check(const runstone::Result<T>& result, const char* what) {
  if (!result) std::printf("FAILED: %s: %s\n", what, result.error().message.c_str());
  failures += result ? 0 : 1;
  return result.has_value();
}

constexpr int kRows = 1000;

std::string log_a_run() {
  runstone::InitOptions options;
  options.project = "cpp-api";
  options.name = "from C++";
  options.config = {{"lr", 0.1}, {"net", {{"layers", 3}}}};
  options.tags = {"a"};
  auto run = runstone::Run::init(options);
  if (!check(run, "init")) return "";
  for (int i = 0; i < kRows; ++i) {
    check(run->log({{"loss", 1.0 / (i + 1)}, {"i", i}}), "log");
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  check(run->log({{"nan", nan}, {"wide", std::int64_t{9007199254740993}}}), "log of odd values");
  std::ofstream("saved.txt") << "as it was saved";
  check(run->save("saved.txt"), "save");
  auto data = runstone::Artifact::create("cpp-data", "dataset");
  if (check(data, "an artifact")) {
    check(data->add_file("saved.txt"), "add_file");
    check(run->log_artifact(*data), "log_artifact");
    check(data->wait(30), "wait");
  }
  const std::string path = run->path();
  check(run->finish().delivered, "everything is delivered");
  return path;
}

void check_history(const runstone::PublicRun& run) {  // PA1
  runstone::ScanOptions all;
  auto scan = run.scan_history(all);
  if (!check(scan, "scan_history")) return;
  const auto rows = scan->rest();
  if (!check(rows, "every row")) return;
  check(rows->size() == kRows + 1, "the number of rows");
  for (int i = 0; i < kRows; ++i) {
    const runstone::Dict& row = (*rows)[static_cast<std::size_t>(i)];
    check(row.find("_step")->int_or(-1) == i && row.find("i")->int_or(-1) == i &&
              row.find("loss")->number_or(0) == 1.0 / (i + 1),
          "a row as it was logged");
  }
  check(std::isnan(rows->back().find("nan")->number_or(0)), "NaN");
  check(rows->back().find("wide")->int_or(0) == 9007199254740993, "an integer past 2^53");

  runstone::HistoryOptions sampled;
  sampled.samples = 100;
  const auto sample = run.history(sampled);
  if (check(sample, "history")) {
    check(sample->size() <= 100, "at most so many samples");
    check(sample->front().find("_step")->int_or(-1) == 0, "the first row");
    check(sample->back().find("_step")->int_or(-1) == kRows, "the last row");
  }
  runstone::ScanOptions by_keys;
  by_keys.keys = {"loss"};
  auto losses = run.scan_history(by_keys);
  if (check(losses, "a scan by keys")) {
    const auto columns = losses->columns();
    if (check(columns, "columns")) check(columns->size() == 2, "the columns _step and loss");
  }
}

void check_changes(runstone::Api& api, const std::string& path) {  // PA2
  auto run = api.run(path);
  if (!check(run, "run")) return;
  check(run->state() == "finished" && run->name() == "from C++", "state and name");
  check(run->config() && run->config()->find("lr")->number_or(0) == 0.1, "config");
  check(run->summary().update({{"z", 1}}), "summary.update");
  run->set_tags({"a", "b"});
  check(run->update(), "update");
  const auto again = api.run(path);
  if (!check(again, "run again")) return;
  check(again->summary().get({"z"}).value() == runstone::Value(1), "the summary's change");
  check(again->summary().get({"i"}).value() == runstone::Value(kRows - 1),
        "the rest of the summary");
  check(again->tags().size() == 2, "the tags' change");
}

void check_files(const runstone::PublicRun& run) {  // PA3
  const auto file = run.file("saved.txt");
  if (!check(file, "file")) return;
  runstone::DownloadOptions options;
  options.root = "downloaded";
  const auto path = file->download(options);
  if (!check(path, "download")) return;
  std::ifstream stream(*path);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  check(text == "as it was saved", "the file's bytes");
  check(file->download(options).error().code == runstone::ErrorCode::kConflict, "exists already");
  options.exist_ok = true;
  check(file->download(options), "exists and may");
}

void check_artifacts(const runstone::Api& api, const runstone::PublicRun& run) {
  const auto version = api.artifact("cpp-api/cpp-data:v0");
  if (!check(version, "artifact")) return;
  check(version->type() == "dataset" && !version->is_draft(), "its type");
  auto made = run.logged_artifacts();
  const auto first = made.next();
  if (check(first, "logged_artifacts")) check(first->size() == 1, "one was logged");
  check(run.use_artifact(*version), "use_artifact");
  check(api.artifact_exists("cpp-api/cpp-data").value_or(false), "artifact_exists");
  check(!api.artifact_exists("cpp-api/absent").value_or(true), "none of another name");
}

}  // namespace

int main() {
  const std::string path = log_a_run();
  if (path.empty()) return 1;
  auto api = runstone::Api::open();
  if (!check(api, "open")) return 1;
  auto run = api->run(path);
  if (!check(run, "run")) return 1;
  check_history(*run);
  check_changes(*api, path);
  check_files(*run);
  check_artifacts(*api, *run);
  runstone::RunsOptions filtered;
  filtered.filters = {{"config.lr", {{"$lt", 1}}}};
  auto runs = api->runs("cpp-api", filtered);
  if (check(runs, "runs")) check(runs->count() && *runs->count() == 1, "one run passes the filter");
  check(api->run("cpp-api/absent").error().code == runstone::ErrorCode::kNotFound,
        "a run that is absent");
  check(run->remove(), "remove");
  check(!api->run(path), "it is gone");
  const auto login = runstone::login();
  check(login && login->has_key, "a key is known");
  if (failures == 0) std::printf("everything is as it was logged\n");
  return failures == 0 ? 0 : 1;
}
