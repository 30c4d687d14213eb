#include "uplink/test_journal.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "base/random_id.h"
#include "fs/file_system.h"

namespace runstone::uplink {

constexpr std::int64_t kStartUs = 1'795'440'000'000'000;

TestJournal::TestJournal(const std::string& run_id) : run_id_(run_id) {
  directory_ = (std::filesystem::temp_directory_path() / ("runstone_uplink_" + random_id(12)) /
                ("offline-run-20261123_132028-" + run_id))
                   .string();
  std::filesystem::create_directories(directory_ + "/files");
  path_ = directory_ + "/run-" + run_id + ".wandb";
  auto writer = journal::JournalWriter::create(fs::real_file_system(), path_);
  if (!writer) std::abort();
  writer_ = std::make_unique<journal::JournalWriter>(std::move(*writer));
}

TestJournal::~TestJournal() {
  writer_.reset();
  std::filesystem::remove_all(std::filesystem::path(directory_).parent_path());
}

void TestJournal::append(protocol::RecordBody body) {
  std::string bytes;
  protocol::encode_record(bytes, {.num = ++num_, .body = std::move(body)});
  if (!writer_->append(bytes)) std::abort();
}

void TestJournal::append_bytes(const std::string& bytes) {
  if (!writer_->append(bytes)) std::abort();
}

void TestJournal::header_and_run(const std::string& project) {
  append(protocol::HeaderRecord{.producer = "0.1.0", .min_consumer = "0.70.0"});
  protocol::RunRecord run{.run_id = run_id_, .project = project, .start_time_us = kStartUs};
  run.config.update.push_back({{"lr"}, 0.1});
  append(std::move(run));
}

void TestJournal::row(std::int64_t step, double loss) {
  protocol::HistoryRecord history;
  history.items = {{{"loss"}, loss}, {{"_runtime"}, 0.5}, {{"_step"}, step}};
  history.step = step;
  append(std::move(history));
}

std::string row_json(std::int64_t step, double loss) {
  std::string out = "{\"loss\":";
  json::append_double(out, loss);
  return out + ",\"_runtime\":0.5,\"_step\":" + std::to_string(step) + "}";
}

void TestJournal::console(const std::string& text, bool is_stderr) {
  append(protocol::OutputRawRecord{.is_stderr = is_stderr, .timestamp_us = kStartUs, .text = text});
}

void TestJournal::exit(int code) { append(protocol::ExitRecord{.exit_code = code}); }

void TestJournal::write_file(const std::string& name, const std::string& bytes) {
  const std::filesystem::path path = std::filesystem::path(directory_) / "files" / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace runstone::uplink
