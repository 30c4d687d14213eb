#include "journal/journal_writer.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/try.h"
#include "fs/fork_generation.h"
#include "journal/format.h"
#include "journal/frame_record.h"
#include "journal/journal_reader.h"

namespace runstone::journal {

namespace {

/// Reserved space as memory. Begins and ends at a block's edge, so no chunk lies in two windows.
struct Window {
  std::unique_ptr<fs::Mapping> mapping;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

constexpr std::int64_t kAheadUs = 100'000;
constexpr std::size_t kWindowsReserved = 64;  // append() moves windows and must not allocate

std::uint64_t round_up_to_block(std::uint64_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

}  // namespace

// Locks are taken in the order sync, reserve, append. Only append_mutex is taken by an append() in
// steady state, and then nobody holds it over disk I/O.
struct JournalWriter::State {
  State(fs::FileSystem& d, fs::Path p, JournalWriterOptions o)
      : disk(d), path(std::move(p)), options(std::move(o)) {}

  fs::FileSystem& disk;
  const fs::Path path;
  const JournalWriterOptions options;
  const unsigned birth_generation = fs::fork_generation();
  std::unique_ptr<fs::File> file;

  std::mutex sync_mutex;  // syncs, and the end
  bool directory_is_synced = false;

  std::mutex reserve_mutex;         // growing the file
  std::uint64_t rate_position = 0;  // where the writer was at the last look, and when
  std::int64_t rate_at_us = 0;

  std::mutex append_mutex;  // all below
  std::uint64_t position = 0;
  std::uint64_t reserved_end = 0;
  std::uint64_t ahead_bytes = 0;  // so much is to lie reserved before `position`
  std::vector<Window> windows;    // ascending and adjacent; the first holds `position`
  std::vector<Window> retired;    // written full; unmapped by prepare()
  bool is_mapped = false;
  bool low_space_told = false;
  std::optional<Error> stopped;
  std::string frame;  // of one record, where there is no mapping
  JournalWriterStats stats;

  bool is_forked_copy() const { return fs::fork_generation() != birth_generation; }
  static Failure forked_failure() {
    return fail(ErrorCode::kFailedPrecondition, "this journal belongs to the parent process");
  }

  std::uint64_t first_window_bytes() const {
    return std::max<std::uint64_t>(round_up_to_block(options.first_window_bytes), kBlockBytes);
  }
  bool has_low_space() const { return reserved_end - position < ahead_bytes / 2; }

  /// A fast writer gets more ahead at once, a slow one less by and by. With both locks held.
  void measure_rate() {
    const auto now_us = options.clock->monotonic_us();
    const auto elapsed_us = std::max<std::int64_t>(now_us - rate_at_us, 1);
    const auto written = static_cast<double>(position - rate_position);
    const auto wanted = written * kAheadUs / static_cast<double>(elapsed_us);
    const auto most = std::max<std::uint64_t>(options.ahead_bytes_max, first_window_bytes());
    const auto least = std::max(first_window_bytes(), ahead_bytes / 2);
    ahead_bytes = wanted >= static_cast<double>(most)
                      ? most
                      : std::clamp(static_cast<std::uint64_t>(wanted), least, most);
    rate_position = position;
    rate_at_us = now_us;
  }

  Result<Window> reserve_window(std::uint64_t begin, std::uint64_t bytes_min) {
    const auto bytes = std::max(first_window_bytes(), round_up_to_block(bytes_min));
    RUNSTONE_TRY(file->reserve(begin, bytes));
    RUNSTONE_TRY(auto mapping, file->map(begin, bytes));
    mapping->prefault();
    return Window{std::move(mapping), begin, begin + bytes};
  }

  void add_window(Window window) {
    reserved_end = window.end;
    windows.push_back(std::move(window));
    low_space_told = false;
  }

  void retire_full_windows() {
    std::size_t full = 0;
    while (full < windows.size() && windows[full].end <= position) ++full;
    for (std::size_t i = 0; i < full; ++i) retired.push_back(std::move(windows[i]));
    windows.erase(windows.begin(), windows.begin() + static_cast<std::ptrdiff_t>(full));
  }

  /// From here on each record is a write() at the file's end. With reserve_mutex held.
  Result<void> leave_mappings() {
    is_mapped = false;
    windows.clear();
    retired.clear();
    RUNSTONE_TRY(file->truncate(position));
    reserved_end = position;
    return {};
  }

