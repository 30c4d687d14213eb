#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "fs/file_system.h"
#include "runstone/result.h"
#include "runstone/span.h"

namespace runstone::journal {

struct JournalWriterOptions {
  /// Space is reserved and mapped in windows, multiples of 32 KiB: of the first size for a slow
  /// writer, up to the second for a fast one.
  std::size_t first_window_bytes = 256 * 1024;
  std::size_t window_bytes_max = 1024 * 1024;
  /// prepare() goes ahead of the writer by what it writes in a tenth of a second, within this. With
  /// the windows in use this is also the bound of the memory that the mappings show.
  std::size_t ahead_bytes_max = 8 * 1024 * 1024;
  /// Called by an append() (no lock is held), at most once until the next window, when it is time
  /// to call prepare(): typically notifies the thread that also calls sync(). Must not block or
  /// allocate.
  std::function<void()> on_low_space;
  const Clock* clock = &system_clock();
};

struct JournalWriterStats {
  std::uint64_t record_count = 0;
  std::uint64_t size_bytes = 0;          ///< end of the last record: where a reader will stop
  std::uint64_t synced_bytes = 0;        ///< what a power cut cannot take
  std::uint64_t late_reserve_count = 0;  ///< times an append() had to reserve space itself
  bool is_mapped = false;                ///< false: one write() per record
  bool is_locked = false;                ///< false: this disk has no locks
};

/// Appends records to one new `.wandb` file. Owns the file and its lock, borrows the file system.
///
/// append() is a copy into mapped, reserved memory under a short lock: no system call and no
/// allocation while prepare() keeps up. Where space cannot be reserved (see File::reserve), or no
/// longer (the disk fills), each record is one write() instead; nothing else differs.
///
/// Fork: a child's copy of a writer is dead. Its append() and sync() return kFailedPrecondition,
/// its destructor touches nothing, and it holds neither the file nor the lock; it opens a file of
/// its own.
class JournalWriter {
 public:
  /// kConflict if the file exists or is locked. On return the file has its seven ident bytes.
  static Result<JournalWriter> create(fs::FileSystem& disk, const fs::Path& path,
                                      JournalWriterOptions options = {});

  /// Goes on with the journal of a dead writer, after trim_torn_tail(); each record is one write().
  /// Only for sync, which brings in what dead children left. Damage that stays is passed over.
  /// Errors: kConflict if a writer lives, kCorrupt if the file is no journal.
  static Result<JournalWriter> reopen(fs::FileSystem& disk, const fs::Path& path);

  JournalWriter(JournalWriter&&) noexcept;
  JournalWriter& operator=(JournalWriter&&) noexcept;
  ~JournalWriter();  ///< closes as close() does, but cannot report

  /// On return, the record survives SIGKILL of this process. Records are in the file in the order
  /// in which append() took them; any thread, but who numbers records needs a lock of his own
  /// around. Errors: kResourceExhausted or kIo once the disk refused; the writer has then stopped,
  /// the file ends with the record before, and every later call returns the same error at once.
  /// kInvalidArgument for a record above kMaxRecordBytes or an empty one (nothing changes).
  Result<void> append(std::string_view record);
  /// The same for a record in pieces, which are joined in the file: no copy in between.
  Result<void> append(Span<const std::string_view> pieces);

  /// Reserves and maps windows ahead of the writer, and unmaps those behind it. Not on the caller's
  /// thread of append(): it does disk I/O, though append() may run meanwhile.
  Result<void> prepare();
  /// On return, all that was appended before the call survives a power cut. Calls prepare(), too.
  /// append() may run meanwhile.
  Result<void> sync();
  /// Syncs, gives back the reserved tail, unlocks and closes.
  Result<void> close() &&;

  JournalWriterStats stats() const;

 private:
  struct State;
  void reserve_late(std::size_t record_bytes);
  explicit JournalWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;  // null once moved from or closed
};

}  // namespace runstone::journal
