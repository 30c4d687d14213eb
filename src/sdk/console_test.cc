// What a run keeps of its program's console.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include <gmock/gmock.h>

#include "fs/memory_file_system.h"
#include "sdk/console_files.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::read_journal;
using testing_support::read_text;
using testing_support::Workplace;
using Kind = ConsolePiece::Kind;

InitOptions with_console(Workplace& place, const char* console) {
  InitOptions options = place.options();
  EXPECT_TRUE(options.settings.set("console", console));
  return options;
}

TEST(Console, DF7_TheVectorOfTheFormatIsInOutputLog) {
  Workplace place;
  runstone::Run run = place.start();
  for (const char* text : {"a\rb\rc\n", "x\n", "no newline", "\x1b[31mred\x1b[0m\n"}) {
    run.write_console(runstone::Run::Stream::kStdout, text);
  }
  run.write_console(runstone::Run::Stream::kStderr, "E1\n");
  run.finish();
  EXPECT_EQ(read_text(run.dir() + "/output.log"), "c\nx\nno newline\x1b[31mred\x1b[0m\nE1\n");
}

TEST(Console, ACppProgramThatAsksHasItsOutputRecorded) {
  Workplace place;
  runstone::Run run = place.start(with_console(place, "redirect"));
  std::printf("by C\n");
  std::fflush(stdout);
  std::fprintf(stderr, "an error\n");
  run.finish();
  std::string out, error;
  for (const auto& record : read_journal(run.sync_dir()).all<protocol::OutputRawRecord>()) {
    (record.is_stderr ? error : out) += record.text;
  }
  EXPECT_EQ(out, "by C\n");
  EXPECT_EQ(error, "an error\n");
  EXPECT_THAT(read_text(run.dir() + "/output.log"), HasSubstr("by C\n"));
}

TEST(Console, ACppProgramThatDoesNotAskKeepsItsDescriptors) {
  for (const char* console : {"auto", "off"}) {
    Workplace place;
    struct stat before = {}, during = {};
    ASSERT_EQ(::fstat(STDOUT_FILENO, &before), 0);
    runstone::Run run = place.start(with_console(place, console));
    ASSERT_EQ(::fstat(STDOUT_FILENO, &during), 0);
    EXPECT_EQ(before.st_ino, during.st_ino) << console;
    run.finish();
  }
}

TEST(Console, BytesThatAreNoUnicodeAreReplaced) {
  Workplace place;
  runstone::Run run = place.start();
  run.write_console(runstone::Run::Stream::kStdout, "a\xFF\xC3(\xED\xA0\x80z\n");
  run.write_logger_line("line\xFF");
  run.finish();
  EXPECT_EQ(read_text(run.dir() + "/output.log"),
            "a\uFFFD\uFFFD(\uFFFDz\nline\uFFFD\n");  // a surrogate half is one
}

TEST(Console, ALongTextIsManyRecordsOfWholeCharacters) {
  Workplace place;
  runstone::Run run = place.start();
  std::string text;
  while (text.size() < 300'000) text += "\xE6\x97\xA5";
  run.write_console(runstone::Run::Stream::kStdout, text);
  run.finish();
  std::string joined;
  for (const auto& record : read_journal(run.sync_dir()).all<protocol::OutputRawRecord>()) {
    EXPECT_LE(record.text.size(), 64u * 1024);
    EXPECT_EQ(record.text.size() % 3, 0u);
    joined += record.text;
  }
  EXPECT_EQ(joined, text);
}

TEST(Console, AFloodFasterThanTheFileIsInTheFileAtTheEnd) {
  Workplace place;
  runstone::Run run = place.start();
  const std::string block = std::string(999, 'x') + "\n";
  std::string expected;
  for (int i = 0; i < 40'000; ++i) run.write_console(runstone::Run::Stream::kStdout, block);
  const FinishReport report = run.finish();
  EXPECT_EQ(report.message, "");
  EXPECT_EQ(read_text(run.dir() + "/output.log").size(), block.size() * 40'000);
}

TEST(ConsoleFiles, TheFileHasAtAnyTimeWhatATerminalShows) {
  fs::MemoryFileSystem disk;
  ConsoleFiles files(disk, {.files = "/files"});
  files.write({{Kind::kStdout, 1, "one\ntwo"}}, 1);
  EXPECT_EQ(disk.content("/files/output.log"), "one\ntwo\n");
  files.write({{Kind::kStdout, 2, "\rTWO\n"}, {Kind::kStderr, 3, "bar 50%"}}, 3);
  EXPECT_EQ(disk.content("/files/output.log"), "one\nTWO\nbar 50%\n");
  files.write({{Kind::kStderr, 4, "\r9%\x1b[K"}}, 4);
  EXPECT_EQ(disk.content("/files/output.log"), "one\nTWO\n9%\n");
  files.end();
  EXPECT_THAT(files.take_complete(), ElementsAre("output.log"));
  EXPECT_TRUE(files.is_exact());
}

TEST(ConsoleFiles, NothingPrintedIsNoFile) {
  fs::MemoryFileSystem disk;
  ConsoleFiles files(disk, {.files = "/files"});
  files.write({{Kind::kStdout, 1, ""}}, 1);
  files.end();
  EXPECT_FALSE(disk.exists("/files/output.log"));
  EXPECT_THAT(files.take_complete(), IsEmpty());
}

TEST(ConsoleFiles, AFullDiskIsToldAndTheRestIsWrittenWhenThereIsRoom) {
  for (const auto operation : {fs::Operation::kOpen, fs::Operation::kWrite,
                               fs::Operation::kTruncate, fs::Operation::kMakeDirectory}) {
    fs::MemoryFileSystem disk;
    disk.fail_nth(operation, 1, ErrorCode::kResourceExhausted);
    ConsoleFiles files(disk, {.files = "/files"});
    files.write({{Kind::kStdout, 1, "one\n"}}, 1);
    files.write({{Kind::kStdout, 2, "two\n"}}, 2);
    files.end();
    if (!disk.has_failed()) continue;
    EXPECT_NE(files.trouble(), "");
    EXPECT_FALSE(files.is_exact());
  }
}

TEST(ConsoleFiles, PartsHaveTheSizeAskedForAndNamesOfTheirOwn) {
  fs::MemoryFileSystem disk;
  ConsoleFilesOptions options;
  options.files = "/files";
  options.label = "n1";
  options.multipart = true;
  options.part_bytes_max = 100;
  ConsoleFiles files(disk, options);
  std::string text;
  for (int i = 0; i < 20; ++i) text += "line " + std::to_string(1000 + i) + "\n";  // 10 bytes each
  files.write({{Kind::kStdout, 5, text}}, 5);
  files.end();
  const auto names = files.take_complete();
  ASSERT_THAT(names, SizeIs(2));
  std::string joined;
  for (const auto& name : names) {
    EXPECT_THAT(name, HasSubstr("logs/output_n1_"));
    joined += disk.content("/files/" + name);
  }
  EXPECT_EQ(joined, text);
}

TEST(ConsoleFiles, APartEndsWithItsTime) {
  fs::MemoryFileSystem disk;
  ConsoleFilesOptions options;
  options.files = "/files";
  options.multipart = true;
  options.part_secs_max = 10;
  ConsoleFiles files(disk, options);
  files.write({{Kind::kStdout, 0, "one\n"}}, 9'999'999);
  EXPECT_THAT(files.take_complete(), IsEmpty());
  files.write({}, 10'000'001);
  EXPECT_THAT(files.take_complete(), SizeIs(1));
}

}  // namespace
}  // namespace runstone
