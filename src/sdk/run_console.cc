// What the program printed: records of the journal, and files for people.
#include <algorithm>

#include "base/encoding.h"
#include "base/utf8.h"
#include "fs/file_system.h"
#include "model/terminal_row.h"
#include "probe/console_redirect.h"
#include "sdk/run_state.h"
#include "uplink/console_file.h"

namespace runstone {
namespace {

// More than the keeper has written in time is read from the journal at the end of the run.
constexpr std::size_t kMaxWaitingBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxRecordText = 64 * 1024;
constexpr std::size_t kMaxCharacterBytes = 4;

// UTF-8 as journals have it: what is none is U+FFFD, byte by byte.
std::string as_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string valid;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take_character(text);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    // Surrogates and overlong forms have the shape of characters, but are none.
    valid += character != 0xFFFD && is_valid_utf8(bytes) ? bytes : "\xEF\xBF\xBD";
  }
  return valid;
}

// How many bytes at the end are the beginning of a character that may go on in the next piece.
std::size_t cut_character(std::string_view text) {
  for (std::size_t back = 1; back < kMaxCharacterBytes && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (continues_character(static_cast<char>(byte))) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

void RunState::write_console(Run::Stream stream, std::string_view text) {
  const std::string valid = as_utf8(text);
  const std::scoped_lock lock(mutex_);
  record_console(stream == Run::Stream::kStderr, valid);
}

void RunState::record_console(bool is_stderr, std::string_view valid) {
  if (plan_.mode == RunMode::kDisabled || life_ != Life::kRecording || valid.empty()) return;
  if (was_forked()) become_child();
  const std::int64_t now_us = system_clock().now_us();
  for (std::string_view rest = valid; !rest.empty();) {
    const std::string_view part = rest.substr(0, whole_characters(rest, kMaxRecordText));
    append_record(protocol::OutputRawRecord{is_stderr, now_us, std::string(part)});
    rest.remove_prefix(part.size());
  }
  keep_console({is_stderr ? ConsolePiece::Kind::kStderr : ConsolePiece::Kind::kStdout, now_us,
                std::string(valid)});
}

void RunState::write_logger_line(std::string_view line) {
  std::string valid = as_utf8(line);
  if (valid.empty() || valid.back() != '\n') valid += '\n';
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled || life_ != Life::kRecording) return;
  if (was_forked()) become_child();
  append_record(protocol::OutputLoggerRecord{valid});
  keep_console({ConsolePiece::Kind::kLine, system_clock().now_us(), std::move(valid)});
}

// For the files, which the keeper writes. With the lock held.
void RunState::keep_console(ConsolePiece piece) {
  if (child_) return;  // its parent has its console, too
  if (console_waiting_bytes_ > 0 && console_waiting_bytes_ + piece.text.size() > kMaxWaitingBytes) {
    console_behind_bytes_ += piece.text.size();
    return;
  }
  console_waiting_bytes_ += piece.text.size();
  const bool joins = !console_waiting_.empty() && piece.kind != ConsolePiece::Kind::kLine &&
                     console_waiting_.back().kind == piece.kind;
  if (joins) {
    console_waiting_.back().text += piece.text;
  } else {
    console_waiting_.push_back(std::move(piece));
  }
  if (console_waiting_bytes_ > kMaxWaitingBytes / 4) wake_keeper();
}

// --- files, on the keeper's thread and then on that of finish() ----------------------------------

void RunState::write_console_file() {
  std::vector<ConsolePiece> pieces;
  {
    const std::scoped_lock lock(mutex_);
    pieces.swap(console_waiting_);
    console_waiting_bytes_ = 0;
  }
  if (!console_files_) {
    if (pieces.empty()) return;
    ConsoleFilesOptions options;
    options.files = directory_.files;
    options.label = plan_.settings.text("x_label");
    options.multipart = plan_.settings.flag("console_multipart");
    options.part_bytes_max =
        static_cast<std::uint64_t>(std::max(plan_.settings.number("console_chunk_max_bytes"), 0.0));
    options.part_secs_max = static_cast<std::int64_t>(
        std::max(plan_.settings.number("console_chunk_max_seconds"), 0.0));
    console_files_ = std::make_unique<ConsoleFiles>(fs::real_file_system(), std::move(options));
  }
  console_files_->write(pieces, system_clock().now_us());
  if (const auto names = console_files_->take_complete(); !names.empty()) record_files(names);
}

// Gives what to say about it; "" if the files are whole.
std::string RunState::end_console_files() {
  write_console_file();
  if (!console_files_) return "";
  console_files_->end();
  const auto names = console_files_->take_complete();
  std::uint64_t behind_bytes = 0;
  bool journal_is_whole = false;
  {
    const std::scoped_lock lock(mutex_);
    behind_bytes = console_behind_bytes_;
    journal_is_whole = journal_ && lost_records_ == 0;
  }
  const bool multipart = plan_.settings.flag("console_multipart");
  std::string told;
  if (multipart && behind_bytes > 0) {
    told =
        std::to_string(behind_bytes) +
        " bytes of console output came too fast for the files below logs/; the journal has them. ";
  }
  if (!multipart && (behind_bytes > 0 || !console_files_->is_exact())) {
    told = journal_is_whole ? renew_console_file(names.front())
                            : "output.log is not complete (" + loss_reason_ + "). ";
  } else if (!console_files_->trouble().empty()) {
    told += "The console's files are not complete (" + console_files_->trouble() + "). ";
  }
  // Of output.log itself the uplink knows.
  if (!names.empty() && names.front() != "output.log") record_files(names);
  return told;
}

// What came too fast for the file, or changed after it had its place, is in the journal.
std::string RunState::renew_console_file(const std::string& name) {
  fs::FileSystem& disk = fs::real_file_system();
  const fs::Path path = directory_.files + "/" + name;
  auto made = uplink::renew_console_file(disk, directory_.journal, path);
  return made ? "" : name + " is not complete (" + made.error().message + "); the journal is. ";
}

// --- file descriptors 1 and 2 --------------------------------------------------------------------

// Python wraps its own streams; a C++ program's can only be seen below, and only if it asks.
void RunState::start_redirect() {
  const std::string console = plan_.settings.text("console");
  const bool is_cpp = plan_.program.python_version.empty();
  if (console != "redirect" && !(is_cpp && console.rfind("wrap", 0) == 0)) return;
  auto added = probe::ConsoleRedirect::of_this_process().add(
      [this](bool is_stderr, std::string_view bytes) { take_redirected(is_stderr, bytes); });
  if (added) {
    redirect_id_ = *added;
  } else {
    terminal_.warn("The console is not recorded: " + added.error().message);
  }
}

// Without the run's lock: the reader may be waiting for it.
void RunState::stop_redirect() {
  if (redirect_id_ == 0) return;
  probe::ConsoleRedirect::of_this_process().remove(redirect_id_);
  redirect_id_ = 0;
  for (const bool is_stderr : {false, true}) {  // half a character that never went on
    const std::string rest = as_utf8(std::exchange(cut_characters_[is_stderr ? 1 : 0], {}));
    const std::scoped_lock lock(mutex_);
    record_console(is_stderr, rest);
  }
}

void RunState::take_redirected(bool is_stderr, std::string_view bytes) {
  std::string& cut = cut_characters_[is_stderr ? 1 : 0];
  std::string text = std::exchange(cut, {});
  text += bytes;
  const std::size_t rest = cut_character(text);
  cut = text.substr(text.size() - rest);
  text.resize(text.size() - rest);
  text = as_utf8(text);
  const std::scoped_lock lock(mutex_);
  record_console(is_stderr, text);
}

}  // namespace runstone
