#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "journal/journal_writer.h"
#include "protocol/record.h"

namespace runstone::uplink {

/// A clock that stands still until a test moves it.
class HandClock final : public Clock {
 public:
  std::int64_t now_us() const override { return 1'795'440'000'000'000 + time_us_; }
  std::int64_t monotonic_us() const override { return time_us_; }
  void advance_to(std::int64_t time_us) { time_us_ = std::max(time_us_, time_us); }
  void advance(std::int64_t us) { time_us_ += us; }

 private:
  std::int64_t time_us_ = 1'000'000;
};

/// A run's directory on the real disk with a journal in it, written record by record by a test;
/// removed with the object.
class TestJournal {
 public:
  explicit TestJournal(const std::string& run_id = "r1");
  ~TestJournal();
  std::string directory() const { return directory_; }
  std::string path() const { return path_; }

  void append(protocol::RecordBody body);
  void append_bytes(const std::string& bytes);
  void header_and_run(const std::string& project = "p1");
  /// A row {"_step":step,"loss":value,...} as the SDK writes it.
  void row(std::int64_t step, double loss);
  void console(const std::string& text, bool is_stderr = false);
  void exit(int code = 0);
  void write_file(const std::string& name, const std::string& bytes);
  /// Closes the journal: its lock is free.
  void close() { writer_.reset(); }

 private:
  std::string run_id_, directory_, path_;
  std::int64_t num_ = 0;
  std::unique_ptr<journal::JournalWriter> writer_;
};

/// What the server should hold for row().
std::string row_json(std::int64_t step, double loss);

}  // namespace runstone::uplink
