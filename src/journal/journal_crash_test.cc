#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include <gtest/gtest.h>

#include "base/random_id.h"
#include "base/try.h"
#include "fs/memory_file_system.h"
#include "journal/format.h"
#include "journal/journal_reader.h"
#include "journal/journal_writer.h"

namespace runstone::journal {
namespace {

using fs::MemoryFileSystem;
using fs::Operation;
using Records = std::vector<std::string>;

/// The nth record of every test here: a number, and filling that depends on it.
std::string nth_record(std::size_t n, std::size_t size = 40) {
  auto text = std::to_string(n) + ":";
  text.resize(std::max(text.size(), size), static_cast<char>('a' + n % 26));
  return text;
}
Records write_records(JournalWriter& writer, std::size_t begin, std::size_t count,
                      std::size_t size = 40) {
  Records written;
  for (auto n = begin; n < begin + count; ++n) {
    written.push_back(nth_record(n, size));
    EXPECT_TRUE(writer.append(written.back()));
  }
  return written;
}
Result<Records> recover(fs::FileSystem& disk, const fs::Path& path) {
  RUNSTONE_TRY(auto reader, JournalReader::open(disk, path));
  Records records;
  std::string_view record;
  while (true) {
    RUNSTONE_TRY(const auto outcome, reader.next(record));
    if (outcome != ReadOutcome::kRecord) return records;
    records.emplace_back(record);
  }
}
bool is_prefix(const Records& some, const Records& all) {
  return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
}
/// Everything found was written, in the same order; `some` may miss any.
bool is_subsequence(const Records& some, const Records& all) {
  auto at = all.begin();
  for (const auto& record : some) {
    at = std::find(at, all.end(), record);
    if (at == all.end()) return false;
    ++at;
  }
  return true;
}

TEST(JournalCrash, CutAtEveryByteKeepsWhatWasSynced) {  // and recovery invents nothing
  MemoryFileSystem disk;
  disk.set_can_reserve(false);
  auto writer = JournalWriter::create(disk, "run.wandb");
  ASSERT_TRUE(writer);
  auto written = write_records(*writer, 0, 2, 33'000);
  ASSERT_TRUE(writer->sync());
  const auto more = write_records(*writer, 2, 3, 700);
  written.insert(written.end(), more.begin(), more.end());
  for (auto cut = disk.synced_bytes("run.wandb"); cut <= disk.size_bytes("run.wandb"); ++cut) {
    SCOPED_TRACE(testing::Message() << "cut at byte " << cut);
    auto left = disk.cut("run.wandb", cut);
    const auto found = recover(left, "run.wandb");
    ASSERT_TRUE(found && found->size() >= 2 && is_prefix(*found, written));
    // Trimmed, it is a clean journal with the same records.
    ASSERT_TRUE(trim_torn_tail(left, "run.wandb"));
    ASSERT_EQ(*recover(left, "run.wandb"), *found);
    ASSERT_EQ(*trim_torn_tail(left, "run.wandb"), 0u);
  }
}

TEST(JournalCrash, APowerCutKeepsWhatWasSyncedWhateverPagesAreLost) {
  MemoryFileSystem disk;
  auto writer = JournalWriter::create(disk, "run.wandb", {.ahead_bytes_max = kBlockBytes});
  ASSERT_TRUE(writer);
  auto written = write_records(*writer, 0, 200, 300);
  ASSERT_TRUE(writer->sync());
  const auto more = write_records(*writer, 200, 300, 300);
  written.insert(written.end(), more.begin(), more.end());
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    auto left = disk.after_power_cut("run.wandb", [&](std::size_t) { return random() % 2 == 0; });
    const auto found = recover(left, "run.wandb");
    ASSERT_TRUE(found);
    ASSERT_TRUE(is_subsequence(*found, written));
    ASSERT_GE(found->size(), 200u);
    ASSERT_TRUE(std::equal(written.begin(), written.begin() + 200, found->begin()));
  }
}

TEST(JournalCrash, FlippingAnyByteInventsNothing) {
  MemoryFileSystem disk;
  auto writer = JournalWriter::create(disk, "run.wandb");
  ASSERT_TRUE(writer);
  auto written =
      write_records(*writer, 0, 1, 32'000);  // then records on both sides of a block's end
  const auto more = write_records(*writer, 1, 40);
  written.insert(written.end(), more.begin(), more.end());
  ASSERT_TRUE(std::move(*writer).close());
  const auto bytes = disk.content("run.wandb");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (at > 300 && at < 31'900 && at % 97 != 0) continue;  // within one payload all are alike
    SCOPED_TRACE(testing::Message() << "flipped byte " << at);
    auto flipped = bytes;
    flipped[at] = static_cast<char>(~flipped[at]);
    auto reader = JournalReader::from_bytes(flipped);
    if (at < kIdent.size()) {
      ASSERT_FALSE(reader);
      continue;
    }
    ASSERT_TRUE(reader);
    Records found;
    std::string_view record;
    while (*reader->next(record) == ReadOutcome::kRecord) found.emplace_back(record);
    ASSERT_TRUE(is_subsequence(found, written));
    // A flip in the zeros that fill a block is no damage; any other one is told.
    ASSERT_TRUE(found == written || reader->loss_count() + reader->torn_tail_bytes() > 0);
  }
}

TEST(JournalCrash, FailingAnyOperationKeepsEveryRecordWhoseAppendReturned) {
  for (const bool can_reserve : {false, true}) {
    for (const auto operation : {Operation::kWrite, Operation::kReserve, Operation::kMap,
                                 Operation::kTruncate, Operation::kSync}) {
      for (std::uint64_t n = 1;; ++n) {
        SCOPED_TRACE(testing::Message() << "operation " << static_cast<int>(operation) << " no. "
                                        << n << (can_reserve ? ", mapped" : ", written"));
        MemoryFileSystem disk;
        disk.set_can_reserve(can_reserve);
        disk.fail_nth(operation, n);
        auto writer = JournalWriter::create(disk, "run.wandb", {.first_window_bytes = 32768});
        if (!writer) {
          ASSERT_TRUE(disk.has_failed());
          continue;
        }
        Records kept;
        bool has_stopped = false;
        for (std::size_t i = 0; i < 30; ++i) {
          const auto record = nth_record(i, 6000);
          const bool done = writer->append(record).has_value();
          ASSERT_FALSE(done && has_stopped) << "went on after it had stopped";
          has_stopped = !done;
          if (done) kept.push_back(record);
          if (i % 7 == 6) discard(writer->sync(), "a fault of this test");
        }
        ASSERT_TRUE(!has_stopped || disk.has_failed());
        discard(std::move(*writer).close(), "a fault of this test");
        const auto found = recover(disk, "run.wandb");
        ASSERT_TRUE(found);
        ASSERT_EQ(*found, kept);
        if (!disk.has_failed()) break;
      }
    }
  }
}

// The child writes as fast as it can and tells the pipe each number once append() has returned.
void append_until_killed(const fs::Path& path, int tell) {
  auto writer = JournalWriter::create(fs::real_file_system(), path, {.first_window_bytes = 32768});
  if (!writer) ::_exit(1);
  for (std::uint64_t n = 0;; ++n) {
    if (!writer->append(nth_record(n, n % 50 == 0 ? 40'000 : 100))) ::_exit(2);
    if (::write(tell, &n, sizeof n) != sizeof n) ::_exit(3);
  }
}

TEST(JournalCrash, SigkillLosesNoRecordWhoseAppendReturned) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  auto& disk = fs::real_file_system();
  for (int round = 0; round < 20; ++round) {
    const fs::Path path = fs::Path(testing::TempDir()) / ("killed-" + random_id());
    int tells[2];
    ASSERT_EQ(::pipe(tells), 0);
    const pid_t child = ::fork();
    if (child == 0) append_until_killed(path, tells[1]);
    ::close(tells[1]);
    std::uint64_t acknowledged = 0;
    std::uint64_t count = 0;
    const auto kill_after = 1 + random() % 3000;
    const auto read_one = [&] {
      return ::read(tells[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged;
    };
    while (count < kill_after && read_one()) ++count;
    ASSERT_EQ(count, kill_after);
    EXPECT_TRUE(*is_locked(disk, path));
    ::kill(child, SIGKILL);
    while (read_one()) ++count;
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    ::close(tells[0]);
    EXPECT_FALSE(*is_locked(disk, path));

    const auto found = recover(disk, path);
    ASSERT_TRUE(found);
    ASSERT_GE(found->size(), count);
    ASSERT_LE(found->size(), count + 2);
    for (std::size_t n = 0; n < found->size(); ++n) {
      ASSERT_EQ((*found)[n], nth_record(n, n % 50 == 0 ? 40'000 : 100));
    }
    ASSERT_TRUE(trim_torn_tail(disk, path));
    ASSERT_EQ(recover(disk, path)->size(), found->size());
    ASSERT_TRUE(disk.remove(path));
  }
}

TEST(JournalCrash, AForkedChildCannotTouchItsParentsJournal) {
  auto& disk = fs::real_file_system();
  const fs::Path path = fs::Path(testing::TempDir()) / ("forked-" + random_id());
  auto writer = JournalWriter::create(disk, path);
  ASSERT_TRUE(writer && writer->append("parent before"));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto appended = writer->append("child");
    const auto synced = writer->sync();
    const bool refused =
        !appended && !synced && appended.error().code == ErrorCode::kFailedPrecondition;
    { const JournalWriter dead = std::move(*writer); }
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(*is_locked(disk, path)) << "the child's end must not unlock it";
  ASSERT_TRUE(writer->append("parent after"));
  ASSERT_TRUE(std::move(*writer).close());
  EXPECT_EQ(*recover(disk, path), (Records{"parent before", "parent after"}));
  ASSERT_TRUE(disk.remove(path));
}

}  // namespace
}  // namespace runstone::journal
