#include "sdk/console_files.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "base/try.h"

namespace runstone {
namespace {

// "20261130_105309_098268485", in local time: names sort by time.
std::string part_time(std::int64_t time_us) {
  const std::time_t seconds = static_cast<std::time_t>(time_us / 1'000'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char day[32], text[64];
  std::strftime(day, sizeof day, "%Y%m%d_%H%M%S", &local);
  std::snprintf(text, sizeof text, "%s_%09d", day, static_cast<int>(time_us % 1'000'000) * 1000);
  return text;
}

}  // namespace

ConsoleFiles::ConsoleFiles(fs::FileSystem& disk, ConsoleFilesOptions options)
    : disk_(disk), options_(std::move(options)), log_(std::make_unique<OutputLog>()) {}

void ConsoleFiles::write(const std::vector<ConsolePiece>& pieces, std::int64_t now_us) {
  for (const ConsolePiece& piece : pieces) {
    if (piece.text.empty()) continue;
    begin_part(piece.timestamp_us);
    if (!options_.multipart || options_.part_bytes_max == 0) {
      feed(piece);
    } else {
      feed_in_slices(piece);
    }
  }
  if (name_.empty()) return;
  flush();
  const bool old = now_us - part_began_us_ >= options_.part_secs_max * 1'000'000;
  if (options_.multipart && options_.part_secs_max > 0 && old) close_part();
}

// So that no part is much longer than asked for.
void ConsoleFiles::feed_in_slices(const ConsolePiece& piece) {
  for (std::string_view rest = piece.text; !rest.empty();) {
    const std::size_t newline = rest.find('\n');
    const std::size_t size = newline == rest.npos ? rest.size() : newline + 1;
    begin_part(piece.timestamp_us);
    feed({piece.kind, piece.timestamp_us, std::string(rest.substr(0, size))});
    rest.remove_prefix(size);
    part_fed_bytes_ += size;
    if (part_fed_bytes_ < options_.part_bytes_max) continue;
    std::string tail;  // bars are written over: less may stand than was printed
    log_->take(done_, tail);
    part_fed_bytes_ = done_bytes_ + done_.size() + tail.size();
    if (part_fed_bytes_ >= options_.part_bytes_max) close_part();
  }
}

void ConsoleFiles::begin_part(std::int64_t time_us) {
  if (!name_.empty()) return;
  const std::string label = options_.label.empty() ? "" : "_" + options_.label;
  part_began_us_ = std::max(time_us, part_began_us_ + 1);  // no two parts have one name
  part_fed_bytes_ = 0;
  name_ = options_.multipart ? "logs/output" + label + "_" + part_time(part_began_us_) + ".log"
                             : "output" + label + ".log";
}

void ConsoleFiles::feed(const ConsolePiece& piece) {
  if (piece.kind == ConsolePiece::Kind::kLine) {
    log_->write_line(piece.timestamp_us, piece.text);
  } else {
    log_->write(piece.kind == ConsolePiece::Kind::kStderr, piece.timestamp_us, piece.text);
  }
}

void ConsoleFiles::end() {
  if (!name_.empty()) close_part();
}

std::vector<std::string> ConsoleFiles::take_complete() { return std::exchange(complete_, {}); }

void ConsoleFiles::close_part() {
  log_->end();
  flush();
  exact_ = exact_ && log_->is_exact();
  complete_.push_back(name_);
  file_.reset();
  if (options_.multipart) name_.clear();
  done_bytes_ = 0;
  log_ = std::make_unique<OutputLog>();
}

void ConsoleFiles::flush() {
  std::string tail;
  log_->take(done_, tail);
  if (done_.empty() && tail == last_tail_ && file_) return;
  auto written = write_out(tail);
  last_tail_ = std::move(tail);
  if (!written) {  // a disk that is full: the training goes on, and this is told at its end
    exact_ = false;
    trouble_ = written.error().message;
  }
  done_bytes_ += done_.size();
  done_.clear();
}

Result<void> ConsoleFiles::write_out(const std::string& tail) {
  if (!file_) {
    const fs::Path path = options_.files + "/" + name_;
    RUNSTONE_TRY(disk_.make_directories(path.parent_path()));
    RUNSTONE_TRY(file_, disk_.open_or_create(path));
  }
  RUNSTONE_TRY(file_->write_at(done_bytes_, done_ + tail));
  return file_->truncate(done_bytes_ + done_.size() + tail.size());
}

}  // namespace runstone
