#include "probe/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "base/try.h"

extern "C" char** environ;

namespace runstone::probe {
namespace {

constexpr std::size_t kMaxErrorBytes = 4096;  // the rest of what it complains about is dropped
constexpr int kLookMs = 100;                  // at the clock and at `cancelled`

struct Pipe {
  int read = -1, write = -1;
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(read);
    close_end(write);
  }
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return ::fcntl(read, F_SETFL, O_NONBLOCK) == 0;
  }
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Where a program's name is found; the name itself if it is a path already.
std::string found_in_path(const std::string& name, const std::vector<std::string>& environment) {
  if (name.find('/') != name.npos) return name;
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& variable : environment) {
    if (variable.rfind("PATH=", 0) == 0) path = variable.substr(5);
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/" + name;
    if (end > begin && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return "";
}

// In a group of its own, so that all of it can be killed and Ctrl-C at the terminal does not reach
// it; with the signals of a fresh program.
Result<pid_t> spawn(const ProgramRequest& request, const Pipe& out, const Pipe& error) {
  const std::string program = found_in_path(request.arguments[0], request.environment);
  if (program.empty()) {
    return fail(ErrorCode::kNotFound, "there is no program " + request.arguments[0]);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write, 1);
  posix_spawn_file_actions_adddup2(&actions, error.write, 2);
  posix_spawn_file_actions_addchdir_np(&actions, request.directory.c_str());
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  auto arguments = request.arguments;
  auto variables = request.environment;
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, program.c_str(), &actions, &attributes,
                                 pointers(arguments).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed == 0) return pid;
  return fail(failed == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              arguments[0] + ": " + std::strerror(failed));
}

// Reads a piece of what is there; false at the end of the stream.
bool read_piece(int file, std::string& into, std::size_t max) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(file, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  const std::size_t room = max - std::min(max, into.size());
  into.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  return got > 0;
}

// What a program that has ended left in the pipe. Its end is no end of the stream: a child that
// this process forked meanwhile, or one of the program's own, may hold the other end for ever.
void read_rest(int file, std::string& into, std::size_t max) {
  for (std::size_t before = into.size(); read_piece(file, into, max); before = into.size()) {
    if (into.size() == before) return;
  }
}

bool has_ended(pid_t pid) {
  siginfo_t info = {};
  // Left to be waited for, so that its number is not another's when the group is killed.
  const int answer = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
  return answer != 0 || info.si_pid == pid;
}

}  // namespace

std::vector<std::string> environment_now() {
  std::vector<std::string> variables;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) variables.emplace_back(*at);
  return variables;
}

Result<std::string> run_program(const ProgramRequest& request) {
  Pipe out, error;
  if (!out.open() || !error.open())
    return fail(ErrorCode::kIo, "pipe: " + std::string(std::strerror(errno)));
  RUNSTONE_TRY(const pid_t pid, spawn(request, out, error));
  Pipe::close_end(out.write);
  Pipe::close_end(error.write);

  const std::int64_t deadline_us = system_clock().monotonic_us() + request.timeout_us;
  std::string text, complaint;
  Result<void> stopped;
  bool out_open = true, error_open = true;
  while (out_open || error_open) {
    std::array<pollfd, 2> files = {
        {{out_open ? out.read : -1, POLLIN, 0}, {error_open ? error.read : -1, POLLIN, 0}}};
    ::poll(files.data(), files.size(), kLookMs);
    const bool ended = has_ended(pid);  // asked before the rest is read
    if (files[0].revents != 0) out_open = read_piece(out.read, text, request.output_bytes_max + 1);
    if (files[1].revents != 0) error_open = read_piece(error.read, complaint, kMaxErrorBytes);
    if (ended) {
      read_rest(out.read, text, request.output_bytes_max + 1);
      read_rest(error.read, complaint, kMaxErrorBytes);
      out_open = error_open = false;
    }
    if (text.size() > request.output_bytes_max) {
      stopped = fail(ErrorCode::kResourceExhausted,
                     "more than " + std::to_string(request.output_bytes_max >> 20) + " MiB");
    } else if (system_clock().monotonic_us() > deadline_us) {
      stopped = fail(ErrorCode::kUnavailable,
                     "no end within " + std::to_string(request.timeout_us / 1'000'000) + " s");
    } else if (request.cancelled != nullptr && request.cancelled->load()) {
      stopped = fail(ErrorCode::kUnavailable, "the run has ended first");
    }
    if (!stopped) break;
  }
  ::kill(-pid, SIGKILL);  // or what it has left behind
  int status = 0;
  // A program that waits for all its children may have taken ours: then its end is not known.
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!stopped) return fail(std::move(stopped).error());
  if (status != 0) {
    return fail(ErrorCode::kFailedPrecondition,
                request.arguments[0] + ": " + complaint.substr(0, complaint.find('\n')));
  }
  return text;
}

}  // namespace runstone::probe