  Result<void> write_record(Span<const std::string_view> pieces, std::size_t record_bytes) {
    const auto size = framed_bytes(position, record_bytes);
    frame.assign(size, '\0');
    frame_record(position, pieces, record_bytes,
                 [&](std::uint64_t offset) { return frame.data() + (offset - position); });
    auto written = file->write_at(position, frame);
    if (written) {
      position += size;
      return {};
    }
    discard(file->truncate(position), "a reader passes over the torn record, too");
    return written;
  }

  void map_record(Span<const std::string_view> pieces, std::size_t record_bytes) {
    Window* window = windows.data();
    position = frame_record(position, pieces, record_bytes, [&](std::uint64_t offset) {
      while (offset >= window->end) ++window;
      return window->mapping->data() + (offset - window->begin);
    });
    if (position >= windows.front().end) retire_full_windows();
  }

  Result<void> stop(Error error) {
    stopped = error;
    return fail(std::move(error));
  }
};

JournalWriter::JournalWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalWriter::JournalWriter(JournalWriter&&) noexcept = default;

JournalWriter& JournalWriter::operator=(JournalWriter&& other) noexcept {
  JournalWriter taken(std::move(other));
  std::swap(state_, taken.state_);
  return *this;
}

JournalWriter::~JournalWriter() {
  if (state_) discard(std::move(*this).close(), "who wants to know calls close()");
}

Result<JournalWriter> JournalWriter::create(fs::FileSystem& disk, const fs::Path& path,
                                            JournalWriterOptions options) {
  fs::watch_forks();
  auto state = std::make_unique<State>(disk, path, std::move(options));
  RUNSTONE_TRY(state->file, disk.create_new(path));
  const auto locked = state->file->lock();
  if (!locked && locked.error().code == ErrorCode::kConflict) return fail(locked.error());
  state->stats.is_locked = locked.has_value();
  state->ahead_bytes = state->first_window_bytes();
  state->rate_at_us = state->options.clock->monotonic_us();
  state->windows.reserve(kWindowsReserved);
  state->retired.reserve(kWindowsReserved);

  auto window = state->reserve_window(0, kIdent.size());
  if (window) {
    std::copy(kIdent.begin(), kIdent.end(), window->mapping->data());
    state->is_mapped = true;
    state->add_window(*std::move(window));
  } else {
    // Whatever the reason, write() can do without reserved space; if it cannot either, it says why.
    auto written = state->file->truncate(0);
    if (written) written = state->file->write_at(0, kIdent);
    if (!written) {
      discard(disk.remove(path), "what counts is why the write failed");
      return fail(std::move(written).error());
    }
  }
  state->position = kIdent.size();
  return JournalWriter(std::move(state));
}

Result<JournalWriter> JournalWriter::reopen(fs::FileSystem& disk, const fs::Path& path) {
  fs::watch_forks();
  auto state = std::make_unique<State>(disk, path, JournalWriterOptions{});
  RUNSTONE_TRY(state->file, disk.open_write(path));
  RUNSTONE_TRY(state->file->lock());
  state->stats.is_locked = true;
  RUNSTONE_TRY(const auto trimmed, trim_torn_tail(*state->file, path));
  // A reader that meets damage goes on at the next block: there it finds what comes now.
  state->position = trimmed.records_end == trimmed.size_bytes
                        ? trimmed.size_bytes
                        : round_up_to_block(trimmed.size_bytes);
  return JournalWriter(std::move(state));
}

Result<void> JournalWriter::append(std::string_view record) {
  return append(Span<const std::string_view>(&record, 1));
}

Result<void> JournalWriter::append(Span<const std::string_view> pieces) {
  State& s = *state_;
  if (s.is_forked_copy()) return State::forked_failure();
  std::size_t record_bytes = 0;
  for (const auto piece : pieces) record_bytes += piece.size();
  if (record_bytes == 0 || record_bytes > kMaxRecordBytes) {
    return fail(ErrorCode::kInvalidArgument,
                "a record of " + std::to_string(record_bytes) + " bytes");
  }
  bool tell_low_space = false;
  {
    std::unique_lock lock(s.append_mutex);
    if (s.stopped) return fail(*s.stopped);
    // More than once only if other threads have used up what was just reserved.
    while (s.is_mapped && s.position + framed_bytes(s.position, record_bytes) > s.reserved_end) {
      lock.unlock();
      reserve_late(record_bytes);
      lock.lock();
      if (s.stopped) return fail(*s.stopped);
    }
    if (s.is_mapped) {
      s.map_record(pieces, record_bytes);
    } else if (auto written = s.write_record(pieces, record_bytes); !written) {
      return s.stop(std::move(written).error());
    }
    ++s.stats.record_count;
    if (s.is_mapped && !s.low_space_told && s.has_low_space()) {
      s.low_space_told = tell_low_space = true;
    }
  }
  if (tell_low_space && s.options.on_low_space) s.options.on_low_space();
  return {};
}

void JournalWriter::reserve_late(std::size_t record_bytes) {
  State& s = *state_;
  const std::scoped_lock reserving(s.reserve_mutex);
  const std::scoped_lock lock(s.append_mutex);
  if (!s.is_mapped || s.stopped) return;
  const auto end = s.position + framed_bytes(s.position, record_bytes);
  if (end <= s.reserved_end) return;  // prepare() was at it
  ++s.stats.late_reserve_count;
  s.retired.clear();
  // A small window: this is the caller's time. prepare() is told at once.
  auto window = s.reserve_window(s.reserved_end, end - s.reserved_end);
  if (window) return s.add_window(*std::move(window));
  if (auto left = s.leave_mappings(); !left) s.stopped = std::move(left).error();
}

Result<void> JournalWriter::prepare() {
  State& s = *state_;
  if (s.is_forked_copy()) return State::forked_failure();
  std::vector<Window> passed;
  passed.reserve(kWindowsReserved);
  const std::scoped_lock reserving(s.reserve_mutex);
  std::uint64_t target = 0;
  {
    const std::scoped_lock lock(s.append_mutex);
    std::swap(passed, s.retired);
    if (!s.is_mapped || s.stopped) return {};
    s.measure_rate();
    target = s.position + s.ahead_bytes;
  }
  passed.clear();
  const auto window_bytes = std::clamp<std::uint64_t>(
      s.ahead_bytes / 4, kBlockBytes, std::max(s.options.window_bytes_max, kBlockBytes));
  while (s.reserved_end < target) {  // only who has reserve_mutex moves it
    auto window = s.reserve_window(s.reserved_end, window_bytes);
    // append() will try once more, then write(); only a failed write() loses.
    if (!window) return {};
    const std::scoped_lock lock(s.append_mutex);
    s.add_window(*std::move(window));
  }
  return {};
}

Result<void> JournalWriter::sync() {
  State& s = *state_;
  if (s.is_forked_copy()) return State::forked_failure();
  const std::scoped_lock syncing(s.sync_mutex);
  RUNSTONE_TRY(prepare());
  std::uint64_t covered = 0;
  {
    const std::scoped_lock lock(s.append_mutex);
    covered = s.position;
    if (covered == s.stats.synced_bytes) return {};
  }
  RUNSTONE_TRY(s.file->sync());
  if (!s.directory_is_synced) {
    RUNSTONE_TRY(
        s.disk.sync_directory(s.path.has_parent_path() ? s.path.parent_path() : fs::Path(".")));
    s.directory_is_synced = true;
  }
  const std::scoped_lock lock(s.append_mutex);
  s.stats.synced_bytes = covered;
  return {};
}

Result<void> JournalWriter::close() && {
  const auto state = std::move(state_);
  State& s = *state;
  if (s.is_forked_copy()) {
    for (auto* windows : {&s.windows, &s.retired}) {
      for (auto& window : *windows) window.mapping->abandon();
    }
    s.file->abandon();
    return State::forked_failure();
  }
  const std::scoped_lock all(s.sync_mutex, s.reserve_mutex, s.append_mutex);
  auto trimmed = s.is_mapped ? s.leave_mappings() : Result<void>();
  auto synced = s.file->sync();
  s.file.reset();
  return trimmed ? std::move(synced) : std::move(trimmed);
}

JournalWriterStats JournalWriter::stats() const {
  const std::scoped_lock lock(state_->append_mutex);
  auto stats = state_->stats;
  stats.size_bytes = state_->position;
  stats.is_mapped = state_->is_mapped;
  return stats;
}

}  // namespace runstone::journal
