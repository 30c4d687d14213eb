#include "probe/console_redirect.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include <gmock/gmock.h>

namespace runstone::probe {
namespace {

/// Runs `body` in a process whose standard output is a pipe, and gives what came out of it.
template <typename Body>
std::string output_of(const Body& body) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::_exit(body());
  }
  ::close(ends[1]);
  std::string text;
  char buffer[65536];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return text;
}

void write_text(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0) ::_exit(99);
    text.remove_prefix(static_cast<std::size_t>(done));
  }
}

TEST(ConsoleRedirect, SeesEverythingAndGivesItOn) {
  const std::string shown = output_of([] {
    std::string seen;
    auto& redirect = ConsoleRedirect::of_this_process();
    const auto id = redirect.add([&](bool is_stderr, std::string_view bytes) {
      if (!is_stderr) seen += bytes;
    });
    if (!id) return 1;
    std::puts("by the C library");
    write_text("by the descriptor\n");
    if (std::system("echo by a child") != 0) return 2;
    redirect.remove(*id);
    return seen == "by the descriptor\nby a child\nby the C library\n" ? 0 : 3;
  });
  EXPECT_EQ(shown, "by the descriptor\nby a child\nby the C library\n");
}

TEST(ConsoleRedirect, NothingIsLostOfAFloodWhileTheReaderIsSlow) {
  constexpr int kLines = 200'000;
  const std::string shown = output_of([] {
    std::size_t seen = 0;
    auto& redirect = ConsoleRedirect::of_this_process();
    const auto id = redirect.add([&](bool, std::string_view bytes) {
      seen += bytes.size();
      if (seen % 7 == 0) std::this_thread::yield();
    });
    const std::string line(99, 'x');
    for (int i = 0; i < kLines; ++i) write_text(line + "\n");
    redirect.remove(*id);
    return seen == std::size_t{kLines} * 100 ? 0 : 3;
  });
  EXPECT_EQ(shown.size(), std::size_t{kLines} * 100);
}

TEST(ConsoleRedirect, AFileThatTheProgramHasPutThereStays) {
  const std::string shown = output_of([] {
    auto& redirect = ConsoleRedirect::of_this_process();
    const auto id = redirect.add([](bool, std::string_view) {});
    write_text("before\n");
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDOUT_FILENO);
    redirect.remove(*id);
    write_text("into nothing, as the program wants it\n");
    return 0;
  });
  EXPECT_EQ(shown, "before\n");
}

TEST(ConsoleRedirect, CanBeDoneAgain) {
  const std::string shown = output_of([] {
    auto& redirect = ConsoleRedirect::of_this_process();
    for (int i = 0; i < 20; ++i) {
      std::string seen;
      const auto id = redirect.add([&](bool, std::string_view bytes) { seen += bytes; });
      write_text("x");
      redirect.remove(*id);
      if (seen != "x") return 1;
      write_text(".");
    }
    return 0;
  });
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += "x.";
  EXPECT_EQ(shown, expected);
}

TEST(ConsoleRedirect, ForkedChildrenWriteToTheirParentsReader) {
  const std::string shown = output_of([] {
    std::string seen;
    auto& redirect = ConsoleRedirect::of_this_process();
    const auto id = redirect.add([&](bool, std::string_view bytes) { seen += bytes; });
    for (int i = 0; i < 10; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        write_text("c");
        ::_exit(0);
      }
      ::waitpid(child, nullptr, 0);
    }
    redirect.remove(*id);
    return seen == "cccccccccc" ? 0 : 1;
  });
  EXPECT_EQ(shown, "cccccccccc");
}

TEST(ConsoleRedirect, WritersInManyThreadsAreHeldUpByNobodyWhoLeaves) {
  output_of([] {
    auto& redirect = ConsoleRedirect::of_this_process();
    std::atomic<bool> stop{false};
    std::thread writer([&] {
      while (!stop) write_text("some text of a thread that knows nothing of runs\n");
    });
    for (int i = 0; i < 50; ++i) {
      const auto id = redirect.add([](bool, std::string_view) {});
      redirect.remove(*id);
    }
    stop = true;
    writer.join();
    return 0;
  });
}

}  // namespace
}  // namespace runstone::probe
