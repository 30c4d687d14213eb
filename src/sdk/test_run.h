#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/record.h"
#include "runstone/runstone.h"

namespace runstone::testing_support {

/// An empty directory, and a process whose environment names no server; both end with the object.
class Workplace {
 public:
  Workplace();
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  std::string path() const { return path_.string(); }

  /// Options of an offline run here; its lines go to all_lines().
  InitOptions options();
  Run start() { return start(options()); }
  Run start(const InitOptions& options);

  std::string all_lines() const;

 private:
  mutable std::mutex lines_mutex_;
  std::vector<std::string> lines_;
  std::filesystem::path path_;
};

/// What a reader finds in a run's journal.
struct Journal {
  std::vector<protocol::Record> records;
  struct Row {
    std::int64_t step = -1;
    Dict leaves;  ///< leaf path text to value, in the order written, `_` keys included
    /// Without the keys that start with `_`.
    std::string text() const;
  };
  std::vector<Row> rows;
  /// "0 {"loss":1}" for each row, joined by lines.
  std::string row_texts() const;
  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& record : records) {
      if (const T* body = std::get_if<T>(&record.body)) found.push_back(*body);
    }
    return found;
  }
  /// The summary by the summary records alone, as the stock client's sync makes it.
  Dict summary_of_records() const;
};
Journal read_journal(const std::string& run_directory);
std::string read_text(const std::string& path);

}  // namespace runstone::testing_support
