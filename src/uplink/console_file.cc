#include "uplink/console_file.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/try.h"
#include "journal/journal_reader.h"
#include "model/output_log.h"
#include "protocol/record.h"

namespace runstone::uplink {
namespace {

constexpr std::size_t kWriteBytes = 256 * 1024;

using Write = std::function<Result<void>(std::string_view text)>;

// The journal's console records through `log`; what stands for good goes to `write`.
Result<void> read_console(fs::FileSystem& disk, const fs::Path& journal, OutputLog& log,
                          const Write& write) {
  RUNSTONE_TRY(auto reader, journal::JournalReader::open(disk, journal));
  std::string done, tail;
  std::size_t fed_bytes = 0;
  const auto flush = [&]() -> Result<void> {
    log.take(done, tail);
    RUNSTONE_TRY(write(done));
    done.clear();
    fed_bytes = 0;
    return {};
  };
  std::string_view bytes;
  while (true) {
    RUNSTONE_TRY(const auto outcome, reader.next(bytes));
    if (outcome != journal::ReadOutcome::kRecord) break;
    const auto record = protocol::decode_record(bytes);
    if (!record) continue;
    if (const auto* raw = std::get_if<protocol::OutputRawRecord>(&record->body)) {
      log.write(raw->is_stderr, raw->timestamp_us, raw->text);
      fed_bytes += raw->text.size();
    } else if (const auto* logged = std::get_if<protocol::OutputLoggerRecord>(&record->body)) {
      log.write_line(0, logged->line);
      fed_bytes += logged->line.size();
    }
    if (fed_bytes >= kWriteBytes) RUNSTONE_TRY(flush());
  }
  log.end();
  return flush();
}

}  // namespace

Result<void> make_console_file(fs::FileSystem& disk, const fs::Path& journal,
                               const fs::Path& path) {
  // A first reading finds the lines that change after they have got their place.
  OutputLog first;
  RUNSTONE_TRY(read_console(disk, journal, first, [](std::string_view) { return Result<void>(); }));
  std::unique_ptr<fs::File> file;
  std::uint64_t written_bytes = 0;
  OutputLog second(first.late_lines());
  return read_console(disk, journal, second, [&](std::string_view text) -> Result<void> {
    if (text.empty()) return {};
    if (!file) {
      RUNSTONE_TRY(disk.make_directories(path.parent_path()));
      RUNSTONE_TRY(file, disk.create_new(path));
    }
    RUNSTONE_TRY(file->write_at(written_bytes, text));
    written_bytes += text.size();
    return {};
  });
}

Result<void> renew_console_file(fs::FileSystem& disk, const fs::Path& journal,
                                const fs::Path& path) {
  const fs::Path fresh = path.string() + ".new";
  discard(disk.remove(fresh), "there is none, unless a process died here before");
  RUNSTONE_TRY(make_console_file(disk, journal, fresh));
  return disk.exists(fresh) ? disk.rename(fresh, path) : Result<void>();
}

}  // namespace runstone::uplink
