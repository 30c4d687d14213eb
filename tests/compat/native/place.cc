#include "place.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <thread>

#include "outcome.h"

namespace native {
namespace {

std::string& mode_of_project() {
  static std::string mode;
  return mode;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

runstone::Api api() { return must(runstone::Api::open()); }

}  // namespace

std::string project() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string mode = mode_of_project();
  return std::string(test->test_suite_name()) + "." + test->name() + (mode.empty() ? "" : "-") +
         mode;
}

std::string entity() { return must(api().default_entity()); }

runstone::InitOptions options(const std::string& id, const std::string& mode) {
  runstone::InitOptions options;
  options.project = project();
  options.id = id;
  options.mode = mode;
  options.printer = [](runstone::MessageLevel, const std::string&) {};
  must(options.settings.set("x_disable_stats", true));
  return options;
}

runstone::Run start(const std::string& id, const std::string& mode) {
  return must(runstone::Run::init(options(id, mode)));
}

void finish(runstone::Run& run) {
  const runstone::FinishReport report = run.finish();
  EXPECT_TRUE(report.first_call);
  EXPECT_TRUE(report.delivered) << report.message;
  EXPECT_EQ(report.lost_records + report.lost_media + report.left_records, 0u) << report.message;
}

runstone::PublicRun stored(const std::string& id) { return must(api().run(project() + "/" + id)); }

namespace {

std::vector<runstone::Dict> whole_rows_of(const runstone::PublicRun& run) {
  return must(must(run.scan_history()).rest());
}

}  // namespace

std::vector<runstone::Dict> rows_of(const runstone::PublicRun& run) {
  std::vector<runstone::Dict> rows = whole_rows_of(run);
  for (runstone::Dict& row : rows) {
    for (const char* own : {"_step", "_runtime", "_timestamp"}) {
      EXPECT_TRUE(row.erase(own)) << "a row without " << own;
    }
  }
  return rows;
}

std::vector<std::int64_t> steps_of(const runstone::PublicRun& run) {
  std::vector<std::int64_t> steps;
  for (const runstone::Dict& row : whole_rows_of(run)) {
    steps.push_back(row.find("_step")->int_or(-1));
  }
  return steps;
}

runstone::Value summary_of(const runstone::PublicRun& run, const std::vector<std::string>& path) {
  return must(run.summary().get(path)).value_or(runstone::Value());
}

std::string file_of(const runstone::PublicRun& run, const std::string& name) {
  runstone::DownloadOptions options;
  options.root = "fetched-" + project();
  options.replace = true;
  return read(must(must(run.file(name)).download(options)));
}

std::vector<std::string> file_names_of(const runstone::PublicRun& run) {
  std::vector<std::string> names;
  for (const runstone::RunFile& file : must(must(run.files()).rest())) names.push_back(file.name());
  return names;
}

void eventually(const char* what, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error(std::string("never: ") + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // between two requests
  }
}

Said sync(const std::string& arguments, const std::string& server) {
  const std::string of_server =
      server.empty() ? "" : "RUNSTONE_BASE_URL=" + server + " WANDB_BASE_URL=" + server + " ";
  const std::string command =
      of_server + "'" + environment("RUNSTONE_BIN") + "' sync " + arguments + " > said.txt 2>&1";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("said.txt")};
}

void in_both_modes(const Acceptance& acceptance, const std::string& id) {
  const std::filesystem::path here = std::filesystem::current_path();
  for (const char* mode : {"online", "offline"}) {
    SCOPED_TRACE(mode);
    mode_of_project() = mode;
    std::filesystem::create_directories(here / mode / id);
    std::filesystem::current_path(here / mode / id);
    runstone::Run run = start(id, mode);
    const std::string directory = run.sync_dir();
    acceptance.program(run);
    finish(run);
    if (run.offline()) {
      const Said said = sync("'" + directory + "'");
      ASSERT_EQ(said.exit_code, 0) << said.text;
    }
    const runstone::PublicRun there = stored(id);
    EXPECT_EQ(there.state(), "finished");
    acceptance.check(there);
  }
  std::filesystem::current_path(here);
  mode_of_project().clear();
}

void write(const std::filesystem::path& path, std::string_view content) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random() & 0xffu); });
  return bytes;
}

}  // namespace native
