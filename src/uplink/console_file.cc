#include "uplink/console_file.h"

#include <memory>
#include <string>
#include <string_view>

#include "base/try.h"
#include "journal/journal_reader.h"
#include "protocol/record.h"
#include "uplink/console_lines.h"

namespace runstone::uplink {
namespace {

constexpr std::size_t kWriteBytes = 256 * 1024;

/// The text of one stream, up to the line that is still open.
class PlainLines {
 public:
  void write(std::string_view text, std::string& out) {
    for (const char c : text) {
      if (c == '\n') {
        end(out);
      } else if (c == '\r') {
        restart_ = true;  // "\r\n" is a plain end of line
      } else {
        if (restart_) line_.clear();
        restart_ = false;
        line_.push_back(c);
        if (line_.size() >= ConsoleLines::kMaxLineBytes) end(out);
      }
    }
  }
  void end(std::string& out) {
    out += line_;
    out += '\n';
    line_.clear();
    restart_ = false;
  }
  bool is_open() const { return !line_.empty(); }

 private:
  std::string line_;
  bool restart_ = false;
};

}  // namespace

Result<void> make_console_file(fs::FileSystem& disk, const fs::Path& journal,
                               const fs::Path& path) {
  RUNSTONE_TRY(auto reader, journal::JournalReader::open(disk, journal));
  PlainLines streams[2];
  std::unique_ptr<fs::File> file;
  std::uint64_t written_bytes = 0;
  std::string text;
  const auto flush = [&]() -> Result<void> {
    if (text.empty()) return {};
    if (!file) {
      RUNSTONE_TRY(disk.make_directories(path.parent_path()));
      RUNSTONE_TRY(file, disk.create_new(path));
    }
    RUNSTONE_TRY(file->write_at(written_bytes, text));
    written_bytes += text.size();
    text.clear();
    return {};
  };
  std::string_view bytes;
  while (true) {
    RUNSTONE_TRY(const auto outcome, reader.next(bytes));
    if (outcome != journal::ReadOutcome::kRecord) break;
    const auto record = protocol::decode_record(bytes);
    if (!record) continue;
    if (const auto* raw = std::get_if<protocol::OutputRawRecord>(&record->body)) {
      streams[raw->is_stderr ? 1 : 0].write(raw->text, text);
    } else if (const auto* logged = std::get_if<protocol::OutputLoggerRecord>(&record->body)) {
      text += logged->line + "\n";
    }
    if (text.size() >= kWriteBytes) RUNSTONE_TRY(flush());
  }
  for (PlainLines& stream : streams) {
    if (stream.is_open()) stream.end(text);
  }
  return flush();
}

}  // namespace runstone::uplink
