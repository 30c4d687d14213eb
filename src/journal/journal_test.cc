#include "journal/journal_reader.h"
#include "journal/journal_writer.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/random_id.h"
#include "fs/memory_file_system.h"
#include "journal/format.h"

namespace runstone::journal {
namespace {

using fs::MemoryFileSystem;
using testing::ElementsAre;
using Records = std::vector<std::string>;

Records read_all(JournalReader& reader) {
  Records records;
  std::string_view record;
  while (true) {
    const auto outcome = reader.next(record);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
    if (!outcome || *outcome != ReadOutcome::kRecord) return records;
    records.emplace_back(record);
  }
}
Records read_bytes(std::string bytes) {
  auto reader = JournalReader::from_bytes(std::move(bytes));
  EXPECT_TRUE(reader);
  return reader ? read_all(*reader) : Records();
}
std::string text_of_size(std::size_t size, char c = 'x') { return std::string(size, c); }

/// Both roads of the writer must make the same file.
class JournalWriterRoads : public testing::TestWithParam<bool> {
 protected:
  JournalWriterRoads() { disk.set_can_reserve(GetParam()); }
  JournalWriter create(const char* path = "run.wandb") {
    auto writer = JournalWriter::create(disk, path, {.first_window_bytes = 32768});
    EXPECT_TRUE(writer);
    EXPECT_EQ(writer->stats().is_mapped, GetParam());
    return *std::move(writer);
  }
  MemoryFileSystem disk;
};
INSTANTIATE_TEST_SUITE_P(Roads, JournalWriterRoads, testing::Bool(),
                         [](const auto& info) { return info.param ? "Mapped" : "Written"; });

TEST_P(JournalWriterRoads, DF1WritesTheFormatsTestVectorByteForByte) {
  const auto first = *from_hex("0801aa01050a030a0178");
  const auto second = *from_hex("080212120a0c12046c6f7373820103302e3512020803");
  auto writer = create();
  ASSERT_TRUE(writer.append(first));
  ASSERT_TRUE(writer.append(second));
  ASSERT_TRUE(std::move(writer).close());
  EXPECT_EQ(to_hex(disk.content("run.wandb")),
            "3a572642e1be00"
            "0ea1c5710a00010801aa01050a030a0178"
            "d0003701160001080212120a0c12046c6f7373820103302e3512020803");
  EXPECT_THAT(read_bytes(disk.content("run.wandb")), ElementsAre(first, second));
}

TEST_P(JournalWriterRoads, ReadsBackRecordsOfEverySizeAroundABlock) {
  Records written;
  for (const std::size_t size :
       {1u,     7u,     32741u, 1u,     32753u, 32754u, 32755u,   32756u, 32757u,   32758u,
        32759u, 32760u, 32761u, 32762u, 32768u, 65536u, 100'000u, 1u,     300'000u, 3u}) {
    written.push_back(text_of_size(size, static_cast<char>('a' + written.size())));
  }
  auto writer = create();
  for (const auto& record : written) ASSERT_TRUE(writer.append(record));
  const auto size_bytes = writer.stats().size_bytes;
  EXPECT_EQ(writer.stats().record_count, written.size());
  EXPECT_EQ(read_bytes(disk.content("run.wandb")), written) << "while the writer lives";
  ASSERT_TRUE(std::move(writer).close());
  EXPECT_EQ(disk.size_bytes("run.wandb"), size_bytes) << "the reserved tail is given back";
  EXPECT_EQ(read_bytes(disk.content("run.wandb")), written);
}

TEST_P(JournalWriterRoads, LeavesNoChunkHeaderAcrossABlocksEnd) {
  // The first block has 32761 bytes: with 0 to 8 of them left, then a second record.
  for (std::size_t left = 0; left <= 8; ++left) {
    SCOPED_TRACE(left);
    const std::string path = "left" + std::to_string(left);
    auto writer = create(path.c_str());
    const auto first = text_of_size(kBlockBytes - kIdent.size() - kChunkHeaderBytes - left);
    ASSERT_TRUE(writer.append(first));
    ASSERT_TRUE(writer.append("second"));
    ASSERT_TRUE(std::move(writer).close());
    EXPECT_THAT(read_bytes(disk.content(path)), ElementsAre(first, "second"));
  }
}

TEST_P(JournalWriterRoads, JoinsThePiecesOfARecord) {
  const auto big = text_of_size(70'000, 'b');
  const std::string_view pieces[] = {"a", "", big, "c"};
  auto writer = create();
  ASSERT_TRUE(writer.append(Span<const std::string_view>(pieces)));
  ASSERT_TRUE(std::move(writer).close());
  EXPECT_THAT(read_bytes(disk.content("run.wandb")), ElementsAre("a" + big + "c"));
}

TEST_P(JournalWriterRoads, RefusesWhatIsNoRecordAndGoesOn) {
  auto writer = create();
  EXPECT_FALSE(writer.append(""));
  ASSERT_TRUE(writer.append("x"));
  EXPECT_EQ(JournalWriter::create(disk, "run.wandb").error().code, ErrorCode::kConflict);
  ASSERT_TRUE(std::move(writer).close());
  EXPECT_THAT(read_bytes(disk.content("run.wandb")), ElementsAre("x"));
}

TEST_P(JournalWriterRoads, IsLockedWhileItLives) {
  {
    auto writer = create();
    EXPECT_TRUE(*is_locked(disk, "run.wandb"));
    EXPECT_EQ(trim_torn_tail(disk, "run.wandb").error().code, ErrorCode::kConflict);
  }
  EXPECT_FALSE(*is_locked(disk, "run.wandb"));
}

TEST_P(JournalWriterRoads, AFollowingReaderSeesEachRecordOnceAndKnowsTheEnd) {
  auto writer = create();
  auto reader = JournalReader::open(disk, "run.wandb", {.live = true});
  ASSERT_TRUE(reader);
  std::string_view record;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(*reader->next(record), ReadOutcome::kNoMoreYet);
    const auto text = text_of_size(3000, static_cast<char>('A' + i));
    ASSERT_TRUE(writer.append(text));
    ASSERT_EQ(*reader->next(record), ReadOutcome::kRecord);
    ASSERT_EQ(record, text);
  }
  const auto cursor = reader->cursor();
  ASSERT_TRUE(writer.append("last"));
  ASSERT_TRUE(std::move(writer).close());
  auto resumed = JournalReader::open(disk, "run.wandb", {.cursor = cursor});
  ASSERT_TRUE(resumed);
  EXPECT_THAT(read_all(*resumed), ElementsAre("last"));
  EXPECT_EQ(*reader->next(record), ReadOutcome::kRecord);
  reader->set_live(false);
  EXPECT_EQ(*reader->next(record), ReadOutcome::kEnd);
  EXPECT_EQ(reader->loss_count(), 0u);
}

TEST_P(JournalWriterRoads, ReopensADeadJournalBehindItsTornTail) {
  {
    auto writer = create();
    ASSERT_TRUE(writer.append("one"));
    ASSERT_TRUE(writer.append("two"));
  }
  auto torn = disk.cut("run.wandb", disk.size_bytes("run.wandb") - 1);
  auto writer = JournalWriter::reopen(torn, "run.wandb");
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->append("three"));
  ASSERT_TRUE(std::move(*writer).close());
  EXPECT_THAT(read_bytes(torn.content("run.wandb")), ElementsAre("one", "three"));
}

class HandClock final : public Clock {
 public:
  std::int64_t now_us() const override { return now; }
  std::int64_t monotonic_us() const override { return now; }
  std::int64_t now = 1'000'000;
};

TEST(JournalWriter, PreparesAheadSoThatAppendNeverReserves) {
  MemoryFileSystem disk;
  int told = 0;
  auto writer = JournalWriter::create(disk, "run.wandb",
                                      {.first_window_bytes = 32768,
                                       .window_bytes_max = 65536,
                                       .ahead_bytes_max = 65536,
                                       .on_low_space = [&] { ++told; }});
  ASSERT_TRUE(writer);
  Records written;
  for (int i = 0; i < 2000; ++i) {
    const int before = told;
    written.push_back(text_of_size(100, static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(writer->append(written.back()));
    if (told != before) {
      ASSERT_TRUE(writer->prepare());
    }
  }
  EXPECT_GT(told, 2);
  EXPECT_EQ(writer->stats().late_reserve_count, 0u);
  ASSERT_TRUE(std::move(*writer).close());
  EXPECT_EQ(read_bytes(disk.content("run.wandb")), written);
}

TEST(JournalWriter, ReservesAheadWhatTheWriterNeedsInATenthOfASecond) {
  constexpr std::uint64_t kWindowBytes = 32768;
  constexpr std::uint64_t kAheadBytesMax = 1 << 20;
  MemoryFileSystem disk;
  HandClock clock;
  JournalWriterOptions options;
  options.first_window_bytes = kWindowBytes;
  options.ahead_bytes_max = kAheadBytesMax;
  options.clock = &clock;
  auto writer = JournalWriter::create(disk, "run.wandb", options);
  ASSERT_TRUE(writer);
  const auto log_for_a_second = [&](std::size_t bytes) {
    ASSERT_TRUE(writer->append(text_of_size(bytes)));
    clock.now += 1'000'000;
    ASSERT_TRUE(writer->prepare());
  };
  const auto ahead = [&] { return disk.size_bytes("run.wandb") - writer->stats().size_bytes; };
  log_for_a_second(1000);
  EXPECT_LE(ahead(), 2 * kWindowBytes) << "a slow writer holds little";
  log_for_a_second(4'000'000);
  EXPECT_GE(ahead(), 400'000u);
  log_for_a_second(30'000'000);
  EXPECT_GE(ahead(), kAheadBytesMax);
  EXPECT_LE(ahead(), kAheadBytesMax + options.window_bytes_max);
  ASSERT_TRUE(std::move(*writer).close());
}

TEST(JournalWriter, GoesOnByWriteWhenTheDiskHasNoRoomForAWindow) {
  MemoryFileSystem disk;
  disk.set_capacity_bytes(40'000);
  auto writer = JournalWriter::create(disk, "run.wandb", {.first_window_bytes = 32768});
  ASSERT_TRUE(writer);
  Records written;
  while (true) {
    const auto record = text_of_size(500, static_cast<char>('a' + written.size() % 26));
    const auto done = writer->append(record);
    if (!done) {
      EXPECT_EQ(done.error().code, ErrorCode::kResourceExhausted);
      break;
    }
    written.push_back(record);
  }
  EXPECT_FALSE(writer->stats().is_mapped);
  EXPECT_GT(written.size() * 507, 39'000u) << "the last bytes of the disk are used, too";
  disk.set_capacity_bytes(1 << 20);
  EXPECT_EQ(writer->append("late").error().code, ErrorCode::kResourceExhausted) << "it has stopped";
  ASSERT_TRUE(std::move(*writer).close());
  EXPECT_EQ(read_bytes(disk.content("run.wandb")), written);
}

TEST(JournalReader, RefusesWhatIsNoJournal) {
  for (const auto* text : {"", "hello world", ":W&B", "\0\0\0\0\0\0\0\0"}) {
    const auto reader = JournalReader::from_bytes(text);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().code, ErrorCode::kCorrupt);
  }
  auto early = JournalReader::from_bytes(":W&", {.live = true});
  ASSERT_TRUE(early);
  std::string_view record;
  EXPECT_EQ(*early->next(record), ReadOutcome::kNoMoreYet);
}

/// 40 records of 5000 bytes: more than six blocks.
std::pair<std::string, Records> sample_journal() {
  MemoryFileSystem disk;
  Records written;
  auto writer = JournalWriter::create(disk, "a");
  for (int i = 0; i < 40; ++i) {
    written.push_back(text_of_size(5000, static_cast<char>('0' + i)));
    EXPECT_TRUE(writer->append(written.back()));
  }
  EXPECT_TRUE(std::move(*writer).close());
  return {disk.content("a"), written};
}

TEST(JournalReader, PassesOverAZeroedPageAndCountsIt) {
  auto [bytes, written] = sample_journal();
  std::fill_n(bytes.begin() + 2 * kBlockBytes, 4096, '\0');
  auto reader = JournalReader::from_bytes(bytes);
  const auto found = read_all(*reader);
  EXPECT_EQ(reader->loss_count(), 1u);
  EXPECT_EQ(reader->torn_tail_bytes(), 0u);
  EXPECT_LT(found.size(), written.size());
  EXPECT_GT(found.size(), written.size() - 10);
  EXPECT_EQ(found.front(), written.front());
  EXPECT_EQ(found.back(), written.back());
}

TEST(JournalReader, ReadsZerosAfterTheLastRecordQuietly) {
  auto [bytes, written] = sample_journal();
  bytes.append(100'000, '\0');
  auto reader = JournalReader::from_bytes(bytes);
  EXPECT_EQ(read_all(*reader), written);
  EXPECT_EQ(reader->loss_count(), 0u);
  EXPECT_EQ(reader->torn_tail_bytes(), 0u);
}

TEST(JournalReader, ACorruptedBlockCostsOnlyRecordsInIt) {
  auto [bytes, written] = sample_journal();
  bytes[kBlockBytes + 100] ^= 1;
  auto reader = JournalReader::from_bytes(bytes);
  const auto found = read_all(*reader);
  EXPECT_EQ(reader->loss_count(), 1u);
  EXPECT_EQ(reader->losses().front().reason, "checksum");
  EXPECT_GE(found.size(), written.size() - 9);
  EXPECT_EQ(found.back(), written.back());
}

/// Bytes that are being written: the first look at them finds the header of one chunk not there
/// yet.
class FileInTheMaking final : public fs::File {
 public:
  FileInTheMaking(std::string bytes, std::size_t late_header, int looks)
      : bytes_(std::move(bytes)), late_header_(late_header), looks_(looks) {}
  Result<std::size_t> read_at(std::uint64_t offset, Span<char> into) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const auto count = std::min<std::size_t>(into.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count, into.data());
    if (offset <= late_header_ && late_header_ < offset + count && looks_-- > 0) {
      std::fill_n(into.data() + (late_header_ - offset), 6, '\0');  // checksum and length
    }
    return count;
  }
  Result<void> write_at(std::uint64_t, std::string_view) override { return unused(); }
  Result<std::uint64_t> size_bytes() override { return std::uint64_t{bytes_.size()}; }
  Result<void> truncate(std::uint64_t) override { return unused(); }
  Result<void> reserve(std::uint64_t, std::uint64_t) override { return unused(); }
  Result<std::unique_ptr<fs::Mapping>> map(std::uint64_t, std::size_t) override {
    return fail(ErrorCode::kNotImplemented, "unused");
  }
  Result<void> sync() override { return unused(); }
  Result<void> lock() override { return unused(); }

 private:
  static Result<void> unused() { return fail(ErrorCode::kNotImplemented, "unused"); }

  const std::string bytes_;
  const std::size_t late_header_;
  int looks_;
};

// The writer may be stopped for long between two bytes; when it goes on, later records come at
// once.
TEST(JournalReader, ARecordThatWasHalfWrittenAtTheFirstLookIsNotPassedOver) {
  const auto [bytes, written] = sample_journal();
  // The third record's block was read with those before it: it is looked at once more as it is.
  for (const auto& [late, looks] : {std::pair(kIdent.size(), 1),
                                    std::pair(kIdent.size() + 2 * (kChunkHeaderBytes + 5000), 2)}) {
    FileInTheMaking file(bytes, late, looks);
    auto reader = JournalReader::from_file(file, "a", {.live = true});
    ASSERT_TRUE(reader);
    Records found;
    std::string_view record;
    while (*reader->next(record) == ReadOutcome::kRecord) found.emplace_back(record);
    EXPECT_EQ(found, written);
    EXPECT_EQ(reader->loss_count(), 0u);
  }
}

TEST(JournalReader, FollowsARealFileWhileThreadsWriteIt) {
  const fs::Path path = fs::Path(testing::TempDir()) / ("journal-" + random_id());
  auto& disk = fs::real_file_system();
  constexpr int kThreads = 3;
  constexpr int kEach = 3000;
  auto writer = JournalWriter::create(disk, path, {.first_window_bytes = 65536});
  ASSERT_TRUE(writer);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto text = std::to_string(t) + " " + std::to_string(i) + " ";
        EXPECT_TRUE(writer->append(text + text_of_size(static_cast<std::size_t>(i * 37 % 700))));
      }
    });
  }
  auto reader = JournalReader::open(disk, path, {.live = true});
  ASSERT_TRUE(reader);
  std::vector<int> next(kThreads, 0);
  std::string_view record;
  for (int found = 0; found < kThreads * kEach;) {
    const auto outcome = reader->next(record);
    ASSERT_TRUE(outcome);
    if (*outcome != ReadOutcome::kRecord) {
      EXPECT_TRUE(writer->sync());
      continue;
    }
    ++found;
    const int thread = record[0] - '0';
    const auto want = std::to_string(thread) + " " + std::to_string(next[thread]) + " ";
    ASSERT_EQ(record.substr(0, want.size()), want);
    ASSERT_EQ(record.size() - want.size(), static_cast<std::size_t>(next[thread] * 37 % 700));
    ++next[thread];
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(reader->loss_count(), 0u);
  EXPECT_TRUE(std::move(*writer).close());
  reader->set_live(false);
  EXPECT_EQ(*reader->next(record), ReadOutcome::kEnd);
  EXPECT_TRUE(disk.remove(path));
}

}  // namespace
}  // namespace runstone::journal
