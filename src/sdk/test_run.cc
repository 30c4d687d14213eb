#include "sdk/test_run.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "fs/file_system.h"
#include "journal/journal_reader.h"
#include "model/summary_table.h"

extern "C" char** environ;

namespace runstone::testing_support {

Workplace::Workplace() {
  std::vector<std::string> names;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string entry(*at);
    if (entry.rfind("RUNSTONE_", 0) == 0 || entry.rfind("WANDB_", 0) == 0) {
      names.push_back(entry.substr(0, entry.find('=')));
    }
  }
  for (const auto& name : names) unsetenv(name.c_str());
  std::string name = (std::filesystem::temp_directory_path() / "runstone-test-XXXXXX").string();
  path_ = mkdtemp(name.data());
  setenv("HOME", path_.c_str(), 1);
  forget_environment();
}

Workplace::~Workplace() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

InitOptions Workplace::options() {
  InitOptions options;
  options.mode = "offline";
  options.dir = path();
  options.printer = [this](MessageLevel, const std::string& line) {
    const std::scoped_lock lock(lines_mutex_);  // the uplink's thread speaks, too
    lines_.push_back(line);
  };
  return options;
}

Run Workplace::start(const InitOptions& options) {
  auto run = Run::init(options);
  if (!run) {
    ADD_FAILURE() << run.error().message;
    std::abort();
  }
  return std::move(*run);
}

std::string Workplace::all_lines() const {
  const std::scoped_lock lock(lines_mutex_);
  std::string text;
  for (const auto& line : lines_) text += line + "\n";
  return text;
}

std::string Journal::Row::text() const {
  Dict shown;
  for (const auto& [key, value] : leaves) {
    if (key.front() != '_') shown.set(key, value);
  }
  return json::to_text(Value(std::move(shown)));
}

std::string Journal::row_texts() const {
  std::string text;
  for (const auto& row : rows) text += std::to_string(row.step) + " " + row.text() + "\n";
  return text;
}

Dict Journal::summary_of_records() const {
  SummaryTable table;
  for (const auto& record : all<protocol::SummaryRecord>()) {
    for (const auto& item : record.update) {
      table.apply_record_update(item.path, *protocol::item_value(item));
    }
    for (const auto& path : record.remove) table.apply_record_remove(path);
  }
  return table.to_dict();
}

Journal read_journal(const std::string& run_directory) {
  Journal journal;
  std::string path;
  for (const auto& entry : std::filesystem::directory_iterator(run_directory)) {
    if (entry.path().extension() == ".wandb") path = entry.path().string();
  }
  auto reader = journal::JournalReader::open(fs::real_file_system(), path);
  if (!reader) {
    ADD_FAILURE() << reader.error().message;
    return journal;
  }
  std::string_view bytes;
  for (auto outcome = reader->next(bytes); outcome && *outcome == journal::ReadOutcome::kRecord;
       outcome = reader->next(bytes)) {
    auto record = protocol::decode_record(bytes);
    EXPECT_TRUE(record);
    if (const auto* row = std::get_if<protocol::HistoryRecord>(&record->body)) {
      Journal::Row found;
      found.step = row->step.value_or(-1);
      for (const auto& item : row->items) {
        found.leaves.set(join_key_path(item.path), *protocol::item_value(item));
      }
      journal.rows.push_back(std::move(found));
    }
    journal.records.push_back(*std::move(record));
  }
  EXPECT_EQ(reader->loss_count(), 0u);
  for (std::size_t i = 0; i < journal.records.size(); ++i) {
    EXPECT_EQ(journal.records[i].num, static_cast<std::int64_t>(i + 1));
  }
  return journal;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace runstone::testing_support
