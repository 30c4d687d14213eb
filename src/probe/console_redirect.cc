#include "probe/console_redirect.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "base/start_thread.h"
#include "base/try.h"
#include "fs/fork_generation.h"
#include "fs/per_process.h"

namespace runstone::probe {
namespace {

constexpr auto kDrainPatience = std::chrono::seconds(5);
constexpr int kPipeBytes = 1 << 20;  // if the system allows; a writer waits less often
constexpr std::size_t kReadBytes = 64 * 1024;

Failure failed(const char* what) {
  return fail(errno == EMFILE || errno == ENFILE ? ErrorCode::kResourceExhausted : ErrorCode::kIo,
              std::string(what) + ": " + std::strerror(errno));
}

void close_file(int& file) {
  if (file >= 0) ::close(file);
  file = -1;
}

// All of it, however slow the taker. False once nobody is there to take it.
bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(file, bytes.data(), bytes.size());
    if (done >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno == EAGAIN) {
      pollfd ready{file, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

/// One of the two descriptors.
struct ConsoleRedirect::Channel {
  int target = -1;    // 1 or 2
  int original = -1;  // where it led before
  int read = -1, write = -1;
  struct stat ours = {};  // of the writing end
  bool is_terminal = false;

  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    for (int* file : {&original, &read}) {
      if (*file >= 0) fs::forget_in_forked_child(*file);
      close_file(*file);
    }
    close_file(write);
  }

  Result<void> open(int target_file) {
    target = target_file;
    original = ::fcntl(target, F_DUPFD_CLOEXEC, 3);
    if (original < 0) return failed("dup");
    is_terminal = ::isatty(original) == 1;
    RUNSTONE_TRY(is_terminal ? open_terminal() : open_pipe());
    ::fcntl(read, F_SETFL, ::fcntl(read, F_GETFL) | O_NONBLOCK);
    ::fstat(write, &ours);
    // A forked child must not keep the reading end alive: it would wait for a reader for ever.
    fs::close_in_forked_child(read);
    fs::close_in_forked_child(original);
    return {};
  }
  Result<void> open_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failed("pipe");
    read = ends[0];
    write = ends[1];
    ::fcntl(write, F_SETPIPE_SZ, kPipeBytes);
    return {};
  }
  Result<void> open_terminal() {
    termios modes{};
    winsize size{};
    ::tcgetattr(original, &modes);
    ::ioctl(original, TIOCGWINSZ, &size);
    modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // the real terminal does that
    if (::openpty(&read, &write, nullptr, &modes, &size) != 0) return failed("openpty");
    ::fcntl(read, F_SETFD, FD_CLOEXEC);
    ::fcntl(write, F_SETFD, FD_CLOEXEC);
    return {};
  }
  // A window that was made wider makes the bars of the program wider.
  void follow_size() const {
    winsize size{};
    if (is_terminal && ::ioctl(original, TIOCGWINSZ, &size) == 0) ::ioctl(read, TIOCSWINSZ, &size);
  }
};

struct ConsoleRedirect::Reader {
  Channel channels[2];  // standard output, standard error
  int wake = -1;
  std::uint64_t drains_asked = 0, drains_done = 0;  // with the owner's lock

  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (wake >= 0) fs::forget_in_forked_child(wake);
    close_file(wake);
  }
  void wake_up() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake, &one, sizeof one);
  }
  void run(ConsoleRedirect& owner);
  /// Reads what is there; false if there was nothing.
  bool forward(ConsoleRedirect& owner, Channel& channel);
};

ConsoleRedirect& ConsoleRedirect::of_this_process() {
  static fs::PerProcess<ConsoleRedirect> redirects;
  return redirects.get();
}

Result<std::uint64_t> ConsoleRedirect::add(Take take) {
  const std::scoped_lock lock(mutex_);
  if (!reader_) RUNSTONE_TRY(redirect());
  listeners_.emplace_back(++last_id_, std::move(take));
  return last_id_;
}

