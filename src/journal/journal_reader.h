#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fs/file_system.h"
#include "runstone/result.h"

namespace runstone::journal {

enum class ReadOutcome {
  kRecord,     ///< here is one
  kNoMoreYet,  ///< only with live: a writer is at work; ask again later
  kEnd,        ///< there is no more
};

/// A stretch of the file in which records were lost, told once a later record was found.
struct Loss {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::string reason;  ///< "checksum", "zeros before data", "record without its end", ...
};

struct JournalReaderOptions {
  /// Where to go on: 0 for the first record, or the cursor() of an earlier reader.
  std::uint64_t cursor = 0;
  /// A living writer may still append (is_locked): an unfinished end is then no end.
  bool live = false;
};

/// Reads records in order. Never gives bytes that were not appended as one record: every chunk's
/// checksum is right, and a record misses no chunk. Passes over damage to the next intact record
/// and says so in losses(). One thread at a time; the file may grow meanwhile.
class JournalReader {
 public:
  /// kCorrupt if the file does not begin with the ident ("is no journal"). With live, a file
  /// shorter than the ident is opened, and read once it is complete.
  static Result<JournalReader> open(fs::FileSystem& disk, const fs::Path& path,
                                    JournalReaderOptions options = {});
  /// Reads bytes in memory, for tests and uploads.
  static Result<JournalReader> from_bytes(std::string bytes, JournalReaderOptions options = {});
  /// Reads an open file, which outlives the reader; `path` is for messages.
  static Result<JournalReader> from_file(fs::File& file, const fs::Path& path,
                                         JournalReaderOptions options = {});

  JournalReader(JournalReader&&) noexcept;
  JournalReader& operator=(JournalReader&&) noexcept;
  ~JournalReader();

  /// Sets `record`, valid until the next call, if the outcome is kRecord. Errors: kIo as the disk
  /// gave it; kCorrupt for a wrong ident seen late. After kNoMoreYet or kEnd it may be called
  /// again.
  Result<ReadOutcome> next(std::string_view& record);

  /// Behind the last record returned: give it to a later reader to go on there.
  std::uint64_t cursor() const;
  /// Where the last record returned begins.
  std::uint64_t record_offset() const;
  /// When the writer is gone, what looked unfinished is the end.
  void set_live(bool live);

  std::uint64_t record_count() const;
  /// Damage passed over so far; the first kMaxLosses of loss_count().
  const std::vector<Loss>& losses() const;
  std::uint64_t loss_count() const;
  /// Bytes after the last record that are no record: half of one, cut off by a kill or a power cut.
  /// 0 for a clean end, zeros included. Known after kEnd.
  std::uint64_t torn_tail_bytes() const;
  /// Whether those bytes end where the file ends or in zeros, as half of one record does; a wrong
  /// checksum (false) may hide more than one record.
  bool torn_tail_is_half_record() const;

  static constexpr std::size_t kMaxLosses = 64;

 private:
  struct State;
  explicit JournalReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Whether a living process writes this journal.
Result<bool> is_locked(fs::FileSystem& disk, const fs::Path& path);

/// Takes the lock and cuts off zeros and half a record after the last intact one; says how many
/// bytes went. Bytes that may be more than that (a wrong checksum) stay. Only for sync. Errors:
/// kConflict if a writer lives, kCorrupt if the file is no journal.
Result<std::uint64_t> trim_torn_tail(fs::FileSystem& disk, const fs::Path& path);
/// The same on an open file that the caller has locked.
struct TrimResult {
  std::uint64_t trimmed_bytes = 0;
  std::uint64_t size_bytes = 0;  ///< of the file now
  std::uint64_t records_end =
      0;  ///< behind the last intact record; less than size_bytes if damage stays
};
Result<TrimResult> trim_torn_tail(fs::File& locked_file, const fs::Path& path);

}  // namespace runstone::journal
