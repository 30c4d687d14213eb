#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fs/file_system.h"
#include "model/output_log.h"

namespace runstone {

/// A piece of what a run's program printed, or a line of its logging library.
struct ConsolePiece {
  enum class Kind { kStdout, kStderr, kLine } kind = Kind::kStdout;
  std::int64_t timestamp_us = 0;
  std::string text;
};

/// How a run's console becomes files.
struct ConsoleFilesOptions {
  std::string files;                 ///< the run's directory of files
  std::string label;                 ///< of a writer of several: output_<label>.log
  bool multipart = false;            ///< logs/output_<time>.log, one after another
  std::uint64_t part_bytes_max = 0;  ///< 0: no limit
  std::int64_t part_secs_max = 0;    ///< 0: no limit
};

/// Writes output.log, or its parts, as a terminal would show what was printed. What may still
/// change (the last lines) is written anew each time. One thread at a time.
class ConsoleFiles {
 public:
  ConsoleFiles(fs::FileSystem& disk, ConsoleFilesOptions options);

  /// Takes the pieces and brings the file up to date.
  void write(const std::vector<ConsolePiece>& pieces, std::int64_t now_us);
  /// Ends the file.
  void end();
  /// Files below `files` that are complete and were not given before.
  std::vector<std::string> take_complete();

  /// Where the file is, below `files`; "" before anything was printed.
  const std::string& name() const { return name_; }
  /// Whether the file has every line as it became; if not, the journal has (see
  /// uplink::make_console_file). Parts are never put right: they may have been sent.
  bool is_exact() const { return exact_ && log_->is_exact(); }
  /// Why the disk did not take everything; "" if it did.
  const std::string& trouble() const { return trouble_; }

 private:
  void begin_part(std::int64_t time_us);
  void feed(const ConsolePiece& piece);
  void feed_in_slices(const ConsolePiece& piece);
  void flush();
  void close_part();
  Result<void> write_out(const std::string& tail);

  fs::FileSystem& disk_;
  ConsoleFilesOptions options_;
  std::unique_ptr<OutputLog> log_;
  std::unique_ptr<fs::File> file_;
  std::string name_, done_, last_tail_, trouble_;
  std::uint64_t done_bytes_ = 0, part_fed_bytes_ = 0;
  std::int64_t part_began_us_ = 0;
  std::vector<std::string> complete_;
  bool exact_ = true;
};

}  // namespace runstone
