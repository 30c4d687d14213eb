#include "fs/file_system.h"

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random_id.h"
#include "fs/fork_generation.h"
#include "fs/memory_file_system.h"

namespace runstone::fs {
namespace {

/// What both disks do. `root` is an existing, empty directory.
struct DiskUnderTest {
  virtual ~DiskUnderTest() = default;
  virtual FileSystem& disk() = 0;
  Path root;
};
struct RealDisk final : DiskUnderTest {
  RealDisk() {
    root = Path(testing::TempDir()) / ("fs-" + random_id());
    std::filesystem::create_directories(root);
  }
  ~RealDisk() override { std::filesystem::remove_all(root); }
  FileSystem& disk() override { return real_file_system(); }
};
struct MemoryDisk final : DiskUnderTest {
  MemoryDisk() {
    root = "/data";
    EXPECT_TRUE(memory.make_directories(root));
  }
  FileSystem& disk() override { return memory; }
  MemoryFileSystem memory;
};

class FileSystemContract : public testing::TestWithParam<bool> {
 protected:
  FileSystemContract() {
    if (GetParam())
      under_test_ = std::make_unique<RealDisk>();
    else
      under_test_ = std::make_unique<MemoryDisk>();
  }
  FileSystem& disk() { return under_test_->disk(); }
  Path at(const char* name) const { return under_test_->root / name; }
  std::unique_ptr<DiskUnderTest> under_test_;
};
INSTANTIATE_TEST_SUITE_P(Disks, FileSystemContract, testing::Values(true, false),
                         [](const auto& info) { return info.param ? "Real" : "Memory"; });

ErrorCode code_of(const auto& result) {
  EXPECT_FALSE(result);
  return result ? ErrorCode::kInternal : result.error().code;
}

TEST_P(FileSystemContract, ReadsWhatWasWrittenAndStopsAtTheEnd) {
  const auto file = disk().create_new(at("a"));
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_at(0, "hello"));
  ASSERT_TRUE((*file)->write_at(7, "world"));  // a hole is zeros
  char bytes[32];
  const auto got = (*file)->read_at(0, Span<char>(bytes));
  ASSERT_TRUE(got);
  EXPECT_EQ(std::string_view(bytes, *got), std::string_view("hello\0\0world", 12));
  EXPECT_EQ(*(*file)->read_at(12, Span<char>(bytes)), 0u);
  ASSERT_TRUE((*file)->truncate(3));
  EXPECT_EQ(*read_file(disk(), at("a")), "hel");
}

TEST_P(FileSystemContract, NamesErrorsByWhatTheCallerCanDo) {
  EXPECT_EQ(code_of(disk().open_read(at("none"))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(disk().remove(at("none"))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(disk().is_locked(at("none"))), ErrorCode::kNotFound);
  ASSERT_TRUE(disk().create_new(at("a")));
  EXPECT_EQ(code_of(disk().create_new(at("a"))), ErrorCode::kConflict);
  ASSERT_TRUE(disk().make_directory(at("d")));
  EXPECT_EQ(code_of(disk().make_directory(at("d"))), ErrorCode::kConflict);
  ASSERT_TRUE(replace_file(disk(), at("big"), std::string(100, 'x')));
  EXPECT_EQ(code_of(read_file(disk(), at("big"), 99)), ErrorCode::kResourceExhausted);
}

TEST_P(FileSystemContract, ReplacesAFileAndASymlinkInOneStep) {
  ASSERT_TRUE(replace_file(disk(), at("a"), "one", true));
  ASSERT_TRUE(replace_file(disk(), at("a"), "two"));
  EXPECT_EQ(*read_file(disk(), at("a")), "two");
  ASSERT_TRUE(disk().replace_symlink("none", at("link")));
  ASSERT_TRUE(disk().replace_symlink("a", at("link")));
  EXPECT_EQ(*read_file(disk(), at("link")), "two");
  EXPECT_TRUE(disk().info(at("link"))->is_symlink);
  EXPECT_THAT(*disk().list(under_test_->root), testing::ElementsAre("a", "link"));
}

TEST_P(FileSystemContract, LocksAFileForOneOwnerUntilItIsClosed) {
  auto first = disk().create_new(at("a"));
  ASSERT_TRUE(first && (*first)->lock());
  EXPECT_TRUE(*disk().is_locked(at("a")));
  {
    auto second = disk().open_write(at("a"));
    ASSERT_TRUE(second);
    EXPECT_EQ(code_of((*second)->lock()), ErrorCode::kConflict);
  }
  EXPECT_TRUE(*disk().is_locked(at("a"))) << "another reader's close must not end the lock";
  first = fail(ErrorCode::kInternal, "closed");
  EXPECT_FALSE(*disk().is_locked(at("a")));
}

TEST_P(FileSystemContract, AMappingOfReservedSpaceIsTheFile) {
  auto file = disk().create_new(at("a"));
  ASSERT_TRUE(file);
  const auto reserved = (*file)->reserve(0, 65536);
  if (!reserved) {
    ASSERT_EQ(reserved.error().code, ErrorCode::kNotImplemented);
    GTEST_SKIP() << reserved.error().message;
  }
  {
    auto mapping = (*file)->map(32768, 32768);
    ASSERT_TRUE(mapping);
    (*mapping)->prefault();
    (*mapping)->data()[5] = 'x';
  }
  EXPECT_EQ((*read_file(disk(), at("a")))[32773], 'x');
  ASSERT_TRUE((*file)->sync());
}

TEST(RealFileSystem, AForkedChildHoldsNeitherLockNorMapping) {
  RealDisk real;
  auto file = real.disk().create_new(real.root / "a");
  ASSERT_TRUE(file && (*file)->lock());
  const auto born = fork_generation();
  int hold[2];
  int started[2];
  ASSERT_EQ(::pipe(hold), 0);
  ASSERT_EQ(::pipe(started), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(hold[1]);
    char byte;
    const bool changed = fork_generation() != born;
    if (::write(started[1], "x", 1) != 1) ::_exit(2);
    const bool ended = ::read(hold[0], &byte, 1) == 0;  // lives until the parent has looked
    ::_exit(changed && ended ? 0 : 1);
  }
  ::close(hold[0]);
  char byte;
  ASSERT_EQ(::read(started[0], &byte, 1), 1);
  EXPECT_EQ(fork_generation(), born);
  EXPECT_TRUE(*real.disk().is_locked(real.root / "a"));
  file = fail(ErrorCode::kInternal, "closed");
  EXPECT_FALSE(*real.disk().is_locked(real.root / "a")) << "the child still held it";
  for (const int end : {hold[1], started[0], started[1]}) ::close(end);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(MemoryFileSystem, FailsTheNthWriteHalfWay) {
  MemoryFileSystem disk;
  const auto file = disk.create_new("a");
  ASSERT_TRUE(file);
  disk.fail_nth(Operation::kWrite, 2);
  EXPECT_TRUE((*file)->write_at(0, "abcd"));
  EXPECT_FALSE(disk.has_failed());
  EXPECT_EQ(code_of((*file)->write_at(4, "efgh")), ErrorCode::kIo);
  EXPECT_TRUE(disk.has_failed());
  EXPECT_EQ(disk.content("a"), "abcdef");
  EXPECT_TRUE((*file)->write_at(4, "efgh"));
}

TEST(MemoryFileSystem, IsFullAtItsCapacity) {
  MemoryFileSystem disk;
  disk.set_capacity_bytes(6);
  const auto file = disk.create_new("a");
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->write_at(0, "abcd"));
  EXPECT_EQ(code_of((*file)->write_at(4, "efgh")), ErrorCode::kResourceExhausted);
  EXPECT_EQ(disk.content("a"), "abcdef");
  EXPECT_EQ(code_of((*file)->reserve(0, 7)), ErrorCode::kResourceExhausted);
  EXPECT_TRUE((*file)->write_at(0, "ABCDEF"));
}

TEST(MemoryFileSystem, APowerCutTakesOnlyPagesNotSynced) {
  MemoryFileSystem disk;
  const auto file = disk.create_new("a");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_at(0, std::string(4096, 'a')));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ(disk.synced_bytes("a"), 4096u);
  ASSERT_TRUE((*file)->write_at(4096, std::string(8192, 'b')));
  const auto left = disk.after_power_cut("a", [](std::size_t page) { return page == 2; });
  EXPECT_EQ(left.content("a"),
            std::string(4096, 'a') + std::string(4096, '\0') + std::string(4096, 'b'));
  EXPECT_EQ(disk.cut("a", 5).content("a"), "aaaaa");
}

}  // namespace
}  // namespace runstone::fs
