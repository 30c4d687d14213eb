#include "model/console_text.h"

#include <map>
#include <random>
#include <string>

#include <gmock/gmock.h>

#include "model/output_log.h"

namespace runstone {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

/// The whole file that a terminal's user would have seen.
std::string shown(std::initializer_list<std::string_view> writes) {
  OutputLog log;
  for (const auto text : writes) log.write(false, 0, text);
  log.end();
  std::string done, tail;
  log.take(done, tail);
  return done + tail;
}

TEST(ConsoleText, DF7_TheVectorOfTheFormat) {
  OutputLog log;
  for (const char* text : {"a\rb\rc\n", "x\n", "no newline", "\x1b[31mred\x1b[0m\n"}) {
    log.write(false, 0, text);
  }
  log.write(true, 0, "E1\n");
  log.end();
  std::string done, tail;
  log.take(done, tail);
  EXPECT_EQ(done, "c\nx\nno newline\x1b[31mred\x1b[0m\nE1\n");
}

TEST(ConsoleText, SE1_ACarriageReturnWritesOverTheLine) {
  EXPECT_EQ(shown({"a\rb\n"}), "b\n");
  EXPECT_EQ(shown({"hello\rwo\n"}), "wollo\n");
  EXPECT_EQ(shown({"hello\r", "wo", "\n"}), "wollo\n");
  EXPECT_EQ(shown({"hello\r\nworld\r\n"}), "hello\nworld\n");
  EXPECT_EQ(shown({"hello\r"}), "hello\n");
  EXPECT_EQ(shown({"\rhello"}), "hello\n");
}

TEST(ConsoleText, ErasesAndMovesAsATerminal) {
  EXPECT_EQ(shown({"hello\r\x1b[Kbye\n"}), "bye\n");
  EXPECT_EQ(shown({"hello\x1b[2K\rbye\n"}), "bye\n");
  EXPECT_EQ(shown({"hello\x1b[3D\x1b[K\n"}), "he\n");
  EXPECT_EQ(shown({"hello\x1b[3D\x1b[1K\n"}), "   lo\n");
  EXPECT_EQ(shown({"hello\x1b[1Gj\n"}), "jello\n");
  EXPECT_EQ(shown({"ab\x1b[3Cc\n"}), "ab   c\n");
  EXPECT_EQ(shown({"abc\b\bX\n"}), "aXc\n");
  EXPECT_EQ(shown({"abcdef\r\x1b[2P\n"}), "cdef\n");
  EXPECT_EQ(shown({"abc\r\x1b[2@X\n"}), "X abc\n");
  EXPECT_EQ(shown({"abcdef\r\x1b[2X\n"}), "  cdef\n");
  EXPECT_EQ(shown({"one\ntwo\nthree\x1b[2AUP\n"}), "one  UP\ntwo\nthree\n");
  EXPECT_EQ(shown({"one\ntwo\n\x1b[1A\x1b[2KTWO\nthree\n"}), "one\nTWO\nthree\n");
  EXPECT_EQ(shown({"a\x1b[s123\x1b[uX\n"}), "aX23\n");
  EXPECT_EQ(shown({"one\ntwo\x1b[1;1H\x1b[Jgone\n"}), "gone\n\n");
  EXPECT_EQ(shown({"\x1b[3;2Hx\n"}), "\n\n x\n");
}

TEST(ConsoleText, AClearedScreenBeginsAnewAndForgetsNothing) {
  EXPECT_EQ(shown({"before\n\x1b[2J\x1b[H", "after\n"}), "before\nafter\n");
}

TEST(ConsoleText, TheFullScreenOfAProgramLeavesNothing) {
  EXPECT_EQ(shown({"$ top\n\x1b[?1049h", "load 1\n\x1b[H", "load 2", "\x1b[?1049l", "$ \n"}),
            "$ top\n$ \n");
}

TEST(ConsoleText, ColoursStay) {
  EXPECT_EQ(shown({"\x1b[1;31mred\x1b[0m plain\n"}), "\x1b[1;31mred\x1b[0m plain\n");
  EXPECT_EQ(shown({"\x1b[31mred\n", "still\x1b[0m\n"}),
            "\x1b[31mred\x1b[0m\n\x1b[31mstill\x1b[0m\n");
  EXPECT_EQ(shown({"\x1b[38;5;208mo\x1b[0m\x1b[48;2;1;2;3mb\x1b[0m\n"}),
            "\x1b[38;5;208mo\x1b[0m\x1b[48;2;1;2;3mb\x1b[0m\n");
  EXPECT_EQ(shown({"\x1b[32mgreen\x1b[0m\rGR\n"}), "GR\x1b[32meen\x1b[0m\n");
  EXPECT_EQ(shown({"plain\r\x1b[32mPL\x1b[0m\n"}), "\x1b[32mPL\x1b[0main\n");
}

TEST(ConsoleText, WhatIsNoTextIsNotShown) {
  EXPECT_EQ(shown({"\x1b]0;title\aa\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n"}), "alink\n");
  EXPECT_EQ(shown({"a\x1b(B\x1b[?25l\x1b[?25h\a\n"}), "a\n");
  EXPECT_EQ(shown({"a\x1b", "[3", "1m", "red\x1b[", "m\n"}), "a\x1b[31mred\x1b[m\n");  // in pieces
}

// Half a character would make a server refuse every line that is sent with it.
TEST(ConsoleText, ACharacterBeyondAsciiEndsASequenceAndStaysWhole) {
  EXPECT_EQ(shown({"a\x1b\u00e9\n"}), "a\u00e9\n");
  EXPECT_EQ(shown({"a\x1b(\u65e5b\n"}), "a\u65e5b\n");
  EXPECT_EQ(shown({"a\x1b[3\u00e9K\n"}), "a\u00e9K\n");
  EXPECT_THAT(shown({"a\x1b[" + std::string(300, ';'), "\u65e5\n"}), EndsWith("\u65e5\n"));
  EXPECT_EQ(shown({"a\x1b]0;\u00e9\ab\n"}), "ab\n");
}

TEST(ConsoleText, TabsAndWideCharactersKeepTheirColumns) {
  EXPECT_EQ(shown({"a\tb\n"}), "a\tb\n");
  EXPECT_EQ(shown({"a\tb\rX\n"}), "X       b\n");
  EXPECT_EQ(shown({"日本語\r\x1b[2CX\n"}), "日X 語\n");
  EXPECT_EQ(shown({"e\xCC\x81t\xC3\xA9\rE\n"}), "Et\xC3\xA9\n");
  EXPECT_EQ(shown({"\xE2\x96\x88\xE2\x96\x88..\r\x1b[2C\xE2\x96\x88\n"}),
            "\xE2\x96\x88\xE2\x96\x88\xE2\x96\x88.\n");
}

TEST(ConsoleText, TheStreamsDoNotTearEachOthersLines) {
  OutputLog log;
  log.write(true, 0, " 10%|#   |");
  log.write(false, 0, "epoch 1\n");
  log.write(true, 0, "\r 50%|##  |");
  log.write(false, 0, "epoch 2\n");
  log.write(true, 0, "\r100%|####|\n");
  log.end();
  std::string done, tail;
  log.take(done, tail);
  EXPECT_EQ(done, "100%|####|\nepoch 1\nepoch 2\n");
}

TEST(ConsoleText, ALineLongerThanTheLimitGoesOnInTheNext) {
  const std::string half(ConsoleText::kMaxLineBytes - 1, 'x');
  EXPECT_EQ(shown({half + "\xC3\xA9z\n"}), half + "\n\xC3\xA9z\n");
}

TEST(ConsoleText, ALineTooLongToBeWrittenOverIsAsIfWrapped) {
  const std::string longer(ConsoleText::kMaxEditableBytes + 1, 'x');
  EXPECT_EQ(shown({longer + "\rab\n"}), longer + "\nab\n");
  EXPECT_EQ(shown({longer + "\r\nab\n"}), longer + "\nab\n");
  EXPECT_EQ(shown({longer + "\b\x1b[1Ky\n"}).size(), longer.size() + 3);
}

TEST(ConsoleText, ALineSettlesWhenNoCursorCanReachIt) {
  std::vector<std::uint64_t> settled;
  ConsoleText text([&](ConsoleLine&& line) { settled.push_back(line.number); });
  for (std::uint64_t i = 0; i < ConsoleText::kRows; ++i) text.write(false, 0, "x\n");
  EXPECT_EQ(text.first_open(), 1u);
  text.write(false, 0, "x\n");
  EXPECT_THAT(settled, ElementsAre(0, 1));
  EXPECT_EQ(text.line_count(), ConsoleText::kRows + 1);
}

TEST(ConsoleText, TheLineOfTheCursorStaysOpenHoweverLong) {
  ConsoleText text([](ConsoleLine&&) {});
  text.write(true, 7, "bar 0");
  for (int i = 0; i < 1000; ++i) text.write(false, 0, "x\n");
  EXPECT_EQ(text.first_open(), 0u);
  text.write(true, 0, "\rbar 9");
  ConsoleLine bar;
  text.take_changed([&](ConsoleLine&& line) {
    if (line.number == 0) bar = std::move(line);
  });
  EXPECT_EQ(bar.text, "bar 9");
  EXPECT_TRUE(bar.is_stderr);
  EXPECT_EQ(bar.timestamp_us, 7);
}

TEST(ConsoleText, OnlyWhatChangedIsGivenAgain) {
  ConsoleText text([](ConsoleLine&&) {});
  const auto changed = [&] {
    std::map<std::uint64_t, std::string> lines;
    text.take_changed([&](ConsoleLine&& line) { lines[line.number] = line.text; });
    return lines;
  };
  text.write(false, 0, "one\ntwo\nbar 1");
  EXPECT_EQ(changed().size(), 3u);
  EXPECT_FALSE(text.has_changes());
  text.write(false, 0, "\rbar 2");
  EXPECT_EQ(changed(), (std::map<std::uint64_t, std::string>{{2, "bar 2"}}));
}

TEST(OutputLog, ALineOfBytesThatAreNoCharactersIsWrittenStill) {
  OutputLog log;
  const std::string broken(ConsoleText::kMaxLineBytes * 2 + 10, '\x80');
  log.write_line(0, broken);
  log.end();
  std::string done, tail;
  log.take(done, tail);
  done += tail;
  std::erase(done, '\n');
  EXPECT_EQ(done, broken);
}

TEST(ConsoleText, LinesOfALoggingLibraryStandBetweenThoseOfTheStreams) {
  OutputLog log;
  log.write(false, 0, "open");
  log.write_line(0, "INFO:x:one\ntwo\n");
  log.write_line(0, "three");
  log.write_line(0, "");
  log.write_line(0, std::string(ConsoleText::kMaxLineBytes - 1, 'x') + "\xC3\xA9");
  log.write(false, 0, " closed\n");
  log.end();
  std::string done, tail;
  log.take(done, tail);
  EXPECT_EQ(done, "open closed\nINFO:x:one\ntwo\nthree\n\n" +
                      std::string(ConsoleText::kMaxLineBytes - 1, 'x') + "\n\xC3\xA9\n");
}

TEST(OutputLog, ABarThatOutlivesItsPlaceIsRightInASecondReading) {
  const auto feed = [](OutputLog& log, std::string& file) {
    std::string done, tail;
    log.write(true, 0, "bar 0");
    for (int i = 0; i < 300; ++i) {
      log.write(false, 0, "line " + std::to_string(i) + "\n");
      done.clear();
      log.take(done, tail);
      file += done;
    }
    log.write(true, 0, "\rbar 100\n");
    log.end();
    done.clear();
    log.take(done, tail);
    file += done;
    EXPECT_EQ(tail, "");
  };
  OutputLog first;
  std::string once, twice;
  feed(first, once);
  EXPECT_FALSE(first.is_exact());
  EXPECT_EQ(once.substr(0, 13), "bar 0\nline 0\n");
  OutputLog second(first.late_lines());
  feed(second, twice);
  EXPECT_EQ(twice.substr(0, 15), "bar 100\nline 0\n");
  EXPECT_EQ(twice.substr(twice.size() - 9), "line 299\n");
}

TEST(OutputLog, WhatStandsAndTheRestAreTheWholeAtAnyMoment) {
  OutputLog log;
  std::string file, done, tail, expected;
  for (int i = 0; i < 500; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    log.write(i % 3 == 0, 0, line);
    expected += line;
    if (i % 7 != 0) continue;
    done.clear();
    log.take(done, tail);
    file += done;
    ASSERT_EQ(file + tail, expected);
  }
}

TEST(ConsoleText, AnyBytesAreTakenInBoundedMemory) {
  std::mt19937 random(42);
  const std::string_view pieces[] = {
      "\x1b[", "\x1b]", "A",    "99999",        ";",    "H",    "J", "K",     "m", "31", "\r", "\n",
      "\b",    "\t",    "text", "\xE6\x97\xA5", "\xFF", "\x1b", "h", "?1049", "l", "P",  "@",  "X"};
  std::size_t lines = 0;
  ConsoleText text([&](ConsoleLine&&) { ++lines; });
  for (int i = 0; i < 200'000; ++i) {
    text.write(i % 5 == 0, i, pieces[random() % std::size(pieces)]);
    if (i % 1000 == 0) text.take_changed([](ConsoleLine&&) {});
  }
  text.end();
  EXPECT_EQ(lines, text.line_count());
}

}  // namespace
}  // namespace runstone