Result<void> ConsoleRedirect::redirect() {
  fs::watch_forks();
  auto reader = std::make_shared<Reader>();
  reader->wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (reader->wake < 0) return failed("eventfd");
  fs::close_in_forked_child(reader->wake);
  RUNSTONE_TRY(reader->channels[0].open(STDOUT_FILENO));
  RUNSTONE_TRY(reader->channels[1].open(STDERR_FILENO));
  // SIGPIPE does not reach it, either: write_all() is told by an error.
  RUNSTONE_TRY(auto thread, start_thread([this, reader] { reader->run(*this); }));
  thread.detach();
  std::fflush(stdout);  // what C printed before belongs to nobody's log
  std::fflush(stderr);
  for (Channel& channel : reader->channels) {
    ::dup2(channel.write, channel.target);
    close_file(channel.write);
  }
  reader_ = std::move(reader);
  return {};
}

void ConsoleRedirect::remove(std::uint64_t id) {
  std::fflush(stdout);
  std::fflush(stderr);
  std::unique_lock lock(mutex_);
  const auto is_it = [id](const auto& listener) { return listener.first == id; };
  if (std::none_of(listeners_.begin(), listeners_.end(), is_it)) return;
  const std::shared_ptr<Reader> reader = reader_;
  const bool last = listeners_.size() == 1;
  if (last) restore();
  const std::uint64_t ticket = ++reader->drains_asked;
  reader->wake_up();
  drained_.wait_for(lock, kDrainPatience, [&] { return reader->drains_done >= ticket; });
  listeners_.erase(std::remove_if(listeners_.begin(), listeners_.end(), is_it), listeners_.end());
}

// The program may have put another file there since: that stays.
void ConsoleRedirect::restore() {
  for (const Channel& channel : reader_->channels) {
    struct stat now = {};
    const bool is_ours = ::fstat(channel.target, &now) == 0 && now.st_dev == channel.ours.st_dev &&
                         now.st_ino == channel.ours.st_ino;
    if (is_ours) ::dup2(channel.original, channel.target);
  }
  reader_.reset();
}

void ConsoleRedirect::Reader::run(ConsoleRedirect& owner) {
  while (channels[0].read >= 0 || channels[1].read >= 0) {
    std::array<pollfd, 3> files = {
        {{channels[0].read, POLLIN, 0}, {channels[1].read, POLLIN, 0}, {wake, POLLIN, 0}}};
    ::poll(files.data(), files.size(), -1);
    std::uint64_t asked = 0;
    {
      const std::scoped_lock lock(owner.mutex_);
      asked = drains_asked;
    }
    std::uint64_t ignored = 0;
    while (::read(wake, &ignored, sizeof ignored) > 0) {
    }
    if (asked == drains_done) {
      forward(owner, channels[0]);
      forward(owner, channels[1]);
      continue;
    }
    for (Channel& channel : channels) {
      while (forward(owner, channel)) {
      }
    }
    const std::scoped_lock lock(owner.mutex_);
    drains_done = asked;
    owner.drained_.notify_all();
  }
  const std::scoped_lock lock(owner.mutex_);
  drains_done = ~std::uint64_t{0};
  owner.drained_.notify_all();
}

bool ConsoleRedirect::Reader::forward(ConsoleRedirect& owner, Channel& channel) {
  if (channel.read < 0) return false;
  std::array<char, kReadBytes> buffer;
  const ssize_t got = ::read(channel.read, buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  const std::string_view bytes(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  // The end, or nobody reads our reader any more: then the program must learn it as it would
  // without us, by SIGPIPE.
  if (bytes.empty() || !write_all(channel.original, bytes)) {
    fs::forget_in_forked_child(channel.read);
    close_file(channel.read);
  }
  channel.follow_size();
  if (bytes.empty()) return false;
  const std::scoped_lock lock(owner.mutex_);
  for (const auto& [id, take] : owner.listeners_) take(channel.target == STDERR_FILENO, bytes);
  return true;
}

}  // namespace runstone::probe
